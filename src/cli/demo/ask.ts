/** One request through the demonstration, and what its upstream was told. */
import { request } from "node:http";

/** The fields that the upstream got, by lower-case name; the values of a repeated one in order. */
export interface Shown {
  readonly status: number;
  readonly fields: ReadonlyMap<string, readonly string[]>;
}

/** Sends a GET; `fields` may hold anything a client could send. */
export function ask(
  url: string,
  token: string | undefined,
  fields: Readonly<Record<string, string>> = {},
): Promise<Shown> {
  const { promise, resolve, reject } = Promise.withResolvers<Shown>();
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const outgoing = request(url, { headers: { ...authorization, ...fields }, agent: false });
  outgoing.setTimeout(5000, () => outgoing.destroy(new Error("no answer within 5 s")));
  outgoing.on("error", reject);
  outgoing.on("response", (response) => {
    const chunks: Buffer[] = [];
    response.on("data", (chunk: Buffer) => chunks.push(chunk));
    response.on("error", reject);
    response.on("end", () => {
      const text = Buffer.concat(chunks).toString("utf8");
      resolve({ status: response.statusCode ?? 0, fields: toFields(text) });
    });
  });
  outgoing.end();
  return promise;
}

/** The one value of a field; undefined when it is not there, "…" between values when it is there twice. */
export function fieldOf(shown: Shown, name: string): string | undefined {
  return shown.fields.get(name)?.join(" … ");
}

function toFields(text: string): Map<string, string[]> {
  const fields = new Map<string, string[]>();
  for (const line of text.split("\n").slice(1)) {
    const colon = line.indexOf(": ");
    if (colon < 0) continue;
    const name = line.slice(0, colon).toLowerCase();
    fields.set(name, [...(fields.get(name) ?? []), line.slice(colon + 2)]);
  }
  return fields;
}
