/** Writes JSON answers; texts that are JSON already are put in as they are, numbers in them exact. */

/** A JSON answer. Members that are undefined are left out. */
export function json(body: object, init: ResponseInit = {}): Response {
  return withJson(JSON.stringify(body), init);
}

/** A member's value that is JSON text already. */
export class RawJson {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** An object's JSON text in which some members are JSON texts already. */
export function toJsonText(members: Readonly<Record<string, unknown>>): string {
  const written: string[] = [];
  for (const [name, value] of Object.entries(members)) {
    if (value === undefined) continue;
    const text = value instanceof RawJson ? value.text : JSON.stringify(value);
    written.push(`${JSON.stringify(name)}:${text}`);
  }
  return `{${written.join(",")}}`;
}

export function withJson(text: string, init: ResponseInit = {}): Response {
  const headers = new Headers(init.headers);
  headers.set("content-type", "application/json");
  return new Response(text, { ...init, headers });
}
