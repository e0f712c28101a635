import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { identityOf, toAnswer } from "../../helpers/answer.ts";
import { openConnection, type RawConnection } from "../../helpers/raw-client.ts";
import {
  askAs,
  requestOf,
  type ScriptedEdge,
  startScriptedEdge,
} from "../../helpers/scripted-edge.ts";
import { waitFor } from "../../helpers/wait-for.ts";

const SLOW = "slow";
/** Just below what HAProxy asks about at one time; twice as many are above. */
const WAVE = 500;
/** How long after it came a token is given up, or a little less. */
const GIVEN_UP_MS = 780;

describe("questions that take the server long", () => {
  const stack = new AsyncDisposableStack();
  let edge: ScriptedEdge;
  let people = 0;
  beforeAll(async () => {
    edge = await startScriptedEdge(stack, { isHeld: (subject) => subject.startsWith(SLOW) });
    await waitFor("a lease", () => edge.server.isPolled());
  });
  afterAll(() => stack.disposeAsync());

  /** Sends requests whose answers the server holds back for ever. */
  const hang = async (count: number): Promise<readonly RawConnection[]> => {
    const before = edge.server.heldInAll();
    const connections = await Promise.all(
      Array.from({ length: count }, async () => openConnection(edge.port)),
    );
    for (const connection of connections) connection.write(requestOf(`${SLOW} ${people++}`));
    await waitFor("their questions", () => edge.server.heldInAll() >= before + count);
    return connections;
  };
  const isGoodAccepted = async () => (await askAs(edge.port, `good ${people++}`)) === "1";
  /** Asks as others, one after the other, for so long. */
  const askOn = async (forMs: number): Promise<void> => {
    const until = performance.now() + forMs;
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    while (performance.now() < until) expect(await isGoodAccepted()).toBe(true);
  };

  test("are answered as nobody's, and the server is not away for others", async () => {
    const [slow] = await hang(1);
    const reasons: (string | undefined)[] = [];
    const answered = slow?.response().then((response) => {
      reasons.push(identityOf(toAnswer(response)).reason);
      return undefined;
    });
    // oxlint-disable-next-line no-await-in-loop -- one after the other, all the time
    while (reasons.length === 0) expect(await isGoodAccepted()).toBe(true);
    await answered;
    slow?.close();
    expect(reasons).toEqual(["E_BACKEND_UNAVAIL"]);
    await askOn(200);
  }, 30_000);

  test.each([
    ["whose clients wait", false],
    ["whose clients have left", true],
  ])(
    "do not keep others' waiting: those %s",
    async (_, leave) => {
      let inTime = false;
      // A machine that is too slow for it says nothing; one that never is, fails.
      for (let attempt = 0; attempt < 12 && !inTime; attempt++) {
        // oxlint-disable-next-line no-await-in-loop -- one attempt after the other
        inTime = await isServedBesides(leave);
      }
      expect(inTime).toBe(true);
    },
    60_000,
  );

  /** Whether somebody is served while twice as many hang as may be asked about, before the first of them is given up. */
  const isServedBesides = async (leave: boolean): Promise<boolean> => {
    // What hung before is given up by then.
    await askOn(GIVEN_UP_MS + 100);
    const hanging: RawConnection[] = [];
    const startedAt = performance.now();
    const wave = async () => {
      const connections = await hang(WAVE);
      if (leave) for (const connection of connections) connection.reset();
      hanging.push(...connections);
    };
    await wave();
    // By then they have been overtaken, and it has been seen.
    await askOn(250);
    await wave();
    const isServed = await isGoodAccepted();
    const tookMs = performance.now() - startedAt;
    for (const connection of hanging) connection.close();
    return isServed && tookMs < GIVEN_UP_MS;
  };
});
