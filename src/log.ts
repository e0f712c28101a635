/** Writes JSON lines to stdout: when, how grave, what happened, and plain facts. Never a token, claim or secret. */

export type LogLevel = "debug" | "info" | "warn" | "error";
export type LogFacts = Readonly<Record<string, string | number | boolean | undefined>>;

export interface Log {
  readonly debug: (message: string, facts?: LogFacts) => void;
  readonly info: (message: string, facts?: LogFacts) => void;
  readonly warn: (message: string, facts?: LogFacts) => void;
  readonly error: (message: string, facts?: LogFacts) => void;
}

const ORDER: readonly LogLevel[] = ["debug", "info", "warn", "error"];

/**
 * Makes a log.
 *
 * @param least asked at each line, so that it can change while running
 * @param write takes one line, its line break included
 */
export function createLog(least: () => LogLevel, write: (line: string) => void): Log {
  const at =
    (level: LogLevel) =>
    (message: string, facts: LogFacts = {}) => {
      if (ORDER.indexOf(level) < ORDER.indexOf(least())) return;
      const time = new Date().toISOString();
      write(`${JSON.stringify({ time, level, message, ...facts })}\n`);
    };
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

/** What may be said of an error in a log: its kind and code, not its text, which could quote input. */
export function describeError(error: unknown): LogFacts {
  if (!(error instanceof Error)) return { error: typeof error };
  const code = "code" in error ? String(error.code) : undefined;
  // The stack's own lines name places in the program; its head repeats the message.
  const stack = error.stack?.split("\n").filter((line) => /^\s+at /.test(line));
  return { error: error.name, code, at: stack?.slice(0, 4).join(" ").replaceAll(/\s+/g, " ") };
}
