/** Lets waiting judgements go first; awaited between pieces of long work. */
export function pause(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
