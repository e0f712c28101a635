/** Writes request bodies; texts that are JSON already go in as they are. */

/** JSON text that goes into a body as it is. */
export class RawText {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** A JSON object; undefined members are left out. */
export function toBody(members: Readonly<Record<string, unknown>>): string {
  const written = Object.entries(members)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => {
      const text = value instanceof RawText ? value.text : JSON.stringify(value);
      return `${JSON.stringify(name)}:${text}`;
    });
  return `{${written.join(",")}}`;
}
