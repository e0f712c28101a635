/** Keys that make a repeated request harmless: the same text gets the same key until it has been done. */
import { useRef } from "preact/hooks";

export interface OnceKey {
  /** The `Idempotency-Key` header for a request with this body. */
  headersFor(body: string): Readonly<Record<string, string>>;
  /** The request was done: the next one like it is another one. */
  forget(): void;
}

export function useOnceKey(): OnceKey {
  const last = useRef<{ readonly body: string; readonly key: string } | undefined>(undefined);
  return {
    headersFor(body) {
      if (last.current?.body !== body) last.current = { body, key: crypto.randomUUID() };
      return { "idempotency-key": last.current.key };
    },
    forget() {
      last.current = undefined;
    },
  };
}
