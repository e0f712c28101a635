import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { identityOf } from "../../helpers/answer.ts";
import { INJECTIONS, writeBrokenLua, writeChangedConfig } from "../../helpers/broken-lua.ts";
import { type Edge, startEdge } from "../../helpers/edge.ts";
import { expectValid } from "../../helpers/expect-verdict.ts";
import { mint } from "../../helpers/mint.ts";
import { toRequest } from "../../helpers/raw-client.ts";
import { SPOOFED_NAMES } from "../../helpers/spoofed-names.ts";
import { claims, createKeys } from "../../helpers/tokens.ts";

const keys = createKeys();
const CANARY = "spoofed-by-client";
const GROUP = 30;

/** All spellings, in requests of thirty: a loop costs its whole time limit each. */
const GROUPS = Array.from({ length: Math.ceil(SPOOFED_NAMES.length / GROUP) }, (_, i) =>
  SPOOFED_NAMES.slice(i * GROUP, (i + 1) * GROUP).map((name) => `${name}: ${CANARY}`),
);

const HALFWAY = ["header", "var"].flatMap((what) =>
  Array.from({ length: 8 }, (_, i) => `${what}-${i + 1}`),
);

describe("Lua that fails", () => {
  const stack = new AsyncDisposableStack();
  let edge: Edge;
  beforeAll(async () => {
    const plain = await startEdge(stack, { keys, mayLogLuaErrors: true });
    // The shipped limit is for machines with more memory than a test should take.
    const config = writeChangedConfig(plain.folder, "haproxy.cfg", [
      [/tune\.lua\.maxmem \d+/, "tune.lua.maxmem 100"],
    ]);
    edge = await plain.beside({ config, luaDir: writeBrokenLua(plain.folder) });
  });
  afterAll(() => stack.disposeAsync());

  test("works while nothing is injected", async () => {
    expectValid(await edge.ask(mint(keys.rs, claims())));
  });

  describe.each([...INJECTIONS, ...HALFWAY])("by %s", (injection) => {
    test.each(["with a valid token", "with a forged token", "without a token"])(
      "passes no identity header of the client's on, %s",
      async (situation) => {
        const good = mint(keys.rs, claims());
        const tokens = new Map([
          ["with a valid token", [`authorization: Bearer ${good}`]],
          ["with a forged token", [`authorization: Bearer ${good.slice(0, -8)}AAAAAAAA`]],
        ]);
        const lines = [...(tokens.get(situation) ?? []), `x-inject: ${injection}`];
        edge.upstream.clear();
        for (const group of GROUPS) {
          const startedAt = performance.now();
          const answer = await edge.send(toRequest([...group, ...lines]));
          expect(performance.now() - startedAt).toBeLessThan(1500);
          if (answer.delivered === undefined) {
            expect([503, 0]).toContain(answer.status);
            continue;
          }
          const identity = identityOf(answer);
          if (situation !== "with a valid token") expect(identity.valid).toBe("0");
          // Valid only with everything that belongs to it: an error late in the action is no reason to lie.
          if (identity.valid === "1") {
            expect(identity.reason).toBe("ok");
            expect(identity.body).toBeDefined();
          }
        }
        expect(edge.upstream.received().includes(CANARY)).toBe(false);
      },
    );
  });

  test("works again afterwards", async () => {
    expectValid(await edge.ask(mint(keys.rs, claims())));
  });
});
