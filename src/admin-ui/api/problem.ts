/** A request that did not do what it was for: the server's refusal (RFC 9457), or no answer at all. */

/** `status` 0: the server could not be reached. */
export class ApiProblem extends Error {
  override readonly name = "ApiProblem";
  readonly status: number;
  readonly detail: string | undefined;
  /** JSON Pointer to the member of the request that was wrong. */
  readonly path: string | undefined;
  readonly expected: string | undefined;

  constructor(
    status: number,
    title: string,
    more: { readonly detail?: string; readonly path?: string; readonly expected?: string } = {},
  ) {
    super(title);
    this.status = status;
    this.detail = more.detail;
    this.path = more.path;
    this.expected = more.expected;
  }
}

/** Turns whatever was thrown into a problem that can be shown. */
export function toProblem(error: unknown): ApiProblem {
  if (error instanceof ApiProblem) return error;
  return new ApiProblem(-1, "This page failed", {
    detail: "Reload it. Nothing was changed by this.",
  });
}

/** What a field says that the server refused: why, where it says so, and what it expects. */
export function toFieldWords({ message, expected }: ApiProblem): string {
  if (expected === undefined) return message;
  // What the server answers where what it expects is all there is to say.
  return message === "A member is not right" ? expected : `${message}. Expected: ${expected}.`;
}

/** Reads a problem from an answer's text; one that is none (a proxy's page) is told by its status. */
export function parseProblem(status: number, text: string): ApiProblem {
  const value = parseRecord(text);
  const word = (name: string) => {
    const member = value.get(name);
    return typeof member === "string" ? { [name]: member } : {};
  };
  const title = value.get("title");
  return new ApiProblem(
    status,
    typeof title === "string" ? title : `The server answered ${status}`,
    { ...word("detail"), ...word("path"), ...word("expected") },
  );
}

function parseRecord(text: string): ReadonlyMap<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return new Map(typeof value === "object" && value !== null ? Object.entries(value) : []);
  } catch {
    return new Map();
  }
}
