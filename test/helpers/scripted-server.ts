/**
 * A token-server that plays a script: it judges everybody valid until told otherwise, holds an answer back until it
 * is let go, and sends a change to the verifier in the very moment. For interleavings that a real server seldom has.
 */
const VERDICT_TYPE = "application/vnd.haproxy-jwt.verdict+json";
const FEED_TYPE = "application/vnd.haproxy-jwt.feed+json";
/** HAProxy's side takes no shorter answers. */
const PADDING = " ".repeat(600);
const EPOCH = "scripted";

/** A question whose answer, judged when it came, waits. */
export interface Held {
  readonly subject: string;
  readonly letGo: () => void;
}

export interface ScriptedServer {
  readonly port: number;
  /** The sequence that the verifier has last said to have applied. */
  readonly applied: () => number;
  readonly seq: () => number;
  /** The latest. */
  readonly held: () => Held | undefined;
  /** How many there have been. */
  readonly heldInAll: () => number;
  readonly isPolled: () => boolean;
  /** Revokes subjects, a change for each, and answers the poll that is held. */
  readonly revoke: (subjects: readonly string[]) => void;
}

/**
 * Starts one; it ends when `stack` is disposed.
 *
 * @param isHeld whose answers wait: everybody's, unless given
 */
export function startScriptedServer(
  stack: AsyncDisposableStack,
  isHeld: (subject: string) => boolean = () => true,
): ScriptedServer {
  let seq = 1;
  let applied = 0;
  let held: Held | undefined;
  let heldInAll = 0;
  let answerPoll: ((tags: readonly string[]) => void) | undefined;
  const revoked = new Set<string>();

  const poll = async (request: Request): Promise<Response> => {
    applied = Number(request.headers.get("x-jwt-seq") ?? 0);
    if (applied !== seq) return feed([]);
    const { promise, resolve } = Promise.withResolvers<readonly string[]>();
    answerPoll = resolve;
    const timer = setTimeout(() => resolve([]), 900);
    const tags = await promise;
    clearTimeout(timer);
    if (answerPoll === resolve) answerPoll = undefined;
    return feed(tags);
  };
  const feed = (tags: readonly string[]) =>
    answer(FEED_TYPE, { epoch: EPOCH, seq, lease: 4, hold: 1, tags, keys: "k" });
  const judge = async (token: string): Promise<Response> => {
    const subject = subjectOf(token);
    const said = { stateless: "1", body: JSON.stringify({ sub: subject }), tags: [subject] };
    const refused = { ...said, valid: "0", reason: "E_TKN_INVALID", detail: "revoked" };
    if (revoked.has(subject)) return answer(VERDICT_TYPE, { ...refused, seq, epoch: EPOCH });
    const judgedAt = seq;
    if (isHeld(subject)) {
      const { promise, resolve } = Promise.withResolvers<void>();
      held = { subject, letGo: resolve };
      heldInAll += 1;
      await promise;
    }
    const valid = { ...said, valid: "1", reason: "ok" };
    return answer(VERDICT_TYPE, { ...valid, seq: judgedAt, epoch: EPOCH });
  };
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: async (request) => {
      const { pathname } = new URL(request.url);
      if (pathname === "/feed") return poll(request);
      if (pathname === "/livez") return new Response("ok");
      return judge(await request.text());
    },
  });
  stack.defer(() => server.stop(true));
  return {
    port: server.port ?? 0,
    applied: () => applied,
    seq: () => seq,
    held: () => held,
    heldInAll: () => heldInAll,
    isPolled: () => answerPoll !== undefined,
    revoke: (subjects) => {
      for (const subject of subjects) revoked.add(subject);
      seq += subjects.length;
      held = undefined;
      const resolve = answerPoll;
      answerPoll = undefined;
      resolve?.(subjects);
    },
  };
}

function answer(type: string, members: object): Response {
  return new Response(JSON.stringify(members) + PADDING, { headers: { "content-type": type } });
}

function subjectOf(token: string): string {
  const payload = token.split(".")[1] ?? "";
  const claims: unknown = JSON.parse(Buffer.from(payload, "base64url").toString() || "{}");
  const isObject = typeof claims === "object" && claims !== null && "sub" in claims;
  return isObject ? String(claims.sub) : "";
}
