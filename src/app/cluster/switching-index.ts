/** The judging path of a node: by whichever replica is in use, exchanged in one step. */
import { AppError } from "../../core/app-error.ts";
import type { JsonObject } from "../../core/json.ts";
import type { IndexCounts, RevocationIndex, RuleMatch } from "../../core/revocation/store.ts";

const NOTHING: IndexCounts = {
  globalRules: 0,
  globalLinearRules: 0,
  subjectRules: 0,
  unreadableRules: 0,
  cachedSubjects: 0,
  cachedBytes: 0,
};

/** Judges nothing before there is a replica. */
export class SwitchingIndex implements RevocationIndex {
  readonly #current: () => RevocationIndex | undefined;

  /** @param current the index in use, asked for at each judgement */
  constructor(current: () => RevocationIndex | undefined) {
    this.#current = current;
  }

  get epoch(): string {
    return this.#current()?.epoch ?? "";
  }

  get seq(): number {
    return this.#current()?.seq ?? 0;
  }

  findMatch(
    claims: JsonObject,
    subjects: readonly string[],
    issuer: string | undefined,
    nowSeconds: number,
    digest?: () => string,
  ): RuleMatch | undefined {
    const current = this.#current();
    if (current === undefined) {
      throw new AppError("unavailable", "the rules of the shared store are not here yet");
    }
    return current.findMatch(claims, subjects, issuer, nowSeconds, digest);
  }

  ready(): readonly string[] {
    return this.#current()?.ready() ?? ["the rules of the shared store are not here yet"];
  }

  counts(): IndexCounts {
    return this.#current()?.counts() ?? NOTHING;
  }
}
