/** Says in one line whether revocation is enforced right now, from what the verifiers report. */
import type { Confirmed, KeySource, Node, Snapshot, Verifier, Verifiers } from "../api/types.ts";
import { formatCount, formatCounted, formatDuration, formatMs } from "./number.ts";
import { goesOnAlone, isHeard, silenceWords } from "./silence.ts";

export type Tone = "good" | "warn" | "bad" | "plain";

export interface StateLine {
  readonly tone: Tone;
  readonly text: string;
  /** What stands beside it in plain type. */
  readonly more: string;
  /** Who is not heard, though all is well. */
  readonly silence?: string;
  /** Where one finds out more or mends it. */
  readonly href: string;
}

/** A verifier's state in a word. */
export function verifierState(
  one: Verifier,
  newest: number,
): { readonly tone: Tone; readonly text: string } {
  if (!one.isLive) return { tone: "plain", text: "asks each time" };
  if (goesOnAlone(one)) return { tone: "warn", text: "goes on alone" };
  if (one.seq < newest) return { tone: "warn", text: "catching up" };
  return one.staleSeconds > 0
    ? { tone: "warn", text: "best effort" }
    : { tone: "good", text: "live" };
}

/** What a verifier says of a token that the server has judged, as far as that is certain. */
export interface Answer {
  readonly tone: Tone;
  readonly text: string;
  /** Where it takes a word more. */
  readonly why: string;
  /** Whether it is certain to say what the server says. */
  readonly isSure: boolean;
}

/** @param newest the newest change there is */
export function toAnswer(one: Verifier, newest: number, isValid: boolean): Answer {
  const tone = isValid ? "good" : "bad";
  const text = isValid ? "valid" : "refused";
  if (one.isLive && one.seq < newest) {
    const isAlone = goesOnAlone(one);
    const why = `${isAlone ? "goes on without the server: " : ""}may say what was true before`;
    return { tone: "warn", text: isAlone ? "not confirmed" : "pending", why, isSure: false };
  }
  // Without a lease it trusts nothing it remembers, and asks.
  return { tone, text, why: one.isLive ? "" : "by asking the server", isSure: true };
}

/** How many say what the server says: "5 of 6 threads say so, 1 asks each time". */
export function toSaying(verifiers: Verifiers): {
  readonly text: string;
  readonly isSure: boolean;
} {
  const { items, seq } = verifiers;
  const unsure = items.filter((one) => !toAnswer(one, seq, true).isSure).length;
  const asking = items.filter(({ isLive }) => !isLive).length;
  const own = items.length - unsure - asking;
  const say = formatCounted(items.length, "thread says", "threads say");
  const count = own === items.length ? `All ${say}` : `${formatCount(own)} of ${say}`;
  const more =
    asking === 0 ? "" : `, ${formatCount(asking)} ${asking === 1 ? "asks" : "ask"} each time`;
  return { text: `${count} so${more}`, isSure: unsure === 0 };
}

/** A machine's state in a word. */
export function nodeState(one: Node): { readonly tone: Tone; readonly text: string } {
  if (!one.hasLease) {
    return one.isStrict
      ? { tone: "plain", text: "judges nothing" }
      : { tone: "bad", text: "on its own" };
  }
  if (one.behind > 0) return { tone: "warn", text: "catching up" };
  return { tone: "good", text: "live" };
}

/** The line that is always there. */
export function toEnforcementLine({ stats, verifiers }: Snapshot): StateLine {
  const href = "/";
  const { items, seq } = verifiers;
  const number = `rules #${formatCount(seq)}`;
  if (!stats.ready) {
    const [first] = stats.problems;
    return { tone: "bad", text: "The server is not ready", more: first?.problem ?? "", href };
  }
  if (!items.some(({ isLive }) => isLive)) {
    const text = items.length === 0 ? "No HAProxy is connected" : "No HAProxy thread is live";
    // Nothing is wrongly accepted then: without a lease every request is asked about.
    return {
      tone: "warn",
      text,
      more: `${number} · each request is asked about, nothing is remembered`,
      href,
    };
  }
  const heard = items.filter(isHeard);
  const behind = heard.filter((one) => one.seq < seq);
  const count = `${heard.length - behind.length} of ${items.length} ${items.length === 1 ? "thread" : "threads"}`;
  const text = `Enforcing on ${count}`;
  const silence = silenceWords(verifiers);
  const [late] = behind;
  if (late !== undefined) {
    const more = [`${late.name} has not caught up`, silence].filter((one) => one !== "");
    return { tone: "warn", text, more: more.join(" · "), href };
  }
  if (items.some(goesOnAlone)) return { tone: "warn", text, more: silence, href };
  const slowest = Math.max(...heard.map(({ lastLatencyMs }) => lastLatencyMs ?? 0));
  const lag = slowest === 0 ? "" : ` · lag ${formatMs(slowest)}`;
  const more = `${number}${lag}`;
  if (silence === "") return { tone: "good", text, more, href };
  // It trusts nothing it remembers: all is well, but nobody is to think that it were not there.
  return { tone: "good", text, silence, more, href };
}

/** While all is well, with how long ago the oldest keys were read. */
export interface KeysLine extends StateLine {
  readonly ageSeconds?: number;
}

/** How fresh the keys are, the worst source first. */
export function toKeysLine(sources: readonly KeySource[]): KeysLine {
  const href = "/keys";
  const failing = sources.filter(({ error }) => error !== undefined);
  const ages = sources.flatMap(({ ageSeconds }) => (ageSeconds === undefined ? [] : [ageSeconds]));
  const usable = sources.some(({ keys }) => keys.length > 0);
  if (sources.length === 0) return { tone: "bad", text: "No key source", more: "", href };
  if (!usable) return { tone: "bad", text: "No keys", more: "", href };
  if (failing.length > 0) {
    const text = failing.length === 1 ? "1 key source fails" : `${failing.length} key sources fail`;
    return { tone: "warn", text, more: "", href };
  }
  return {
    tone: "plain",
    text: "Keys fresh",
    more: "",
    ...(ages.length === 0 ? {} : { ageSeconds: Math.max(...ages) }),
    href,
  };
}

/** A change as proof: "enforced on 4 of 4 threads, after 9 ms". */
export interface Proof {
  readonly isApplied: boolean;
  readonly sentence: string;
  readonly threads: readonly {
    readonly name: string;
    readonly text: string;
    readonly tone: Tone;
  }[];
}

/** Sums up who has confirmed a change. */
export function toProof(
  applied: boolean,
  verifiers: readonly Confirmed[],
  contacts: Verifiers | undefined,
): Proof {
  const done = verifiers.filter(({ state }) => state === "applied");
  const fenced = verifiers.filter(({ state }) => state === "fenced");
  const slowest = Math.max(0, ...done.map(({ ms }) => ms ?? 0));
  const on = `${done.length} of ${verifiers.length} ${verifiers.length === 1 ? "thread" : "threads"}`;
  const asks = `; ${formatCount(fenced.length)} ${fenced.length === 1 ? "asks" : "ask"} before each answer`;
  const after = `, after ${formatMs(slowest)}${fenced.length === 0 ? "" : asks}`;
  const threads = verifiers.map((one) => ({ name: one.name, ...threadWords(one, contacts) }));
  if (!applied) return { isApplied: false, sentence: `on ${on} so far`, threads };
  const nobody = "everywhere: no HAProxy thread trusts anything it remembers";
  return { isApplied: true, sentence: done.length === 0 ? nobody : `on ${on}${after}`, threads };
}

function threadWords(
  one: Confirmed,
  contacts: Verifiers | undefined,
): { readonly text: string; readonly tone: Tone } {
  const silentMs = contacts?.items.find(({ id }) => id === one.id)?.silentForMs;
  const silent = silentMs === undefined ? "" : `, silent for ${formatDuration(silentMs / 1000)}`;
  switch (one.state) {
    case "applied":
      return { text: one.ms === undefined ? "enforced" : formatMs(one.ms), tone: "good" };
    case "fenced":
      return { text: `has stopped trusting what it remembers${silent}`, tone: "plain" };
    case "pending":
      return { text: `has not confirmed yet${silent}`, tone: "warn" };
    case "unconfirmed":
      return { text: `not confirmed, and set to go on without the server${silent}`, tone: "bad" };
  }
}
