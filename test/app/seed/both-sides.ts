/** A Redis with the seed's sets and the rules here, both by hand: what is in them, and what has been done. */
import type { OurRules } from "../../../src/app/seed/our-rules.ts";
import { AppError } from "../../../src/core/app-error.ts";
import { contentOf } from "../../../src/core/revocation/seed-mirror.ts";
import type {
  SeedSetMember,
  SeedSource,
  SeedWatcher,
} from "../../../src/core/revocation/seed-source.ts";
import type { NewRule } from "../../../src/core/revocation/store.ts";

const AWAY = new AppError("unavailable", "away");

/** A Redis by hand. */
export class Sets implements SeedSource {
  readonly name = "test";
  readonly sets = new Map<string, readonly SeedSetMember[]>();
  server = "one";
  isAway = false;
  told: string | undefined;
  watcher: SeedWatcher | undefined;
  /** Sets that a reading of everything does not see, as when they move. */
  readonly unseen = new Set<string>();
  readings = 0;

  set(name: string, ...texts: readonly string[]): void {
    this.sets.set(
      name,
      texts.map((text) => ({ text, score: 0 })),
    );
  }

  async *readAll() {
    this.#check();
    this.readings += 1;
    for (const [name, members] of this.sets) if (!this.unseen.has(name)) yield { name, members };
  }

  async readSet(name: string) {
    this.#check();
    return { name, members: this.sets.get(name) ?? [] };
  }

  async servers() {
    this.#check();
    return this.server;
  }

  async watch(watcher: SeedWatcher) {
    this.watcher = watcher;
  }

  silence = async () => this.told;
  close = () => undefined;

  #check(): void {
    if (this.isAway) throw AWAY;
  }
}

/** The rules here, by hand. */
export class Rules implements OurRules {
  readonly active = new Map<number, NewRule>();
  readonly log: string[] = [];
  isAway = false;
  /** A rule that may not be written. */
  unwanted = "";
  #last = 0;

  async inForce(reason: string, scope?: NewRule["scope"]) {
    this.#check();
    const found = new Map<string, { scope: NewRule["scope"]; ids: number[] }>();
    for (const [id, rule] of this.active) {
      if (rule.reason !== reason) continue;
      if (scope !== undefined && !Bun.deepEquals(scope, rule.scope)) continue;
      const same = found.get(contentOf(rule));
      if (same === undefined) found.set(contentOf(rule), { scope: rule.scope, ids: [id] });
      else same.ids.push(id);
    }
    return found;
  }

  async add(rule: NewRule) {
    this.#check();
    if (rule.rule.text === this.unwanted) throw new AppError("invalid", "its time is over");
    this.#last += 1;
    this.active.set(this.#last, rule);
    this.log.push(`+${textOf(rule)}`);
    return this.#last;
  }

  async addAll(rules: readonly NewRule[]) {
    if (rules.some(({ rule }) => rule.text === this.unwanted)) {
      throw new AppError("invalid", "its time is over");
    }
    for (const rule of rules) await this.add(rule);
    this.log.push(`all ${rules.length}`);
  }

  async lift(id: number) {
    this.#check();
    const rule = this.active.get(id);
    if (rule !== undefined) this.log.push(`-${textOf(rule)}`);
    this.active.delete(id);
  }

  texts() {
    return [...this.active.values()].map(textOf).toSorted();
  }

  #check(): void {
    if (this.isAway) throw AWAY;
  }
}

function textOf({ scope, rule }: NewRule): string {
  return `${scope.kind === "global" ? "*" : scope.subject} ${rule.text}`;
}
