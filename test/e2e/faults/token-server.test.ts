import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type Edge, startEdge } from "../../helpers/edge.ts";
import { type Load, type Observation, startLoad } from "../../helpers/load.ts";
import { mint } from "../../helpers/mint.ts";
import type { ProxyMode } from "../../helpers/tcp-proxy.ts";
import { claims, createKeys, forgedToken } from "../../helpers/tokens.ts";
import { waitFor } from "../../helpers/wait-for.ts";

const keys = createKeys();
const TTL_SECONDS = 1;
// The promise. On a machine that runs everything at once a client may itself be late for its answer, seldom and a little.
const LIMIT_MS = 1000;
const SLACK_MS = 400;
const RECOVERY_MS = 2000;

function httpAnswer(status: string, type: string, body: string): ProxyMode {
  const head = `HTTP/1.1 ${status}\r\ncontent-type: ${type}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n`;
  return { kind: "lie", answer: Buffer.from(head + body) };
}

const VERDICT = '{"valid":"1","reason":"ok","body":"{}"}';
const PRIVATE = "application/vnd.haproxy-jwt.verdict+json";

/** What may happen between HAProxy and the server, or to the server itself. */
const FAULTS: readonly {
  readonly name: string;
  readonly begin: (edge: Edge) => Promise<void> | void;
  readonly end: (edge: Edge) => Promise<void> | void;
}[] = [
  { name: "stopped", begin: (edge) => edge.server.stop(), end: (edge) => edge.server.start() },
  { name: "killed", begin: (edge) => edge.server.kill(), end: (edge) => edge.server.start() },
  {
    name: "paused",
    begin: (edge) => edge.server.program().signal("SIGSTOP"),
    end: (edge) => edge.server.program().signal("SIGCONT"),
  },
  onTheWire("behind a closed port", { kind: "refuse" }),
  onTheWire("5 s slow", { kind: "slow", delayMs: 5000 }),
  onTheWire("accepting and never answering", { kind: "block" }),
  onTheWire("cutting its answer in the head", { kind: "cut", afterBytes: 10 }),
  onTheWire("cutting its answer in the body", { kind: "cut", afterBytes: 250 }),
  onTheWire("answering HTML", httpAnswer("200 OK", "text/html", "<html>1</html>")),
  onTheWire("answering HTML as JSON", httpAnswer("200 OK", PRIVATE, "<html>1</html>")),
  onTheWire(
    "answering 500 with a verdict",
    httpAnswer("500 Internal Server Error", PRIVATE, VERDICT),
  ),
  onTheWire(
    "answering 503 with a verdict",
    httpAnswer("503 Service Unavailable", PRIVATE, VERDICT),
  ),
  onTheWire("answering a verdict as text", httpAnswer("200 OK", "text/plain", VERDICT)),
  onTheWire("answering nothing", httpAnswer("200 OK", PRIVATE, "")),
  onTheWire("answering null", httpAnswer("200 OK", PRIVATE, "null")),
  onTheWire("answering a list", httpAnswer("200 OK", PRIVATE, `[${VERDICT}]`)),
  onTheWire(
    "answering valid as a number",
    httpAnswer("200 OK", PRIVATE, '{"valid":1,"reason":"ok"}'),
  ),
  onTheWire(
    "answering valid as true",
    httpAnswer("200 OK", PRIVATE, '{"valid":true,"reason":"ok"}'),
  ),
  onTheWire(
    "answering a reason of its own",
    httpAnswer("200 OK", PRIVATE, '{"valid":"1","reason":"fine"}'),
  ),
  onTheWire(
    "answering 10 MB",
    httpAnswer("200 OK", PRIVATE, `{"valid":"1","reason":"ok","body":"${"x".repeat(10 << 20)}"}`),
  ),
  onTheWire("sending no HTTP", { kind: "lie", answer: Buffer.from("SSH-2.0-OpenSSH_9.2\r\n") }),
  onTheWire("sending a redirect", {
    kind: "lie",
    answer: Buffer.from("HTTP/1.1 302 Found\r\nlocation: /x\r\ncontent-length: 0\r\n\r\n"),
  }),
];

function onTheWire(name: string, mode: ProxyMode): (typeof FAULTS)[number] {
  return {
    name,
    begin: (edge) => edge.cable?.set(mode),
    end: (edge) => edge.cable?.set({ kind: "pass" }),
  };
}

describe("the token-server", () => {
  const stack = new AsyncDisposableStack();
  let edge: Edge;
  const known = mint(keys.rs, claims());
  const forged = forgedToken(keys);
  beforeAll(async () => {
    edge = await startEdge(stack, {
      keys,
      withCable: true,
      verifiesInHaproxy: false,
      haproxyEnv: { JWT_CACHE_TTL: String(TTL_SECONDS) },
    });
  });
  afterAll(() => stack.disposeAsync());

  const startClients = (): Load => {
    let count = 0;
    return startLoad(
      stack,
      edge.haproxy.port,
      () => {
        count++;
        if (count % 4 === 0) return { kind: "known", token: known };
        if (count % 4 === 1) return { kind: "forged", token: forged };
        return { kind: "new", token: mint(keys.hs, claims()) };
      },
      { clients: 10, pauseMs: 10 },
    );
  };

  test.each([...FAULTS])(
    "$name lets nobody in, and keeps nobody waiting",
    async (fault) => {
      const load = startClients();
      const seen = (kind: string, valid: string, from: number) =>
        load.observations.some((o) => o.kind === kind && o.valid === valid && o.sentAt >= from);
      await waitFor("tokens to be accepted beforehand", () => seen("new", "1", 0), 5000);

      await fault.begin(edge);
      const brokenAt = performance.now();
      await waitFor("refusals", () => unavailable(load.observations, brokenAt).length >= 20, 5000);
      await waitFor(
        "the cache's time to end",
        () => performance.now() > brokenAt + TTL_SECONDS * 1000 + 700,
      );
      const checkedAt = performance.now();

      await fault.end(edge);
      const mendedAt = performance.now();
      await waitFor(
        "new tokens to be accepted again",
        () => seen("new", "1", mendedAt),
        RECOVERY_MS,
      );
      const backAfterMs = performance.now() - mendedAt;
      await load.stop();

      const during = load.observations.filter(
        (o) => o.sentAt > brokenAt && o.sentAt + o.tookMs < checkedAt,
      );
      const slow = load.observations.filter((o) => o.tookMs > LIMIT_MS);
      expect(slow.length).toBeLessThanOrEqual(load.observations.length / 100);
      const tooSlow = slow.filter((o) => o.tookMs > LIMIT_MS + SLACK_MS);
      expect(tooSlow.map((o) => [o.kind, Math.round(o.tookMs)])).toEqual([]);
      expect(
        during.filter((o) => o.kind === "new" && o.valid === "1" && o.sentAt > brokenAt + 50),
      ).toEqual([]);
      expect(load.observations.filter((o) => o.kind === "forged" && o.valid === "1")).toEqual([]);
      // What was known may be used for its time, counted from its judgement, and no longer.
      const stale = during.filter(
        (o) => o.valid === "1" && o.sentAt > brokenAt + TTL_SECONDS * 1000 + 50,
      );
      expect(stale).toEqual([]);
      // Refusals are the contract's, and all arrive: annotating never turns a request away.
      const reasons = new Set(during.map((o) => `${o.status} ${o.valid} ${o.reason}`));
      for (const reason of reasons) {
        expect(["200 1 ok", "200 0 E_BACKEND_UNAVAIL", "200 0 E_TKN_INVALID"]).toContain(reason);
      }
      expect(backAfterMs).toBeLessThan(RECOVERY_MS);
    },
    30_000,
  );

  test("known to be away keeps nobody waiting at all", async () => {
    await edge.cable?.set({ kind: "block" });
    const load = startClients();
    const startedAt = performance.now();
    await waitFor(
      "the outage to be known",
      () => unavailable(load.observations, startedAt).length > 50,
      10_000,
    );
    const knownAt = performance.now();
    await waitFor(
      "more refusals",
      () => unavailable(load.observations, knownAt).length > 200,
      10_000,
    );
    await load.stop();
    await edge.cable?.set({ kind: "pass" });
    const after = unavailable(load.observations, knownAt)
      .map((o) => o.tookMs)
      .toSorted((a, b) => a - b);
    expect(after[Math.floor(after.length * 0.9)]).toBeLessThan(100);
  }, 30_000);
});

function unavailable(observations: readonly Observation[], from: number): readonly Observation[] {
  return observations.filter((o) => o.sentAt >= from && o.reason === "E_BACKEND_UNAVAIL");
}
