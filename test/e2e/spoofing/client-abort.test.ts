import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { isIdentityName } from "../../helpers/answer.ts";
import { writeChangedConfig } from "../../helpers/broken-lua.ts";
import { type Edge, startEdge } from "../../helpers/edge.ts";
import { expectValid } from "../../helpers/expect-verdict.ts";
import { mint } from "../../helpers/mint.ts";
import { openConnection, toRequest } from "../../helpers/raw-client.ts";
import { SPOOFED_NAMES } from "../../helpers/spoofed-names.ts";
import { claims, createKeys } from "../../helpers/tokens.ts";
import { waitFor } from "../../helpers/wait-for.ts";

const keys = createKeys();
const CANARY = "spoofed-by-client";
const ABORTS = ["halfClose", "reset", "close"] as const;

describe.each(["on", "off"])(
  "a client that leaves while its token is judged, abortonclose %s",
  (setting) => {
    const stack = new AsyncDisposableStack();
    let edge: Edge;
    beforeAll(async () => {
      // HAProxy logs that it took the action's turn away; that is what is being tested.
      const plain = await startEdge(stack, { keys, mayLogLuaErrors: true });
      const option = setting === "on" ? "option abortonclose" : "no option abortonclose";
      const config = writeChangedConfig(plain.folder, "haproxy.cfg", [
        [/(no )?option abortonclose/, `${option} # as the test wants it`],
      ]);
      edge = await plain.beside({ config, withCable: true });
      await edge.ask(mint(keys.rs, claims()));
      // Slow enough that the client is gone before the verdict comes.
      await edge.cable?.set({ kind: "slow", delayMs: 150 });
    });
    afterAll(() => stack.disposeAsync());

    test("is judged like anybody while it stays", async () => {
      expectValid(await edge.ask(mint(keys.rs, claims())));
    });

    test.each([...ABORTS])("gets nothing of its own delivered by %s", async (how) => {
      edge.upstream.clear();
      const groups = [0, 30, 60, 90].map((at) => SPOOFED_NAMES.slice(at, at + 30));
      await Promise.all(
        groups.flatMap((names) =>
          [mint(keys.rs, claims()), "a.b.c", undefined].map(async (token) => {
            const bearer = token === undefined ? [] : [`authorization: Bearer ${token}`];
            const connection = await openConnection(edge.haproxy.port);
            connection.write(toRequest([...names.map((n) => `${n}: ${CANARY}`), ...bearer]));
            connection[how]();
            if (how === "halfClose") await connection.response().catch(() => undefined);
            connection.close();
          }),
        ),
      );
      await edge.send(toRequest([], "/sentinel"));
      await waitFor("the sentinel", () =>
        edge.upstream.requests.some((request) => request.startLine.includes("/sentinel")),
      );
      expect(edge.upstream.received().includes(CANARY)).toBe(false);
      for (const request of edge.upstream.requests) {
        const ours = request.fields.filter(([name]) => isIdentityName(name));
        expect(ours.filter(([name]) => name === "x-tkn-valid")).toHaveLength(1);
      }
    });
  },
);
