/**
 * Keeps the rules of intents for as long as a token they are meant for can be accepted: where a start or a
 * reload brings a policy that accepts tokens for longer, rules that end too early for it are carried on.
 */
import { AppError } from "../core/app-error.ts";
import type { AccountStore } from "../core/revocation/accounts.ts";
import { MAX_REASON_LENGTH } from "../core/revocation/new-rule.ts";
import { parseRule } from "../core/revocation/parse-rule.ts";
import { type EndPolicy, isLonger, neededEnd, shorterOf } from "../core/revocation/rule-ends.ts";
import type { Actor, NewRule, RuleQuery, RuleStore, StoredRule } from "../core/revocation/store.ts";
import type { Policy } from "../core/token/policy.ts";
import type { Log } from "../log.ts";

export interface RuleEndsParts {
  readonly rules: Pick<RuleStore, "beginImport" | "listRules">;
  /** Those of the rules' store: it is about all rules in it, whoever wrote them. */
  readonly settings: Pick<AccountStore, "getSetting" | "setSetting">;
  readonly log: Pick<Log, "warn">;
  readonly nowSeconds: () => number;
}

/** The shortest policy that a rule in the store may still have its end from. */
const SETTING = "rule_ends";
const ACTOR: Actor = { who: "server", via: "server", from: "local" };
const PAGE = 500;
const RETRY_MS = 1000;

export function endPolicyOf({ clockSkew, maxTokenAge }: Policy): EndPolicy {
  return { skewSeconds: clockSkew, maxTokenAgeSeconds: maxTokenAge };
}

export class RuleEnds {
  readonly #parts: RuleEndsParts;
  #judgedBy: EndPolicy | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #isStopped = false;
  #work: Promise<unknown> = Promise.resolve();

  constructor(parts: RuleEndsParts) {
    this.#parts = parts;
  }

  /**
   * To be called before tokens are judged by a policy: when it returns, no rule ends too early for it.
   * @throws AppError as the store's methods do; it is then to be called again
   */
  keep(policy: EndPolicy): Promise<void> {
    return this.#inTurn(async () => {
      await this.#keep(policy);
      this.#judgedBy = policy;
    });
  }

  /**
   * The first `keep` of a run. A shared store that is away keeps nobody from starting: it is tried again
   * until it is done, and nothing is to be judged before (`isKept`).
   */
  async begin(policy: EndPolicy, isShared: boolean): Promise<void> {
    try {
      await this.keep(policy);
    } catch (error) {
      if (!isShared || !(error instanceof AppError)) throw error;
      this.#beginLater(policy);
    }
  }

  /** Whether it was done once. */
  get isKept(): boolean {
    return this.#judgedBy !== undefined;
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#retry);
  }

  /** Writes a rule whose end follows from a policy, and notes that before. */
  write<T>(policy: EndPolicy, write: () => Promise<T>): Promise<T> {
    return this.#inTurn(async () => {
      const noted = await this.#read();
      if (noted === undefined || isLonger(noted, policy)) {
        await this.#note(noted === undefined ? policy : shorterOf(noted, policy));
      }
      const written = await write();
      // A reload came between the reading of the policy and this.
      if (this.#judgedBy !== undefined && isLonger(this.#judgedBy, policy)) {
        await this.#keep(this.#judgedBy);
      }
      return written;
    });
  }

  /** What keeps the store away is told by whoever follows it. */
  #beginLater(policy: EndPolicy): void {
    if (this.#isStopped) return;
    this.#retry = setTimeout(() => {
      // A reload may have brought another policy, and done it.
      if (this.isKept) return;
      this.keep(policy).catch(() => this.#beginLater(policy));
    }, RETRY_MS);
  }

  async #keep(policy: EndPolicy): Promise<void> {
    const noted = await this.#read();
    if (noted !== undefined && isLonger(policy, noted)) await this.#carryOn(noted, policy);
    if (noted === undefined || toText(noted) !== toText(policy)) await this.#note(policy);
  }

  /** Rules are never edited: each gets a second one behind it, all of them in one change. */
  async #carryOn(from: EndPolicy, to: EndPolicy): Promise<void> {
    const { log, rules } = this.#parts;
    const successors = await this.#findSuccessors(from, to);
    if (successors.length === 0) return;
    const work = await rules.beginImport(ACTOR, "revocations that tokens would have outlived");
    try {
      for (let at = 0; at < successors.length; at += PAGE) {
        const piece = successors.slice(at, at + PAGE);
        // oxlint-disable-next-line no-await-in-loop -- small transactions, one after the other
        await work.stage(piece.map((rule, n) => ({ line: at + n + 1, rule })));
      }
      await work.commit();
    } finally {
      await work.abort();
    }
    log.warn(
      "tokens are accepted for longer than before: revocations that would have ended too early are carried on",
      { count: successors.length },
    );
  }

  async #findSuccessors(from: EndPolicy, to: EndPolicy): Promise<readonly NewRule[]> {
    const groups = new Map<string, Group>();
    for await (const rule of this.#list({ sort: "end", order: "asc" })) {
      // Those that never end come last.
      if (rule.expireAt === 0) break;
      if (this.#isToCome(neededEnd(rule, from, to))) groups.set(keyOf(rule), {});
    }
    if (groups.size === 0) return [];
    for await (const rule of this.#list({ order: "asc" })) {
      const group = groups.get(keyOf(rule));
      if (group !== undefined) join(group, rule);
    }
    return [...groups.values()].flatMap(({ longest, newest }) => {
      if (longest === undefined) return [];
      // It has ended, and what was written of it since was taken back: so it stays.
      if (longest.state === "expired" && newest?.state === "lifted") return [];
      const expireAt = neededEnd(longest, from, to);
      return this.#isToCome(expireAt) ? [toSuccessor(longest, expireAt)] : [];
    });
  }

  #isToCome(end: number | undefined): end is number {
    return end !== undefined && (end === 0 || end > this.#parts.nowSeconds());
  }

  async *#list(query: Pick<RuleQuery, "sort" | "order">): AsyncGenerator<StoredRule> {
    let cursor: string | undefined;
    do {
      // oxlint-disable-next-line no-await-in-loop -- each page begins where the one before ended
      const page = await this.#parts.rules.listRules({ ...query, cursor, limit: PAGE });
      yield* page.items;
      ({ cursor } = page);
    } while (cursor !== undefined);
  }

  async #read(): Promise<EndPolicy | undefined> {
    return parse(await this.#parts.settings.getSetting(SETTING));
  }

  #note(policy: EndPolicy): Promise<void> {
    return this.#parts.settings.setSetting(SETTING, toText(policy));
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#work.catch(() => undefined).then(work);
    this.#work = done;
    return done;
  }
}

/** Rules of the same words for the same tokens. */
interface Group {
  newest?: StoredRule;
  /** Of those that were not lifted. */
  longest?: StoredRule;
}

function join(group: Group, rule: StoredRule): void {
  group.newest = rule;
  if (rule.state === "lifted") return;
  const isLonger = endsAt(rule) > (group.longest === undefined ? 0 : endsAt(group.longest));
  if (isLonger) group.longest = rule;
}

function endsAt({ expireAt }: StoredRule): number {
  return expireAt === 0 ? Number.POSITIVE_INFINITY : expireAt;
}

function keyOf({ scope, text }: StoredRule): string {
  return JSON.stringify(scope.kind === "global" ? [text] : [text, scope.subject, scope.issuer]);
}

function toSuccessor({ id, scope, text, reason }: StoredRule, expireAt: number): NewRule {
  const first = reason.replace(/^carries on rule \d+: /, "");
  const why = `carries on rule ${id}: ${first}`.slice(0, MAX_REASON_LENGTH).toWellFormed();
  return { scope, rule: parseRule(text), expireAt, reason: why };
}

function parse(text: string | undefined): EndPolicy | undefined {
  const [, skew, age] = /^(\d+) (\d+|none)$/.exec(text ?? "") ?? [];
  if (skew === undefined) return undefined;
  return {
    skewSeconds: Number(skew),
    maxTokenAgeSeconds: age === "none" ? undefined : Number(age),
  };
}

function toText({ skewSeconds, maxTokenAgeSeconds }: EndPolicy): string {
  return `${skewSeconds} ${maxTokenAgeSeconds ?? "none"}`;
}
