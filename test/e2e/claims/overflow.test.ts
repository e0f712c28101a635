/** A buffer without room for what a token says: all of it is delivered or nothing (P10). The shipped reserve has room. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type Answer, identityOf } from "../../helpers/answer.ts";
import { encrypt } from "../../helpers/decryption-keys.ts";
import { type Edge, startEdge } from "../../helpers/edge.ts";
import { expectRefused, expectValid } from "../../helpers/expect-verdict.ts";
import { mint } from "../../helpers/mint.ts";
import {
  askRouted,
  type Route,
  waitUntilRemembering,
  writeRoutedConfig,
} from "../../helpers/routes.ts";
import { claims, createKeys } from "../../helpers/tokens.ts";

const keys = createKeys();
// Between the first header that has no room and the last: all but the claims' take less together.
const SMALL_HEADERS = 220;
// With a larger one beside the token, HAProxy takes no request at all.
const LARGEST = 25_000;
const SIGHT = 8000;

/** Claims that are as long each time. */
function text(): string {
  return JSON.stringify(claims({ pad: "p".repeat(4000) }));
}

type Make = (text: string) => string | Promise<string>;

const makeJws: Make = (of) => mint(keys.hs, of);

const KINDS: readonly {
  readonly kind: string;
  readonly make: Make;
  /** How a known one is answered, and how its request ends where there is no room. */
  readonly known: Route;
  readonly ends: readonly string[];
}[] = [
  // HAProxy's own rules write what was looked up, and end a request that they cannot write.
  { kind: "a JWS", make: makeJws, known: "look-up", ends: ["500"] },
  { kind: "a JWE", make: (of) => encrypt(keys.dir, of), known: "memory", ends: ["too_large"] },
];

/** What came of a request: "valid" with all that belongs to it, a refusal's detail alone, or a status. */
function outcomeOf(answer: Answer, token: string, body: string): string {
  if (answer.delivered === undefined) return String(answer.status);
  if (identityOf(answer).valid !== "1") return expectRefused(answer, {}, token).detail ?? "";
  expect(expectValid(answer, body)).toMatchObject({ legacy: "1", detail: undefined });
  return "valid";
}

/** Asks about a token of its own, beside another header of so many bytes. */
async function askOnce(edge: Edge, make: Make, size: number): Promise<string> {
  const body = text();
  const token = await make(body);
  return outcomeOf(await edge.ask(token, [`x-other: ${"o".repeat(size)}`]), token, body);
}

describe("claims that do not fit into the request", () => {
  const stack = new AsyncDisposableStack();
  let edge: Edge;
  let tight: Edge;
  beforeAll(async () => {
    const plain = await startEdge(stack, { keys });
    const withReserve = (bytes: number) =>
      plain.beside({
        config: writeRoutedConfig(plain.folder, "haproxy.cfg", [
          ["tune.maxrewrite 12288", `tune.maxrewrite ${bytes}`],
        ]),
        threads: 1,
      });
    edge = await withReserve(1024);
    tight = await withReserve(16);
    await waitUntilRemembering(edge, mint(keys.rs, claims()));
  });
  afterAll(() => stack.disposeAsync());

  describe.each([...KINDS])("of $kind", ({ make, known, ends }) => {
    const askNew = (size: number): Promise<string> => askOnce(edge, make, size);

    /** The size of another header with which a new token is still accepted, and with a byte more is not. */
    const findEdge = async (): Promise<number> => {
      let [fits, overflows] = [0, 32_768];
      expect(await askNew(fits)).toBe("valid");
      while (overflows - fits > 1) {
        const size = Math.floor((fits + overflows) / 2);
        if ((await askNew(size)) === "valid") fits = size;
        else overflows = size;
      }
      return fits;
    };

    test("arrive whole, or are refused with nothing of them: a new token", async () => {
      const fits = await findEdge();
      const outcomes = new Set<string>();
      for (let more = 1; more < SMALL_HEADERS; more++) outcomes.add(await askNew(fits + more));
      for (let size = fits; size < LARGEST; size += 331) outcomes.add(await askNew(size));
      outcomes.delete("valid");
      expect([...outcomes]).toEqual(["too_large"]);
      expect(await askNew(fits)).toBe("valid");
    });

    test("arrive whole, or are refused with nothing of them: a known token", async () => {
      const fits = await findEdge();
      const body = text();
      const token = await make(body);
      expect(outcomeOf(await edge.ask(token), token, body)).toBe("valid");
      const askKnown = async (size: number): Promise<string> => {
        const { answer, route } = await askRouted(edge, token, [`x-other: ${"o".repeat(size)}`]);
        if (answer.delivered !== undefined) expect(route).toBe(known);
        return outcomeOf(answer, token, body);
      };
      const outcomes = new Set<string>();
      for (let more = -SMALL_HEADERS; more < SMALL_HEADERS; more++) {
        outcomes.add(await askKnown(fits + more));
      }
      for (let size = fits; size < LARGEST; size += 331) outcomes.add(await askKnown(size));
      expect([...outcomes]).toEqual(["valid", ...ends]);
      expect(await askKnown(0)).toBe("valid");
    });
  });

  test("end the request where not even the refusal fits", async () => {
    const outcomes = new Set<string>();
    // In sight of what HAProxy does not take any more: 400, from 3.2 on 431.
    const isOver = () => outcomes.has("400") || outcomes.has("431");
    for (let size = LARGEST; size < LARGEST + SIGHT && !isOver(); size += 5) {
      outcomes.add(await askOnce(tight, makeJws, size));
    }
    expect([...outcomes]).toEqual(["too_large", "503", expect.stringMatching(/^4(00|31)$/)]);
    expect(await askOnce(tight, makeJws, 0)).toBe("valid");
  });
});
