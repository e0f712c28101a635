/** Writes JSON lines to stdout: when, how grave, what happened, and plain facts. Never a token, claim or secret. */

export type LogLevel = "debug" | "info" | "warn" | "error";
export type LogFacts = Readonly<Record<string, string | number | boolean | undefined>>;

export interface Log {
  readonly debug: (message: string, facts?: LogFacts) => void;
  readonly info: (message: string, facts?: LogFacts) => void;
  readonly warn: (message: string, facts?: LogFacts) => void;
  readonly error: (message: string, facts?: LogFacts) => void;
  /** Whether a line of this level would be written: gathering its facts may cost something. */
  readonly isOn: (level: LogLevel) => boolean;
}

const ORDER: readonly LogLevel[] = ["debug", "info", "warn", "error"];

/**
 * Makes a log.
 *
 * @param least asked at each line, so that it can change while running
 * @param write takes one line, its line break included
 */
export function createLog(least: () => LogLevel, write: (line: string) => void): Log {
  const isOn = (level: LogLevel) => ORDER.indexOf(level) >= ORDER.indexOf(least());
  const at =
    (level: LogLevel) =>
    (message: string, facts: LogFacts = {}) => {
      if (!isOn(level)) return;
      const time = new Date().toISOString();
      write(`${JSON.stringify({ time, level, message, ...facts })}\n`);
    };
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error"), isOn };
}

/**
 * A log whose lines also carry facts of the moment in which they are written, such as the request they
 * belong to; a line's own facts stay where both have one.
 */
export function withFacts(log: Log, present: () => LogFacts): Log {
  const at =
    (level: LogLevel) =>
    (message: string, facts: LogFacts = {}) => {
      if (log.isOn(level)) log[level](message, { ...present(), ...facts });
    };
  return { ...log, debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

/** What may be said of an error in a log: its kind and code, not its text, which could quote input. */
export function describeError(error: unknown): LogFacts {
  if (!(error instanceof Error)) return { error: typeof error };
  const code = "code" in error ? String(error.code) : undefined;
  // The stack's own lines name places in the program; its head repeats the message.
  const stack = error.stack?.split("\n").filter((line) => /^\s+at /.test(line));
  return { error: error.name, code, at: stack?.slice(0, 4).join(" ").replaceAll(/\s+/g, " ") };
}
