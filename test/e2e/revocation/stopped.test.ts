/**
 * No accept after the acknowledgement (P4) of what is sent while HAProxy is stopped: nobody can tell it to forget, its
 * own clock stands still, and what it finds on its connections when it goes on is newer than the acknowledgement.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { HOLD_MS } from "../../../src/core/feed/lease.ts";
import { type Answer, identityOf, toAnswer } from "../../helpers/answer.ts";
import { confirm } from "../../helpers/confirmed.ts";
import { type Edge, startEdge } from "../../helpers/edge.ts";
import { expectRefused, expectValid } from "../../helpers/expect-verdict.ts";
import { remember } from "../../helpers/known.ts";
import { mint } from "../../helpers/mint.ts";
import type { Program } from "../../helpers/program.ts";
import { openConnection, type RawConnection, toRequest } from "../../helpers/raw-client.ts";
import { claims, createKeys } from "../../helpers/tokens.ts";
import { waitFor } from "../../helpers/wait-for.ts";

const keys = createKeys();
const tokenOf = (name: string) => mint(keys.rs, claims({ sub: name, username: name }));
const TTL_SECONDS = 3;
/** Of each kind of connection. */
const CONNECTIONS = 4;
/** The server's word comes so late once HAProxy goes on, which counts its time again long before. */
const LATE_MS = 200;

describe.each([
  { name: "with a verifier key", haproxyEnv: {}, states: ["fenced"] },
  {
    name: "without a verifier key",
    haproxyEnv: { JWT_VERIFIER_KEY: "", JWT_CACHE_TTL: String(TTL_SECONDS) },
    states: [],
  },
])("a HAProxy $name that is stopped", ({ haproxyEnv, states }) => {
  const stack = new AsyncDisposableStack();
  let edge: Edge;
  beforeAll(async () => {
    edge = await startEdge(stack, { keys, threads: 1, withCable: true, haproxyEnv });
    // The first confirmation waits for whoever may have been there before the server.
    await confirm(edge.server, ["revoke", "block", "nobody"]);
  });
  afterAll(() => stack.disposeAsync());

  const open = () =>
    Promise.all(Array.from({ length: CONNECTIONS }, () => openConnection(edge.haproxy.port)));
  /** Connections that have had an answer for a token. */
  const openKept = async (token: string) => {
    const connections = await open();
    for (const connection of connections) expectValid(await ask(connection, token));
    return connections;
  };

  test("refuses what is sent to it after the acknowledgement, and accepts whoever is not revoked", async () => {
    const [revoked, other] = [tokenOf("revoked"), tokenOf("other")];
    const [kept, opened, others] = [await openKept(revoked), await open(), await openKept(other)];
    for (const token of [other, revoked]) await remember(edge, token);
    const stoppedAt = await stop(edge.haproxy.program());
    // The poll that was under way is answered without the change, and its answer is there when HAProxy goes on.
    await waitFor("the poll to be answered", () => performance.now() - stoppedAt > HOLD_MS + 200);
    const confirmed = await confirm(edge.server, ["revoke", "block", "revoked"]);
    expect(confirmed.applied).toBe(true);
    expect(confirmed.verifiers.map(({ state }) => state)).toEqual([...states]);

    const late = await open();
    const unwelcome = [...kept, ...opened, ...late];
    for (const connection of unwelcome) {
      send(connection, revoked);
      send(connection, other);
    }
    for (const connection of others) send(connection, other);
    await edge.cable?.set({ kind: "slow", delayMs: LATE_MS });
    edge.haproxy.program().signal("SIGCONT");
    const later = await askFor(LATE_MS, () => edge.ask(revoked));

    for (const connection of unwelcome) {
      expectRefused(await answerOf(connection), { detail: "revoked" }, revoked);
      expectValid(await answerOf(connection));
    }
    for (const answer of later) expectRefused(answer, {}, revoked);
    for (const connection of others) expectValid(await answerOf(connection));
  }, 60_000);

  test("gives nobody who comes after the acknowledgement the answer to an earlier question", async () => {
    const [revoked, other] = [tokenOf("asked-about"), tokenOf("other")];
    await edge.cable?.set({ kind: "pass" });
    await remember(edge, other);
    const [asker, ...late] = [await open(), await open()].flat();
    if (asker === undefined) throw new TypeError("there is no connection");
    await edge.cable?.set({ kind: "slow", delayMs: LATE_MS });
    send(asker, revoked);
    await waitFor("the question", () => edge.cable?.asked().has(revoked));
    const stoppedAt = await stop(edge.haproxy.program());
    await waitFor("the answer", () => performance.now() - stoppedAt > HOLD_MS + 2 * LATE_MS);
    expect((await confirm(edge.server, ["revoke", "block", "asked-about"])).applied).toBe(true);
    for (const connection of late) {
      send(connection, revoked);
      send(connection, other);
    }
    await edge.cable?.set({ kind: "pass" });
    edge.haproxy.program().signal("SIGCONT");
    // It was sent before, so either verdict is right.
    identityOf(await answerOf(asker));
    for (const connection of late) {
      // Where HAProxy's clock leaps on (3.2), the earlier question is given up, for all who wait for its answer.
      expectRefused(await answerOf(connection), { detail: ["revoked", "unavailable"] }, revoked);
      expectValid(await answerOf(connection));
    }
  }, 60_000);
});

/** Stops a program while it waits, as then HAProxy's clock stands still; returns when, by performance.now(). */
async function stop(program: Program): Promise<number> {
  const isIn = (state: "S" | "T") =>
    readFileSync(`/proc/${program.pid}/status`, "utf8").includes(`\nState:\t${state}`);
  await waitFor("it to wait", () => isIn("S"));
  program.signal("SIGSTOP");
  await waitFor("it to be stopped", () => isIn("T"));
  return performance.now();
}

/** Asks every few milliseconds, waiting for no answer, for a while. */
async function askFor(ms: number, ask: () => Promise<Answer>): Promise<readonly Answer[]> {
  const answers: Promise<Answer>[] = [];
  const until = performance.now() + ms;
  await waitFor("the time to pass", () => {
    answers.push(ask());
    return performance.now() > until;
  });
  return Promise.all(answers);
}

function send(connection: RawConnection, token: string): void {
  connection.write(toRequest([`authorization: Bearer ${token}`]));
}

async function answerOf(connection: RawConnection) {
  return toAnswer(await connection.response());
}

async function ask(connection: RawConnection, token: string) {
  send(connection, token);
  return answerOf(connection);
}
