/**
 * HAProxy takes the turn from Lua after so many instructions and lets others run in the same state. Here it does so
 * all the time, and whoever asks meanwhile still gets his own verdict and nobody else's (P2, P10).
 */
import { afterAll, describe, expect, test } from "bun:test";
import { type Edge, type EdgeOptions, startEdge } from "../helpers/edge.ts";
import { headerOf, mint } from "../helpers/mint.ts";
import { identityOf, toAnswer } from "../helpers/answer.ts";
import { openConnection, toRequest } from "../helpers/raw-client.ts";
import { createTempFolder } from "../helpers/temp-folder.ts";
import { createKeys, nowSeconds } from "../helpers/tokens.ts";
import { writeUnguardedLua } from "../helpers/unguarded-lua.ts";

const keys = createKeys();
const IS_FULL = process.env["FULL"] !== undefined;
const REQUESTS = IS_FULL ? 200_000 : 4000;
const CLIENTS = 24;
/** HAProxy takes 10 000 unless it is told otherwise; tokens differ in length, so that these end anywhere. */
const INSTRUCTIONS = [151, 307, 997, 2999];

/** What came of many requests at once. */
interface Outcome {
  /** Good tokens that were accepted with their own claims. */
  right: number;
  /** Good tokens that came with somebody else's claims, or none. */
  mixed: number;
  /** Good tokens that were refused. */
  refused: number;
  /** Bad signatures that were accepted. */
  forged: number;
  /** Bad signatures that were refused as such. */
  turnedAway: number;
  /** Bad signatures that were refused for something else, so that nobody knows what comes of them. */
  unjudged: number;
}

let serial = 0;

/** Every token is new: half of them good, half of them with another's signature. */
async function askMany(edge: Edge, requests: number): Promise<Outcome> {
  const outcome: Outcome = {
    right: 0,
    mixed: 0,
    refused: 0,
    forged: 0,
    turnedAway: 0,
    unjudged: 0,
  };
  let left = requests;
  const client = async () => {
    let connection = await openConnection(edge.haproxy.port);
    while (left-- > 0) {
      const user = `user-${serial++}`;
      const exp = nowSeconds() + 600;
      const good = mint(
        keys.hs,
        { sub: user, username: user, exp },
        { ...headerOf(keys.hs), x: "x".repeat(serial % 700) },
      );
      const isGood = serial % 2 === 0;
      const token = isGood ? good : `${good.slice(0, -43)}${"A".repeat(43)}`;
      if (connection.isClosed()) connection = await openConnection(edge.haproxy.port);
      connection.write(toRequest([`authorization: Bearer ${token}`]));
      const { valid, body, detail } = identityOf(toAnswer(await connection.response(20_000)));
      const isValid = valid === "1";
      const isOwn = body?.includes(`"sub":"${user}"`) === true;
      if (isGood) outcome[isValid ? (isOwn ? "right" : "mixed") : "refused"]++;
      else if (isValid) outcome.forged++;
      else outcome[detail === "signature" ? "turnedAway" : "unjudged"]++;
    }
    connection.close();
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  return outcome;
}

describe("verdicts of requests that interrupt each other", () => {
  const stack = new AsyncDisposableStack();
  afterAll(() => stack.disposeAsync());
  const start = (options: EdgeOptions) =>
    startEdge(stack, { keys, threads: 1, verifiesInHaproxy: false, ...options });

  test.each(INSTRUCTIONS)(
    "are each one's own, %d instructions at a time",
    async (forcedYield) => {
      const edge = await start({ forcedYield });
      const { right, turnedAway, ...wrong } = await askMany(edge, REQUESTS);
      expect(wrong).toEqual({ mixed: 0, refused: 0, forged: 0, unjudged: 0 });
      expect(right).toBeGreaterThan(REQUESTS / 3);
      expect(turnedAway).toBeGreaterThan(REQUESTS / 3);
    },
    600_000,
  );

  test("are not without what keeps steps together, and with answers taken as they come", async () => {
    const luaDir = writeUnguardedLua(createTempFolder(stack), { takesAnyAnswer: true });
    const edge = await start({ forcedYield: 307, luaDir, mayLogLuaErrors: true });
    const { mixed, forged, refused } = await askMany(edge, REQUESTS);
    process.stdout.write(`unguarded: ${JSON.stringify({ mixed, forged, refused })}\n`);
    expect(mixed + forged + refused).toBeGreaterThan(0);
  }, 600_000);

  test("are refused rather than mixed up where only steps come apart", async () => {
    const luaDir = writeUnguardedLua(createTempFolder(stack), { takesAnyAnswer: false });
    const edge = await start({ forcedYield: 307, luaDir, mayLogLuaErrors: true });
    const { mixed, forged, refused } = await askMany(edge, REQUESTS);
    expect([mixed, forged]).toEqual([0, 0]);
    expect(refused).toBeGreaterThan(0);
  }, 600_000);
});
