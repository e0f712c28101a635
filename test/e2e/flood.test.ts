import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Edge, startEdge } from "../helpers/edge.ts";
import { expectValid } from "../helpers/expect-verdict.ts";
import { encode, mint } from "../helpers/mint.ts";
import { countOf } from "../helpers/server-counts.ts";
import { claims, createKeys } from "../helpers/tokens.ts";
import { waitFor } from "../helpers/wait-for.ts";

const keys = createKeys();
const BAD_TOKENS = process.env["FULL"] === undefined ? 60_000 : 1_000_000;
const MAX_GROWTH_KIB = 50 * 1024;
const GOOD_USERS = 100;

// Bad tokens of four kinds, no two alike: noise, a made-up kid, a signature of nothing, a JWE of nothing.
const SCRIPT = `
local b64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
local sent = 0
math.randomseed(tonumber(os.getenv("FLOOD_SEED")))
local parts = { os.getenv("FLOOD_GOOD"):match("^([^.]+)%.([^.]+)%.([^.]+)$") }
local jwe = os.getenv("FLOOD_JWE_HEADER")
local padding = ("A"):rep(tonumber(os.getenv("FLOOD_PADDING")))
-- The bits of the last character that no byte takes are zero, or the token would be none before anything is asked.
local steps = { [0] = 1, [2] = 16, [3] = 4 }
local function noise(length)
  local out = {}
  for i = 1, length - 1 do local at = math.random(64) out[i] = b64:sub(at, at) end
  local step = steps[length % 4]
  local at = (math.random(64 / step) - 1) * step + 1
  out[length] = b64:sub(at, at)
  return table.concat(out)
end
function request()
  sent = sent + 1
  local kind, token = sent % 4, nil
  if kind == 0 then token = noise(40) .. "." .. padding .. noise(80) .. "." .. noise(43)
  elseif kind == 1 then token = os.getenv("FLOOD_KID_PREFIX") .. "." .. parts[2] .. padding .. "." .. noise(43)
  elseif kind == 2 then token = parts[1] .. "." .. parts[2] .. padding .. "." .. noise(43)
  else token = jwe .. ".." .. noise(22) .. "." .. padding .. noise(64) .. "." .. noise(43) end
  return wrk.format("GET", "/", { Host = "app.test", Authorization = "Bearer " .. token })
end
`;

function residentKiB(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
}

// Long ones on several threads too: each has a cache and garbage of its own.
describe.each([
  { threads: 1, padding: 0 },
  { threads: 4, padding: 7000 },
])(`${BAD_TOKENS} bad tokens, no two alike: %o`, ({ threads, padding }) => {
  const stack = new AsyncDisposableStack();
  let edge: Edge;
  beforeAll(async () => {
    edge = await startEdge(stack, {
      keys,
      withCable: true,
      haproxyEnv: { JWT_CACHE_TTL: "3600" },
      threads,
    });
  });
  afterAll(() => stack.disposeAsync());

  /** Sends at least so many: wrk knows seconds, not numbers. */
  const flood = async (count: number) => {
    const script = join(edge.folder, "flood.lua");
    writeFileSync(script, SCRIPT);
    const env = {
      PATH: process.env["PATH"] ?? "",
      FLOOD_PADDING: String(padding),
      FLOOD_GOOD: mint(keys.hs, claims()),
      FLOOD_KID_PREFIX: encode({ alg: "HS256", kid: "made-up" }),
      FLOOD_JWE_HEADER: encode({ alg: "dir", enc: keys.dir.enc, kid: keys.dir.kid }),
    };
    for (let sent = 0, seed = 1; sent < count; seed++) {
      const child = Bun.spawn(
        ["wrk", "-t1", "-c16", "-d2s", "-s", script, `http://127.0.0.1:${edge.haproxy.port}/`],
        { env: { ...env, FLOOD_SEED: String(count + seed) }, stdin: "ignore", stdout: "pipe" },
      );
      const said = await new Response(child.stdout).text();
      const more = Number(/(\d+) requests in/.exec(said)?.[1]);
      expect(more).toBeGreaterThan(0);
      sent += more;
      // A million of them would not fit in here.
      edge.upstream.clear();
      edge.cable?.clear();
    }
  };

  test("grow neither process by more than 50 MB, and cost good users nothing", async () => {
    const good = Array.from({ length: GOOD_USERS }, (_, i) =>
      mint(keys.rs, claims({ sub: `user-${i}` })),
    );
    const askAll = () => Promise.all(good.map((token) => edge.ask(token)));
    // Every thread knows all good users, and no bad token has come yet.
    await waitUntilRemembering(edge);
    await waitFor("each thread to know the good users", async () => {
      const asked = edge.cable?.questions() ?? 0;
      await askAll();
      return (edge.cable?.questions() ?? 0) === asked;
    });
    const judgedBefore = await countJudged(edge);
    const before = {
      haproxy: residentKiB(edge.haproxy.program().pid),
      server: residentKiB(edge.server.program().pid),
    };

    await flood(BAD_TOKENS);
    const after = {
      haproxy: residentKiB(edge.haproxy.program().pid),
      server: residentKiB(edge.server.program().pid),
    };
    const grown = (name: keyof typeof before) =>
      `${name} ${(before[name] / 1024).toFixed(0)} → ${(after[name] / 1024).toFixed(0)} MiB`;
    process.stdout.write(`${BAD_TOKENS} bad tokens: ${grown("haproxy")}, ${grown("server")}\n`);
    expect(after.haproxy - before.haproxy).toBeLessThan(MAX_GROWTH_KIB);
    expect(after.server - before.server).toBeLessThan(MAX_GROWTH_KIB);

    const judged = await countJudged(edge);
    expect(judged.accepted).toBe(judgedBefore.accepted);
    // HAProxy refuses noise by itself, and on a busy machine some of the rest because nobody could be asked in time.
    expect(judged.refused - judgedBefore.refused).toBeGreaterThan(BAD_TOKENS / 2);

    await waitUntilRemembering(edge);
    const asked = edge.cable?.questions() ?? 0;
    for (const answer of await askAll()) expectValid(answer);
    // Of several threads one may have lost its lease to the load, and all it knew.
    if (threads > 1) return;
    expect((edge.cable?.questions() ?? 0) - asked).toBeLessThanOrEqual(GOOD_USERS * 0.05);
  }, 1_800_000);

  test("leave both at work", async () => {
    expectValid(await edge.ask(mint(keys.rs, claims())));
    expect(await edge.server.isReady()).toBe(true);
  });
});

/** How many tokens the server has accepted and refused. */
async function countJudged({ server }: Edge) {
  const verdicts = "haproxy_jwt_verdicts_total";
  const accepted = await countOf(server, verdicts, ['reason="ok"']);
  return { accepted, refused: (await countOf(server, verdicts)) - accepted };
}

/** Waits until what was asked is not asked again: after a start or a starved moment the lease has to be there first. */
async function waitUntilRemembering(edge: Edge): Promise<void> {
  const token = mint(keys.rs, claims());
  await waitFor("verdicts to be remembered", async () => {
    const asked = edge.cable?.questions();
    await edge.ask(token);
    return edge.cable?.questions() === asked;
  });
}
