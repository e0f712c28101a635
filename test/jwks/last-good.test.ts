import { afterAll, describe, expect, test } from "bun:test";
import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createLastGoodStore } from "../../src/jwks/last-good.ts";
import { createTempFolder } from "../helpers/temp-folder.ts";

const stack = new AsyncDisposableStack();
afterAll(() => stack.disposeAsync());

function setUp() {
  const folder = join(createTempFolder(stack), "keys");
  return { folder, store: createLastGoodStore(folder) };
}

const GOOD = { text: '[{"kid":"a"}]', fetchedAtSeconds: 1_700_000_000.25 };

describe("createLastGoodStore", () => {
  test("gives back what it was given, each source its own", async () => {
    const { store } = setUp();
    await store.write("https://a", GOOD);
    await store.write("https://b", { ...GOOD, text: "[]" });
    expect(await store.read("https://a")).toEqual(GOOD);
    expect(await store.read("https://b")).toEqual({ ...GOOD, text: "[]" });
    expect(await store.read("https://c")).toBeUndefined();
  });

  test("keeps secrets to its owner, and leaves no drafts", async () => {
    const { folder, store } = setUp();
    await store.write("https://user:pass@a/", GOOD);
    await store.write("https://user:pass@a/", GOOD);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    const [name = "", ...others] = readdirSync(folder);
    expect(others).toEqual([]);
    expect(name).toMatch(/^[0-9a-f]{64}\.json$/);
    expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
  });

  test("survives two writers of one name", async () => {
    const { folder, store } = setUp();
    const texts = Array.from({ length: 20 }, (_, at) => `${at}`.repeat(50_000));
    await Promise.all(texts.map((text) => store.write("a", { ...GOOD, text })));
    expect(texts).toContain((await store.read("a"))?.text ?? "nothing");
    expect(readdirSync(folder)).toHaveLength(1);
  });

  test.each([
    ["cut off", (text: string) => text.slice(0, -5)],
    ["empty", () => ""],
    ["of another source", (text: string) => text.replace('"a"', '"b"')],
    ["without a time", (text: string) => text.replace(/,"fetchedAtSeconds":[0-9.]+/, "")],
    ["with a time that is none", (text: string) => text.replace(/:1700000000.25/, ':"soon"')],
    ["with a time that is null", (text: string) => text.replace(/:1700000000.25/, ":null")],
    ["without a text", (text: string) => text.replace('"text"', '"test"')],
    ["something else", () => "null"],
    ["a list", () => "[]"],
  ])("takes a file for nothing that is %s", async (_, change) => {
    const { folder, store } = setUp();
    await store.write("a", GOOD);
    const path = join(folder, readdirSync(folder)[0] ?? "");
    const text = readFileSync(path, "utf8");
    writeFileSync(path, change(text));
    expect(await store.read("a")).toBeUndefined();
    writeFileSync(path, text);
    expect(await store.read("a")).toEqual(GOOD);
  });

  test("rejects where it cannot write", async () => {
    const { folder } = setUp();
    writeFileSync(folder, "a file in the folder's place");
    chmodSync(folder, 0o600);
    const store = createLastGoodStore(folder);
    expect(store.write("a", GOOD)).rejects.toThrow();
    expect(await store.read("a")).toBeUndefined();
  });
});
