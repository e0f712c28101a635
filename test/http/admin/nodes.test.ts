/** The machines that share a store: listed, named in confirmations, and taken off the roll by admins alone. */
import { afterAll, describe, expect, test } from "bun:test";
import type { Confirmation, NodeState } from "../../../src/core/feed/confirmation.ts";
import type { RuleStore } from "../../../src/core/revocation/store.ts";
import { createHarness } from "./harness.ts";

const NODE: NodeState = {
  id: "5d3c0a2e-0000-4000-8000-000000000001",
  name: "edge-1",
  version: "1.0.0",
  isThis: true,
  isStrict: true,
  seq: 7,
  confirmedSeq: 6,
  behind: 0,
  hasLease: true,
  leaseLeftMs: 20_000,
  silentForMs: 10_000,
  startedAtMs: 0,
  verifiers: [{ id: "v", name: "edge-1/1/1", seq: 7, isLive: true, staleSeconds: 0 }],
};

/** Two machines, of which one is gone. */
function shared(forgotten: string[]): Confirmation {
  return {
    verifiers: () => [],
    waitApplied: async () => ({
      applied: false,
      verifiers: [],
      nodes: [
        { id: "a", name: "edge-1", state: "applied", verifiers: [] },
        { id: "b", name: "edge-2", state: "pending", verifiers: [] },
      ],
      ms: 1234.5,
    }),
    nodes: async () => [NODE],
    forgetNode: async (id, reason, { who }) => {
      if (id !== NODE.id) return false;
      forgotten.push(`${who}: ${reason}`);
      return true;
    },
  };
}

describe("the machines that share a store", () => {
  const stack = new AsyncDisposableStack();
  afterAll(() => stack.disposeAsync());

  test("are listed, also beside the verifiers; none where it is not shared", async () => {
    const { ask } = await createHarness(stack, { confirmation: shared([]) });
    expect((await ask("GET", "/nodes", { as: "viewer" })).body).toEqual({ items: [NODE] });
    expect((await ask("GET", "/verifiers")).body).toMatchObject({ nodes: [NODE] });
    const alone = await createHarness(stack);
    expect((await alone.ask("GET", "/nodes")).body).toEqual({ items: [] });
    expect((await alone.ask("GET", "/verifiers")).body).not.toHaveProperty("nodes");
  });

  test("do not keep this one's verifiers from being shown when the store is away", async () => {
    const away = { ...shared([]), nodes: () => Promise.reject(new Error("away")) };
    const { ask } = await createHarness(stack, { confirmation: away });
    const answer = await ask("GET", "/verifiers");
    expect([answer.status, answer.body["items"]]).toEqual([200, []]);
  });

  test("are named by a confirmation, with how long it took", async () => {
    const { ask } = await createHarness(stack, { confirmation: shared([]) });
    const body = { block: "bob", reason: "left" };
    const answer = await ask("POST", "/revocations?wait=applied", { body });
    expect(answer.body).toMatchObject({
      applied: false,
      nodes: [{ state: "applied" }, { name: "edge-2", state: "pending" }],
      ms: 1235,
    });
  });

  test("are asked about a change by the history it was written in", async () => {
    const asked: unknown[] = [];
    const place = { seq: 7, epoch: "present" };
    const rules = {
      addRule: async () => ({ id: 1, ...place, replayed: false }),
      beginImport: async () => ({
        stage: async () => undefined,
        commit: async () => ({ added: 0, ...place }),
        abort: async () => undefined,
      }),
    } as unknown as RuleStore;
    const confirmation: Confirmation = {
      ...shared([]),
      waitApplied: async (...args) => {
        asked.push(args);
        return { applied: true, verifiers: [] };
      },
    };
    const { ask } = await createHarness(stack, { confirmation, rules });
    const body = { scope: "global", rule: { iat: { lte: 10 } }, reason: "left" };
    const written = await ask("POST", "/rules?wait=applied&timeout=2", { body });
    const headers = { "content-type": "application/x-ndjson" };
    const imported = await ask("POST", "/import?wait=applied&timeout=2", { text: "", headers });
    expect([written.body["applied"], imported.body["applied"]]).toEqual([true, true]);
    expect(asked).toEqual(Array.from({ length: 2 }, () => [7, 2000, "present"]));
    expect(imported.body).toMatchObject({ added: 0, seq: 7 });
    expect(imported.body).not.toHaveProperty("epoch");
  });

  test("leave the roll by an admin's word and reason, nobody else's", async () => {
    const forgotten: string[] = [];
    const { ask } = await createHarness(stack, { confirmation: shared(forgotten) });
    const path = `/nodes/${NODE.id}`;
    const body = { reason: "burnt down" };
    for (const as of ["viewer", "operator"] as const) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect((await ask("DELETE", path, { body, as })).status).toBe(403);
    }
    expect((await ask("DELETE", path, { body: {} })).status).toBe(422);
    expect((await ask("DELETE", path, { body: { reason: " " } })).status).toBe(422);
    expect((await ask("DELETE", "/nodes/other", { body })).status).toBe(404);
    expect(forgotten).toEqual([]);
    expect((await ask("DELETE", path, { body })).status).toBe(200);
    expect(forgotten).toEqual([expect.stringContaining("burnt down")]);
    const alone = await createHarness(stack);
    expect((await alone.ask("DELETE", path, { body })).status).toBe(404);
  });
});
