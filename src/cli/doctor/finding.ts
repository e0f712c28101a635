/** What the doctor says of one thing: how it is, and what to do about it. */

export type Grade = "ok" | "warn" | "fail";

export interface Finding {
  readonly grade: Grade;
  /** What was looked at: `keys`, `data folder`. */
  readonly what: string;
  readonly text: string;
  /** What to do; there unless all is well. */
  readonly advice?: string;
}

export function well(what: string, text: string): Finding {
  return { grade: "ok", what, text };
}

export function doubtful(what: string, text: string, advice: string): Finding {
  return { grade: "warn", what, text, advice };
}

export function wrong(what: string, text: string, advice: string): Finding {
  return { grade: "fail", what, text, advice };
}
