/** After a reload, the old process of HAProxy counts until it is gone: what it holds open is bound by the acknowledgement (P4). */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { confirm, type Confirmed } from "../../helpers/confirmed.ts";
import { type Edge, startEdge } from "../../helpers/edge.ts";
import { expectRefused, expectValid } from "../../helpers/expect-verdict.ts";
import { beginBody, beginOnKept, type HeldRequest } from "../../helpers/held-request.ts";
import { remember } from "../../helpers/known.ts";
import { mint } from "../../helpers/mint.ts";
import type { Program } from "../../helpers/program.ts";
import { claims, createKeys } from "../../helpers/tokens.ts";
import { waitFor } from "../../helpers/wait-for.ts";

const keys = createKeys();

describe("an old process of HAProxy that lingers", () => {
  const stack = new AsyncDisposableStack();
  let edge: Edge;
  beforeAll(async () => {
    edge = await startEdge(stack, { keys, threads: 1, withCable: true });
  });
  afterAll(() => stack.disposeAsync());

  let old: Program;
  let leaver: Held;
  let other: Held;
  let body: Awaited<ReturnType<typeof beginBody>>;
  let round = 0;
  beforeEach(async () => {
    round += 1;
    const begin = async (kind: string): Promise<Held> => {
      const name = `${kind}-${round}`;
      const token = mint(keys.rs, claims({ sub: name, username: name }));
      await remember(edge, token);
      return { name, token, request: await beginOnKept(edge.haproxy.port, token) };
    };
    old = edge.haproxy.program();
    leaver = await begin("leaver");
    other = await begin("other");
    body = await beginBody(edge.haproxy.port);
    await waitFor("the body's request to be passed on", () =>
      edge.upstream.received().includes("content-length: 2"),
    );
    await edge.haproxy.reload();
    expect(old.isRunning()).toBe(true);
  });
  afterEach(async () => {
    old.signal("SIGCONT");
    await body.finish();
    await waitFor("the old process to end", () => !old.isRunning());
    edge.upstream.clear();
  });

  const revokeLeaver = (timeoutSeconds?: number) =>
    confirm(edge.server, ["revoke", "block", leaver.name], timeoutSeconds);
  const questionsOf = async ({ request, token }: Held, check: typeof expectValid) => {
    const before = edge.cable?.questions() ?? 0;
    check(await request.finish(token));
    return (edge.cable?.questions() ?? 0) - before;
  };

  test("is told of a revocation, and accepts nothing after the acknowledgement", async () => {
    const confirmed = await revokeLeaver();
    const [asked, known] = [
      await questionsOf(leaver, (answer) => expectRefused(answer, { detail: "revoked" })),
      await questionsOf(other, expectValid),
    ];
    expect(old.isRunning()).toBe(true);
    expect([confirmed.applied, stateOf(confirmed, old)]).toEqual([true, "applied"]);
    // It had forgotten the one, and nobody else.
    expect([asked, known]).toEqual([1, 0]);
  });

  test("ends when its last request is answered, and not before", async () => {
    expectValid(await leaver.request.finish(leaver.token));
    expectValid(await other.request.finish(other.token));
    expect(stateOf(await revokeLeaver(), old)).toBe("applied");
    expect(old.isRunning()).toBe(true);
    expect((await body.finish()).status).toBe(200);
    // A poll's time, and that of its connection.
    await waitFor("the old process to end", () => !old.isRunning(), 6000);
  });

  test("is waited for while it is silent, until its lease is over", async () => {
    old.signal("SIGSTOP");
    const early = await revokeLeaver(1);
    expect([early.applied, stateOf(early, old)]).toEqual([false, "pending"]);
    expect(early.pending).toContainEqual(expect.objectContaining({ name: nameOf(early, old) }));
    const late = await revokeLeaver();
    expect([late.applied, stateOf(late, old)]).toEqual([true, "fenced"]);
    old.signal("SIGCONT");
    expectRefused(await leaver.request.finish(leaver.token), { detail: "revoked" });
    expectValid(await other.request.finish(other.token));
  });

  test("is waited for when it is gone, until its lease would be over", async () => {
    await old.kill();
    const confirmed = await revokeLeaver();
    expect([confirmed.applied, stateOf(confirmed, old)]).toEqual([true, "fenced"]);
    expectRefused(await edge.ask(leaver.token), { detail: "revoked" });
    expectValid(await edge.ask(other.token));
  });
});

/** A user whose next request is begun at the old process. */
interface Held {
  readonly name: string;
  readonly token: string;
  readonly request: HeldRequest;
}

function standOf({ verifiers }: Confirmed, { pid }: Program) {
  return verifiers.find(({ name }) => name.includes(`/${pid}/`));
}

function nameOf(confirmed: Confirmed, program: Program) {
  return standOf(confirmed, program)?.name ?? "";
}

function stateOf(confirmed: Confirmed, program: Program) {
  return standOf(confirmed, program)?.state;
}
