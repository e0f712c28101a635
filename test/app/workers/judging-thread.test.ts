/** What a judging thread answers itself, what it notes before it answers, and what it leaves to the main thread. */
import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  spyOn,
  test,
} from "bun:test";
import { mkdirSync } from "node:fs";
import { get } from "node:http";
import { join } from "node:path";
import { monotonicMs } from "../../../src/app/clock.ts";
import { createPolicies } from "../../../src/app/policies.ts";
import { type JudgingThread, startWorker } from "../../../src/app/workers/judging-thread.ts";
import type { WorkerGrounds, WorkerStart } from "../../../src/app/workers/messages.ts";
import {
  createSharedMemory,
  SharedReader,
  SharedWriter,
} from "../../../src/app/workers/shared-state.ts";
import { loadConfig } from "../../../src/config/load.ts";
import { fencedAtMs } from "../../../src/core/feed/lease.ts";
import { parseRule } from "../../../src/core/revocation/parse-rule.ts";
import { openStore, type Store } from "../../../src/sqlite/open-store.ts";
import { mint } from "../../helpers/mint.ts";
import { findFreePort } from "../../helpers/ports.ts";
import { createSigningKey } from "../../helpers/signing-keys.ts";
import { createTempFolder } from "../../helpers/temp-folder.ts";
import { claims } from "../../helpers/tokens.ts";
import { waitFor } from "../../helpers/wait-for.ts";

/** What is on record of memories without a lease, in seconds. */
const RECORDED = 4;
/** More than Bun has fetches under way at once. */
const POLLS = 300;
const key = createSigningKey("ES256");

const stack = new AsyncDisposableStack();
let port = 0;
let store: Store;
let writer: SharedWriter;
let thread: JudgingThread;
let begin: Omit<WorkerStart, "memory" | "addresses">;
let grounds: WorkerGrounds;
/** The tokens that were handed on. */
const handedOn: string[] = [];
/** The polls that the main thread holds. */
const polls: AbortSignal[] = [];

beforeAll(async () => {
  const folder = createTempFolder(stack);
  const dataDir = join(folder, "data");
  mkdirSync(dataDir, { mode: 0o700 });
  const { settings, issuers } = loadConfig({
    flags: new Map(),
    environment: { JWT_DATA_DIR: dataDir },
    file: undefined,
    defaultFile: join(folder, "none.toml"),
  });
  store = await openStore(dataDir, { nowMs: () => Date.now() });
  stack.defer(() => store.close());
  const mainSocket = join(folder, "main.sock");
  const main = Bun.serve({
    unix: mainSocket,
    fetch: async (request) => {
      if (request.url.endsWith("/feed")) {
        polls.push(request.signal);
        // Held until its sender goes away.
        return new Promise<Response>(() => undefined);
      }
      handedOn.push(await request.text());
      return Response.json({ valid: "main" });
    },
  });
  stack.defer(() => main.stop(true));
  grounds = {
    kind: "grounds",
    version: 1,
    epoch: store.index.epoch,
    sets: [
      {
        source: "s",
        issuer: undefined,
        text: JSON.stringify({ keys: [key.jwk] }),
        fetchedAtSeconds: Date.now() / 1000,
        ageSeconds: 0,
      },
    ],
    keyMaxAgeSeconds: 3600,
    allowShortSecrets: false,
    decryptionKeysText: undefined,
    policies: createPolicies(settings, issuers),
  };
  await block("somebody");
  begin = {
    kind: "start",
    thread: 0,
    dataDir,
    hosts: [],
    verifierKeys: [],
    maxTokenBytes: settings.maxTokenBytes,
    maxBodyBytes: 2 * settings.maxTokenBytes,
    idleTimeoutSeconds: 10,
    recordedTtlSeconds: RECORDED,
    mainSocket,
  };
});
afterAll(() => stack.disposeAsync());

beforeEach(async () => {
  const memory = createSharedMemory(1);
  writer = new SharedWriter(memory);
  writer.setSeq(store.index.seq);
  writer.setVersion(1);
  handedOn.length = 0;
  port = await findFreePort();
  const addresses = [{ host: "127.0.0.1", port }];
  thread = await startWorker({ ...begin, memory, addresses }, () => undefined);
  await thread.take(grounds);
});
afterEach(() => thread.stop());

/** A change in the store; the threads are not told of it. */
async function block(subject: string): Promise<number> {
  const { seq } = await store.rules.addRule(
    {
      scope: { kind: "subject", subject, issuer: undefined },
      rule: parseRule('{"iat":{"gt":0}}'),
      expireAt: 0,
      reason: "a test",
    },
    { who: "root", via: "cli", from: "local" },
  );
  return seq;
}

const tokenOf = (username: string) => mint(key, claims({ username, sub: username }));

async function ask(token: string, ttlSeconds: number): Promise<Record<string, unknown>> {
  const response = await fetch(`http://127.0.0.1:${port}/`, {
    method: "POST",
    body: token,
    headers: { "content-type": "application/jwt", "x-jwt-ttl": String(ttlSeconds) },
  });
  return (await response.json()) as Record<string, unknown>;
}

/** Makes something happen at the moment at which the next token is judged. */
function whileJudging(happen: () => void): Disposable {
  const now = Date.now();
  const spied = spyOn(Date, "now").mockImplementation(() => {
    happen();
    return now;
  });
  return { [Symbol.dispose]: () => spied.mockRestore() };
}

/** Makes something happen at the last moment at which the next note is not written yet. */
function beforeNoted(happen: () => void): Disposable {
  const spied = spyOn(SharedReader.prototype, "noteRemembered").mockImplementation(function (
    this: SharedReader,
    ...note
  ) {
    spied.mockRestore();
    happen();
    this.noteRemembered(...note);
  });
  return { [Symbol.dispose]: () => spied.mockRestore() };
}

describe("a judging thread's note", () => {
  test("says until when a valid verdict may be remembered, for changes after it", async () => {
    const { seq } = store.index;
    const before = monotonicMs();
    expect(await ask(tokenOf("alice"), RECORDED)).toMatchObject({ valid: "1" });
    const until = writer.rememberedUntilMs(seq + 1);
    expect(until).toBeGreaterThanOrEqual(fencedAtMs(before, RECORDED * 1000, 0));
    expect(until).toBeLessThanOrEqual(fencedAtMs(monotonicMs(), RECORDED * 1000, 0) + 1);
    expect(writer.rememberedUntilMs(seq)).toBe(0);
    expect(handedOn).toEqual([]);
  });

  test.each([
    ["that is not remembered", "alice", 0, "1"],
    ["that refuses", "somebody", 1, "0"],
  ])("is not made for a verdict %s", async (_, username, ttlSeconds, valid) => {
    expect(await ask(tokenOf(username), ttlSeconds)).toMatchObject({ valid });
    expect(writer.rememberedUntilMs(store.index.seq + 1)).toBe(0);
    expect(handedOn).toEqual([]);
  });
});

describe("a judging thread hands on", () => {
  test("what is remembered for longer than is on record", async () => {
    const token = tokenOf("alice");
    expect(await ask(token, RECORDED + 1)).toEqual({ valid: "main" });
    expect(handedOn).toEqual([token]);
    expect(writer.rememberedUntilMs(store.index.seq + 1)).toBe(0);
    expect(await ask(token, RECORDED)).toMatchObject({ valid: "1" });
  });

  test.each([
    ["a change that it cannot read", () => writer.setSeq(store.index.seq + 1)],
    ["word of keys that it has not got", () => writer.setVersion(2)],
  ])("everything while there is %s", async (_, happen) => {
    const token = tokenOf("alice");
    expect(await ask(token, 0)).toMatchObject({ valid: "1" });
    happen();
    expect(await ask(token, 0)).toEqual({ valid: "main" });
    expect(handedOn).toEqual([token]);
  });
});

describe("the polls that the main thread holds", () => {
  test("keep no question from it, and are given up with their senders", async () => {
    const leave = new AbortController();
    for (let turn = 0; turn < POLLS; turn += 1) {
      // Not by fetch, of which this process has no more under way than the thread has.
      const { signal } = leave;
      const poll = get({ port, path: "/feed", agent: false, signal });
      poll.on("error", () => undefined);
    }
    await waitFor("all polls to be held", () => polls.length === POLLS);
    expect(await ask(tokenOf("alice"), RECORDED + 1)).toEqual({ valid: "main" });
    leave.abort();
    await waitFor("all polls to be given up", () => polls.every(({ aborted }) => aborted));
  });
});

describe("a change that comes", () => {
  test("before a token is judged, is read in first", async () => {
    const token = tokenOf("bob");
    expect(await ask(token, 1)).toMatchObject({ valid: "1" });
    writer.setSeq(await block("bob"));
    expect(await ask(token, 1)).toMatchObject({ valid: "0", detail: "revoked" });
    expect(handedOn).toEqual([]);
  });

  test("while a token is judged, has it judged again", async () => {
    const token = tokenOf("carol");
    expect(await ask(token, 1)).toMatchObject({ valid: "1" });
    const seq = await block("carol");
    using _ = whileJudging(() => writer.setSeq(seq));
    expect(await ask(token, 1)).toMatchObject({ valid: "0", detail: "revoked" });
    expect(handedOn).toEqual([]);
  });

  test("while a token is judged and cannot be read, lets no verdict out", async () => {
    const token = tokenOf("dave");
    const seq = store.index.seq + 1;
    {
      using _ = whileJudging(() => writer.setSeq(seq));
      expect(await ask(token, 1)).toMatchObject({ valid: "0", detail: "internal" });
    }
    writer.setSeq(store.index.seq);
    expect(await ask(token, 1)).toMatchObject({ valid: "1" });
  });

  test("when a token is judged and its note not yet written, has it judged again", async () => {
    const token = tokenOf("erin");
    expect(await ask(token, 0)).toMatchObject({ valid: "1" });
    const seq = await block("erin");
    let until = Number.NaN;
    using _ = beforeNoted(() => {
      // As the main thread does with a change. It finds nothing, and would confirm it without waiting.
      writer.setSeq(seq);
      until = writer.rememberedUntilMs(seq);
    });
    expect(await ask(token, 1)).toMatchObject({ valid: "0", detail: "revoked" });
    expect(until).toBe(0);
    expect(handedOn).toEqual([]);
  });
});
