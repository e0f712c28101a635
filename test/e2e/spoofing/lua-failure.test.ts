import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { type Answer, identityOf } from "../../helpers/answer.ts";
import {
  FATAL_INJECTIONS,
  HALFWAY_INJECTIONS,
  INJECTED_HEADER,
  LATE_INJECTION,
  TELL_INJECTION,
  writeBrokenLua,
  writeChangedConfig,
} from "../../helpers/broken-lua.ts";
import { type Edge, startEdge } from "../../helpers/edge.ts";
import { expectValid } from "../../helpers/expect-verdict.ts";
import { exchangeH2 } from "../../helpers/h2-client.ts";
import { haproxyVersion } from "../../helpers/haproxy-version.ts";
import { takeMessage } from "../../helpers/http-message.ts";
import { mint } from "../../helpers/mint.ts";
import { toRequest } from "../../helpers/raw-client.ts";
import { SPOOFED_NAMES } from "../../helpers/spoofed-names.ts";
import { claims, createKeys } from "../../helpers/tokens.ts";
import { waitFor } from "../../helpers/wait-for.ts";

const keys = createKeys();
const CANARY = "spoofed-by-client";
const GROUP = 30;
// Lua has half a second. From 3.0 on only the time in which it runs is counted, which is longer on a busy machine.
const LIMIT_MS = haproxyVersion() >= 300 ? 3000 : 1500;
type Fields = readonly (readonly [name: string, value: string])[];

/** All spellings, in requests of thirty: a loop costs its whole time limit each. */
function inGroups(names: readonly string[]): Fields[] {
  return Array.from({ length: Math.ceil(names.length / GROUP) }, (_, i) =>
    names.slice(i * GROUP, (i + 1) * GROUP).map((name) => [name, CANARY] as const),
  );
}

const good = mint(keys.rs, claims());
const SITUATIONS: readonly (readonly [name: string, token: Fields, isGood: boolean])[] = [
  ["with a valid token", [["authorization", `Bearer ${good}`]], true],
  ["with a forged token", [["authorization", `Bearer ${good.slice(0, -8)}AAAAAAAA`]], false],
  ["without a token", [], false],
];

describe("Lua that fails", () => {
  const stack = new AsyncDisposableStack();
  let edge: Edge;
  beforeAll(async () => {
    const plain = await startEdge(stack, { keys, mayLogLuaErrors: true });
    const config = writeChangedConfig(plain.folder, "haproxy.cfg", [
      // The shipped limit is for machines with more memory than a test should take.
      [/tune\.lua\.maxmem \d+/, "tune.lua.maxmem 100"],
      ["  default_backend upstream\n", `  ${TELL_INJECTION}\n  default_backend upstream\n`],
    ]);
    edge = await plain.beside({
      config,
      // Memory is counted for all threads together: what one has run out of, another could not give back.
      threads: 1,
      luaDir: writeBrokenLua(plain.folder),
      // What is remembered needs no action, which could then not fail.
      haproxyEnv: { JWT_CACHE_TTL: "0" },
    });
  });
  beforeEach(() => edge.upstream.clear());
  afterAll(() => stack.disposeAsync());

  /** Over HTTP/1, in every spelling. */
  const askAll = async (lines: Fields): Promise<Answer[]> => {
    const answers: Answer[] = [];
    for (const group of inGroups(SPOOFED_NAMES)) {
      const startedAt = performance.now();
      const fields = [...group, ...lines].map(([name, value]) => `${name}: ${value}`);
      answers.push(await edge.send(toRequest(fields)));
      expect(performance.now() - startedAt).toBeLessThan(LIMIT_MS);
    }
    return answers;
  };

  /** The same over HTTP/2, whose names have no capitals and whose response headers this client does not read. */
  const askAllOverH2 = async (lines: Fields): Promise<Answer[]> => {
    const answers: Answer[] = [];
    for (const group of inGroups([...new Set(SPOOFED_NAMES.map((n) => n.toLowerCase()))])) {
      const fields = [...group, ...lines];
      const { status, body } = await exchangeH2(edge.haproxy.port, { fields });
      const delivered = status === 200 ? takeMessage(body, "request", true)?.message : undefined;
      answers.push({ status, delivered, response: undefined });
    }
    return answers;
  };

  const expectNothingOfTheClients = () =>
    expect(edge.upstream.received().includes(CANARY)).toBe(false);

  test("works while nothing is injected, over HTTP/1 and HTTP/2", async () => {
    for (const ask of [askAll, askAllOverH2]) {
      for (const [, token, isGood] of SITUATIONS) {
        for (const answer of await ask(token)) {
          expect(identityOf(answer).valid).toBe(isGood ? "1" : "0");
          expect(isInjected(answer)).toBe(false);
        }
      }
    }
    expectNothingOfTheClients();
  });

  describe.each(FATAL_INJECTIONS)("by %s", (injection) => {
    test.each([...SITUATIONS])("lets nothing through, %s", async (_, token) => {
      const lines: Fields = [...token, ["x-inject", injection]];
      for (const answer of await askAll(lines)) {
        expect([answer.status, isInjected(answer)]).toEqual([503, true]);
      }
      for (const { status } of await askAllOverH2(lines)) expect(status).toBe(503);
      expect(edge.upstream.received().length).toBe(0);
    });
  });

  describe.each(HALFWAY_INJECTIONS)("at $name", ({ name, isRarer }) => {
    // Lua that has just run out of memory refuses until it has collected its garbage.
    beforeAll(() =>
      waitFor("Lua to work again", async () => {
        const { delivered } = await edge.ask(mint(keys.rs, claims()));
        return delivered !== undefined;
      }),
    );
    test.each([...SITUATIONS])(
      "passes on that nobody could judge, %s",
      async (_, token, isGood) => {
        const lines: Fields = [...token, ["x-inject", name]];
        const answers = await askAll(lines);
        const happens = isGood || !isRarer;
        expect(answers.map(isInjected)).toEqual(answers.map(() => happens));
        for (const answer of [...answers, ...(await askAllOverH2(lines))]) {
          const { valid, reason, body } = identityOf(answer);
          expect(valid).toBe("0");
          if (happens) expect([reason, body]).toEqual(["E_BACKEND_UNAVAIL", undefined]);
        }
        expectNothingOfTheClients();
      },
    );
  });

  test.each([...SITUATIONS])(
    "once all is said keeps what was said, %s",
    async (_, token, isGood) => {
      const lines: Fields = [...token, ["x-inject", LATE_INJECTION]];
      const answers = await askAll(lines);
      expect(answers.map(isInjected)).toEqual(answers.map(() => true));
      for (const answer of [...answers, ...(await askAllOverH2(lines))]) {
        const { valid, body } = identityOf(answer);
        // Valid only with everything that belongs to it: an error late in the action is no reason to lie.
        expect([valid, body !== undefined]).toEqual(isGood ? ["1", true] : ["0", false]);
      }
      expectNothingOfTheClients();
    },
  );

  test("works again afterwards", async () => {
    expectValid(await edge.ask(mint(keys.rs, claims())));
  });
});

function isInjected({ response }: Answer): boolean {
  return response?.fields.some(([name]) => name === INJECTED_HEADER) === true;
}
