import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type Answer, identityOf } from "../../helpers/answer.ts";
import { type Edge, startEdge } from "../../helpers/edge.ts";
import { exchangeH2 } from "../../helpers/h2-client.ts";
import { mint } from "../../helpers/mint.ts";
import { toRequest } from "../../helpers/raw-client.ts";
import { INNOCENT_NAMES, SPOOFED_NAMES } from "../../helpers/spoofed-names.ts";
import { claims, createKeys, expiredToken, forgedToken } from "../../helpers/tokens.ts";
import { waitFor } from "../../helpers/wait-for.ts";

const keys = createKeys();
const known = mint(keys.rs, claims());
// Nothing of a client's headers may be read by the upstream; this stands in every one of them.
const CANARY = "spoofed-by-client";

const SITUATIONS: readonly {
  readonly name: string;
  readonly lines: () => readonly string[];
  /** The refusal's; a valid token has none. */
  readonly detail?: string;
}[] = [
  { name: "a valid token that is new", lines: () => [bearer(mint(keys.rs, claims()))] },
  { name: "a valid token that is known", lines: () => [bearer(known)] },
  { name: "an HMAC token", lines: () => [bearer(mint(keys.hs, claims()))] },
  { name: "a forged token", lines: () => [bearer(forgedToken(keys))], detail: "signature" },
  { name: "an expired token", lines: () => [bearer(expiredToken(keys))], detail: "expired" },
  { name: "text for a token", lines: () => [bearer("not.a.token")], detail: "malformed" },
  { name: "no token", lines: () => [], detail: "missing" },
  { name: "two tokens", lines: () => [bearer(known), bearer(known)], detail: "ambiguous" },
  { name: "a token too large", lines: () => [bearer("a".repeat(9000))], detail: "too_large" },
];

function fresh(): string {
  return bearer(mint(keys.rs, claims()));
}

function bearer(token: string): string {
  return `authorization: Bearer ${token}`;
}

describe("a client's own identity headers", () => {
  const stack = new AsyncDisposableStack();
  let edge: Edge;
  beforeAll(async () => {
    edge = await startEdge(stack, { keys });
  });
  afterAll(() => stack.disposeAsync());

  test("there are at least 80 spellings", () => {
    expect(SPOOFED_NAMES.length).toBeGreaterThanOrEqual(80);
  });

  test.each([...SITUATIONS])("are not delivered over HTTP/1 with $name", async (situation) => {
    await inParallel(SPOOFED_NAMES, async (name) => {
      const lines = [`${name}: ${CANARY}`, ...situation.lines(), `${name}: ${CANARY} again`];
      expectOnlyOurs(await edge.send(toRequest(lines)), situation.detail);
    });
    expect(edge.upstream.received().includes(CANARY)).toBe(false);
    edge.upstream.clear();
  });

  test.each([...SITUATIONS])("are not delivered over HTTP/2 with $name", async (situation) => {
    await inParallel([...new Set(SPOOFED_NAMES.map((n) => n.toLowerCase()))], async (name) => {
      const fields = situation.lines().map((line) => {
        const colon = line.indexOf(":");
        return [line.slice(0, colon), line.slice(colon + 2)] as const;
      });
      const { status, body } = await exchangeH2(edge.haproxy.port, {
        fields: [[name, CANARY], ...fields, [name, `${CANARY} again`]],
      });
      expect(status).toBe(200);
      expect(body.includes(CANARY)).toBe(false);
      const { detail } = situation;
      const text = body.toString("latin1");
      expect(text).toContain(`x-tkn-valid: ${detail === undefined ? 1 : 0}\r\n`);
      if (detail !== undefined) expect(text).toContain(`x-tkn-detail: ${detail}\r\n`);
    });
    expect(edge.upstream.received().includes(CANARY)).toBe(false);
    edge.upstream.clear();
  });

  test("are not delivered with the token-server away, over HTTP/1 and HTTP/2", async () => {
    const lonely = await edge.beside({ withCable: true, verifiesInHaproxy: false });
    await waitForValid(lonely, "1");
    await lonely.cable?.set({ kind: "refuse" });
    await waitForValid(lonely, "0");
    await inParallel(SPOOFED_NAMES, async (name) => {
      const answer = await lonely.send(toRequest([`${name}: ${CANARY}`, fresh()]));
      expectOnlyOurs(answer, "unavailable");
    });
    await inParallel([...new Set(SPOOFED_NAMES.map((n) => n.toLowerCase()))], async (name) => {
      const authorization = ["authorization", fresh().slice("authorization: ".length)] as const;
      const fields = [[name, CANARY] as const, authorization];
      const { body } = await exchangeH2(lonely.haproxy.port, { fields });
      expect(body.includes(CANARY)).toBe(false);
      expect(body.toString("latin1")).toContain("x-tkn-valid: 0\r\n");
    });
    expect(edge.upstream.received().includes(CANARY)).toBe(false);
    edge.upstream.clear();
  });

  test("are not delivered in capitals over HTTP/2, where names have none", async () => {
    for (const name of ["X-Tkn-Valid", "X_TKN_VALID", "X-TKN"]) {
      await exchangeH2(edge.haproxy.port, { fields: [[name, CANARY]] });
    }
    expect(edge.upstream.received().includes(CANARY)).toBe(false);
  });

  test("are not delivered in a hundred copies", async () => {
    for (const name of ["x-tkn-valid", "x_tkn_valid", "x-tkn-body"]) {
      const copies = Array.from({ length: 100 }, () => `${name}: ${CANARY}`);
      const answer = await edge.send(toRequest([...copies, bearer(known)]));
      expectOnlyOurs(answer);
      const mixed = SPOOFED_NAMES.slice(0, 90).map((spelling) => `${spelling}: ${CANARY}`);
      const other = await edge.send(toRequest([bearer(known), ...mixed]));
      expectOnlyOurs(other);
    }
    expect(edge.upstream.received().includes(CANARY)).toBe(false);
  });

  test("are delivered when they are not ours, whatever they look like", async () => {
    const lines = INNOCENT_NAMES.map((name) => `${name}: kept`);
    const answer = await edge.send(toRequest([bearer(known), ...lines]));
    const arrived = answer.delivered?.fields.filter(([, value]) => value === "kept");
    expect(arrived?.map(([name]) => name)).toEqual([...INNOCENT_NAMES]);
  });
});

function waitForValid(edge: Edge, valid: string): Promise<unknown> {
  return waitFor(`new tokens to be ${valid}`, async () => {
    return identityOf(await edge.send(toRequest([fresh()]))).valid === valid;
  });
}

function expectOnlyOurs(answer: Answer, detail?: string): void {
  const identity = identityOf(answer);
  expect([identity.valid, identity.detail]).toEqual([detail === undefined ? "1" : "0", detail]);
  expect(answer.delivered?.bytes.includes(CANARY)).toBe(false);
}

/** Sixteen at a time: enough to be quick, few enough to leave the machine to others. */
async function inParallel<T>(items: readonly T[], run: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items];
  const worker = async () => {
    for (let item = queue.pop(); item !== undefined; item = queue.pop()) await run(item);
  };
  await Promise.all(Array.from({ length: 16 }, worker));
}
