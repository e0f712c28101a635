/**
 * A global rule concerns everybody, so that verifiers forget all they know. The refill is bounded: one question for a
 * token at a time, however many bring it, and nobody gets a wrong answer meanwhile.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { identityOf, toAnswer } from "../../helpers/answer.ts";
import { confirm } from "../../helpers/confirmed.ts";
import { type Edge, startEdge } from "../../helpers/edge.ts";
import { startLoad } from "../../helpers/load.ts";
import { mint } from "../../helpers/mint.ts";
import { writeNarrowLua } from "../../helpers/narrow-lua.ts";
import { openConnection, toRequest } from "../../helpers/raw-client.ts";
import { claims, createKeys } from "../../helpers/tokens.ts";
import { waitFor } from "../../helpers/wait-for.ts";

const keys = createKeys();
const TOKENS = 400;
const CLIENTS = 64;
/** So many clients in a row bring the same token. */
const TOGETHER = 8;
/** Each with a token of his own, and so with a question of his own. */
const CROWD = 240;
/** The questions that may be open at a time then: as shipped, more than a small machine puts in the time there is. */
const OPEN_AT_ONCE = 64;
/** A machine that stands still for most of a second is not there every time; who is turned away at once is. */
const ATTEMPTS = 4;
const ROUNDS = process.env["FULL"] === undefined ? 3 : 50;

describe("a global rule that concerns no token", () => {
  const stack = new AsyncDisposableStack();
  let edge: Edge;
  beforeAll(async () => {
    edge = await startEdge(stack, {
      keys,
      // One cache, or each thread would ask for itself.
      threads: 1,
      withCable: true,
      serverEnv: { JWT_LOG_LEVEL: "warn" },
      haproxyEnv: { JWT_CACHE_TTL: "600" },
    });
  });
  afterAll(() => stack.disposeAsync());

  test("has each known token asked about once, and every request answered as before", async () => {
    const users = Array.from({ length: TOKENS }, (_, n) => createUser(`user-${n}`));
    let count = 0;
    const next = () => {
      const user = users[Math.floor(count++ / TOGETHER) % TOKENS];
      if (user === undefined) throw new TypeError("there is no such user");
      return user;
    };
    const load = startLoad(stack, edge.haproxy.port, next, { clients: CLIENTS, pauseMs: 0 });

    /** How often each token is asked about during some work, and until all have been brought after it. */
    const askedDuring = async (work: () => Promise<void>) => {
      const before = new Map(edge.cable?.asked());
      await work();
      const enough = load.observations.length + TOKENS * TOGETHER + CLIENTS;
      await waitFor("all tokens", () => load.observations.length > enough, 60_000);
      const after = new Map(edge.cable?.asked());
      return users.map(({ token }) => (after.get(token) ?? 0) - (before.get(token) ?? 0));
    };
    const areKnown = async () => sumOf(await askedDuring(async () => {})) === 0;

    await waitFor("all to be known", areKnown, 60_000);
    for (let round = 0; round < ROUNDS; round += 1) {
      const asked = await askedDuring(() => addGlobalRule(edge));
      expect(Math.min(...asked)).toBeGreaterThanOrEqual(1);
      // Whoever waits for a tenth of a second asks in the asker's place, once; nobody should have to.
      expect(Math.max(...asked)).toBeLessThanOrEqual(2);
      expect(sumOf(asked)).toBeLessThan(TOKENS * 1.25);
      await waitFor("all to be known again", areKnown, 60_000);
    }
    await load.stop();
    const wrong = load.observations.filter(
      ({ kind, valid, subject }) => valid !== "1" || subject !== kind,
    );
    expect(wrong).toEqual([]);
  }, 600_000);

  test("refuses nobody where more ask at once than questions may be open", async () => {
    const front = await edge.beside({
      threads: 1,
      withCable: true,
      luaDir: writeNarrowLua(edge.folder, OPEN_AT_ONCE),
      haproxyEnv: { JWT_CACHE_TTL: "600" },
    });
    const questions = () => front.cable?.questions() ?? 0;
    const crowd = await Promise.all(
      Array.from({ length: CROWD }, (_, n) => createClient(front, `client-${n}`)),
    );
    stack.defer(() => crowd.forEach(({ connection }) => connection.close()));
    await waitFor("all to be known", async () => {
      const before = questions();
      const { right } = await outcomesOf(crowd);
      return right === CROWD && questions() === before;
    });
    const refused: number[] = [];
    while (refused.length < ATTEMPTS && !refused.includes(0)) {
      await addGlobalRule(edge);
      const before = questions();
      const { right = 0, ...others } = await outcomesOf(crowd);
      expect([{}, { E_BACKEND_UNAVAIL: CROWD - right }]).toContainEqual(others);
      expect(questions() - before).toBeGreaterThanOrEqual(right);
      refused.push(CROWD - right);
    }
    expect(refused).toContain(0);
  }, 120_000);
});

/** Somebody with a connection that he keeps. */
async function createClient(edge: Edge, name: string) {
  return { ...createUser(name), connection: await openConnection(edge.haproxy.port) };
}

/** How many get an answer that is right, and how many which reason in its stead; all ask at once. */
async function outcomesOf(clients: readonly Awaited<ReturnType<typeof createClient>>[]) {
  const counts: Record<string, number> = {};
  const ask = async ({ kind, token, connection }: (typeof clients)[number]) => {
    connection.write(toRequest([`authorization: Bearer ${token}`]));
    const { valid, reason, body } = identityOf(toAnswer(await connection.response(20_000)));
    const isRight = valid === "1" && body?.includes(`"sub":"${kind}"`) === true;
    const outcome = isRight ? "right" : (reason ?? "none");
    counts[outcome] = (counts[outcome] ?? 0) + 1;
  };
  await Promise.all(clients.map(ask));
  return counts;
}

function createUser(kind: string) {
  return { kind, token: mint(keys.hs, claims({ sub: kind, username: kind })) };
}

async function addGlobalRule(edge: Edge): Promise<void> {
  const rule = JSON.stringify({ username: `nobody-${crypto.randomUUID()}` });
  const { applied } = await confirm(edge.server, ["rules", "add", "--global", "--rule", rule]);
  expect(applied).toBe(true);
}

function sumOf(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}
