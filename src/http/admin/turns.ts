/** Lets few pieces of heavy work run at a time, the others in the order they came. */

export interface TurnLimits {
  readonly atOnce: number;
  /** How many more may wait for their turn. */
  readonly maxWaiting: number;
}

/** Runs the work when its turn has come; undefined where too many are waiting already. */
export type TakeTurn = <T>(work: () => Promise<T>) => Promise<T> | undefined;

export function createTurns({ atOnce, maxWaiting }: TurnLimits): TakeTurn {
  const waiting: (() => void)[] = [];
  let running = 0;
  const run = async <T>(work: () => Promise<T>): Promise<T> => {
    if (running >= atOnce) {
      const turn = Promise.withResolvers<void>();
      waiting.push(turn.resolve);
      await turn.promise;
    } else {
      running += 1;
    }
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  };
  return (work) => (running >= atOnce && waiting.length >= maxWaiting ? undefined : run(work));
}
