/** What the compiled server says of itself when it starts. */
import { afterAll, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Appliance, startAppliance } from "../helpers/appliance.ts";
import { createTempFolder } from "../helpers/temp-folder.ts";
import { waitFor } from "../helpers/wait-for.ts";

const stack = new AsyncDisposableStack();
afterAll(() => stack.disposeAsync());

interface Line {
  readonly level: string;
  readonly message: string;
  readonly problem?: string;
  readonly ports?: string;
}

/** The log's lines up to the one that says that it serves. */
async function startLines(
  keys: string | undefined,
): Promise<{ server: Appliance; lines: readonly Line[] }> {
  const folder = createTempFolder(stack);
  const keyFile = join(folder, "keys.json");
  if (keys !== undefined) writeFileSync(keyFile, keys);
  const env: Record<string, string> = keys === undefined ? {} : { JWT_JWKS_FILE: keyFile };
  const server = await startAppliance(stack, { folder, env, until: "up" });
  const lines = await waitFor("the server to say that it serves", async () => {
    const texts = server.program().output().split("\n");
    const found = texts
      .filter((text) => text.startsWith("{"))
      .map((text) => JSON.parse(text) as Line);
    return found.some(({ message }) => message === "serving") && found;
  });
  return { server, lines };
}

describe("a starting server", () => {
  test.each([
    ["no key source", undefined, "no key source is configured"],
    ["a source without keys", "[]", "no source has given a usable key"],
    ["a source that cannot be read", "[", "not JSON"],
  ])("warns of %s", async (_, keys, problem) => {
    const { lines } = await startLines(keys);
    const warning = lines.find(({ message }) => message.startsWith("no token can be valid"));
    expect(warning).toMatchObject({ level: "warn", problem: expect.stringContaining(problem) });
  });

  test("says nothing of the kind with a key, and names the ports that it has", async () => {
    const { server, lines } = await startLines(
      JSON.stringify([{ kid: "a", secret: "s".repeat(64) }]),
    );
    expect(lines.filter(({ level }) => level === "warn")).toEqual([]);
    const serving = lines.find(({ message }) => message === "serving");
    expect(serving?.ports).toBe(`${server.port},${server.adminPort}`);
  });
});
