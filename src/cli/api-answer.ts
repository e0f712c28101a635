/** Reads what the admin API answers to a command. */
import { AppError, type AppErrorCode } from "../core/app-error.ts";

const CODES: ReadonlyMap<number, AppErrorCode> = new Map([
  [401, "unauthenticated"],
  [403, "forbidden"],
  [404, "not_found"],
  [409, "conflict"],
  [412, "conflict"],
  [413, "too_large"],
  [503, "unavailable"],
  [504, "unknown"],
]);

/** The answer's text as it came. @throws AppError with the problem's own words */
export async function textOf(response: Response): Promise<string> {
  const text = await response.text();
  if (response.ok) return text;
  throw toAppError(response.status, text);
}

/** The answer as members by name. @throws AppError */
export async function membersOf(response: Response): Promise<Members> {
  return parseMembers(await textOf(response));
}

/** A JSON object's members; what is not there, or of another kind than asked for, is nothing. */
export class Members {
  readonly #members: ReadonlyMap<string, unknown>;

  constructor(value: unknown) {
    this.#members = new Map(
      typeof value === "object" && value !== null ? Object.entries(value) : [],
    );
  }

  text(name: string): string | undefined {
    const value = this.#members.get(name);
    return typeof value === "string" ? value : undefined;
  }

  number(name: string): number | undefined {
    const value = this.#members.get(name);
    return typeof value === "number" ? value : undefined;
  }

  flag(name: string): boolean {
    return this.#members.get(name) === true;
  }

  has(name: string): boolean {
    return this.#members.has(name);
  }

  /** All of them, as they came. */
  all(): object {
    return Object.fromEntries(this.#members);
  }

  object(name: string): Members {
    return new Members(this.#members.get(name));
  }

  list(name: string): readonly Members[] {
    return this.texts(name, (value) => new Members(value));
  }

  texts(name: string): readonly string[];
  texts<T>(name: string, map: (value: unknown) => T): readonly T[];
  texts(name: string, map: (value: unknown) => unknown = String): readonly unknown[] {
    const value: unknown = this.#members.get(name);
    return Array.isArray(value) ? value.map((item: unknown) => map(item)) : [];
  }
}

/** Reads a JSON object. @throws AppError unavailable where it is none */
export function parseMembers(text: string): Members {
  try {
    return new Members(JSON.parse(text));
  } catch (cause) {
    throw new AppError("unavailable", "The server's answer cannot be read", { cause });
  }
}

function toAppError(status: number, text: string): AppError {
  const members = parseProblem(text);
  const title = members.text("title") ?? `The server answered ${status}`;
  const detail = members.text("detail");
  const path = members.text("path");
  const expected = members.text("expected");
  const message = detail === undefined ? title : `${title}. ${detail}`;
  return new AppError(CODES.get(status) ?? "invalid", message, {
    ...(path === undefined ? {} : { path }),
    ...(expected === undefined || message.includes(expected) ? {} : { expected }),
  });
}

function parseProblem(text: string): Members {
  try {
    return new Members(JSON.parse(text));
  } catch {
    return new Members(undefined);
  }
}
