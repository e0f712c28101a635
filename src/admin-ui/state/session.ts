/** Who is logged in, and what waits while nobody is. */
import { type ReadonlySignal, signal } from "@preact/signals";
import type { Me } from "../api/types.ts";

export interface Session {
  /** `undefined` until it is known, `null` while nobody is logged in. */
  readonly me: ReadonlySignal<Me | null | undefined>;
  /** The name whose session ended while the page was open; the password is asked for over the screen. */
  readonly ended: ReadonlySignal<string | undefined>;
  /** How many have begun here. */
  count(): number;
  /** Somebody is logged in: what waited goes on. */
  begin(me: Me): void;
  /** Nobody is, by intention or from the start. */
  leave(): void;
  /** Notes that the session has ended and waits for the next one. */
  waitForLogin(): Promise<void>;
}

export function createSession(onOtherPerson: () => void): Session {
  const me = signal<Me | null | undefined>(undefined);
  const ended = signal<string | undefined>(undefined);
  let waiting: (() => void)[] = [];
  let count = 0;
  return {
    me,
    ended,
    count: () => count,
    begin(next) {
      count += 1;
      const former = ended.value;
      ended.value = undefined;
      me.value = next;
      const going = waiting;
      waiting = [];
      // Somebody else's half-typed revocation is not carried out in another name.
      if (former !== undefined && former !== next.name) return onOtherPerson();
      for (const go of going) go();
    },
    leave() {
      me.value = null;
      ended.value = undefined;
      waiting = [];
    },
    waitForLogin() {
      if (me.value === null || me.value === undefined) me.value = null;
      else ended.value = me.value.name;
      return new Promise((resolve) => waiting.push(resolve));
    },
  };
}
