/** How a judging thread hands on what only the main thread answers, and a poll that is held without end. */
import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { createMainSocket } from "../../../src/app/workers/main-socket.ts";
import { createTempFolder } from "../../helpers/temp-folder.ts";
import { waitFor } from "../../helpers/wait-for.ts";

/** More than Bun has fetches under way at once. */
const POLLS = 300;

const stack = new AsyncDisposableStack();
afterAll(() => stack.disposeAsync());

const path = join(createTempFolder(stack), "main.sock");
/** Requests as they came, the newest last. */
const came: Request[] = [];
const held = new Set<(response: Response) => void>();
const main = Bun.serve({
  unix: path,
  fetch: (request) => {
    came.push(request);
    if (new URL(request.url).pathname !== "/feed") return new Response("at once");
    const { promise, resolve } = Promise.withResolvers<Response>();
    held.add(resolve);
    request.signal.addEventListener("abort", () => held.delete(resolve));
    return promise;
  },
});
stack.defer(() => main.stop(true));
const socket = createMainSocket(path);

beforeEach(() => {
  came.length = 0;
  held.clear();
});

function poll(headers: Record<string, string> = {}, signal = new AbortController().signal) {
  const answer = socket.poll("/feed", { headers: new Headers(headers), signal }, "loopback");
  answer.catch(() => undefined);
  return answer;
}

function answerAll(make: () => Response): void {
  for (const answer of held) answer(make());
}

describe("a judging thread's poll of the main thread", () => {
  test("carries what came, how it came, and nothing of the connection it came on", async () => {
    const answer = poll({
      authorization: "Bearer k",
      host: "localhost",
      "x-jwt-arrival": "network",
      connection: "close",
      "content-length": "5",
    });
    await waitFor("the poll", () => held.size === 1);
    const [request] = came;
    expect(request?.headers.get("authorization")).toBe("Bearer k");
    expect(request?.headers.get("host")).toBe("localhost");
    expect(request?.headers.get("x-jwt-arrival")).toBe("loopback");
    expect(request?.headers.get("content-length")).toBe(null);
    answerAll(() => new Response("{ }", { status: 503, headers: { "content-type": "text/x" } }));
    const { status, headers } = await answer;
    expect([status, headers.get("content-type")]).toEqual([503, "text/x"]);
    expect(await (await answer).text()).toBe("{ }");
  });

  test("leaves room for questions, however many are held", async () => {
    const answers = Array.from({ length: POLLS }, () => poll());
    await waitFor("all polls to be held", () => held.size === POLLS);
    const asked = await socket.ask("/", { method: "POST", body: "a token" }, "network");
    expect(await asked.text()).toBe("at once");
    answerAll(() => new Response("later"));
    const texts = await Promise.all(answers.map(async (one) => (await one).text()));
    expect(new Set(texts)).toEqual(new Set(["later"]));
  });

  test("ends when nobody waits for it, and only that one", async () => {
    const gone = new AbortController();
    const [lost, kept] = [poll({}, gone.signal), poll()];
    await waitFor("both polls to be held", () => held.size === 2);
    gone.abort();
    await waitFor("the main thread to know", () => held.size === 1);
    expect(await lost.catch(() => "ended")).toBe("ended");
    answerAll(() => new Response("later"));
    expect(await (await kept).text()).toBe("later");
  });

  test("fails where the main thread is not there", async () => {
    const nowhere = createMainSocket(`${path}.none`);
    const { signal } = new AbortController();
    const answer = nowhere.poll("/feed", { headers: new Headers(), signal }, "network");
    expect(await answer.catch(() => "failed")).toBe("failed");
  });
});
