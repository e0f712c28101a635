/** What a mirror of the seed's sets tells while it runs. */
import type { MemberProblem } from "../../core/revocation/seed-mirror.ts";

export type SeedEvent =
  /** Everything was read; the first time, and whenever that has changed something. */
  | {
      readonly event: "read";
      readonly sets: number;
      readonly present: number;
      readonly added: number;
      readonly lifted: number;
      readonly expired: number;
      readonly refused: number;
    }
  | { readonly event: "added" | "lifted"; readonly set: string; readonly id: number }
  /** A member cannot be a rule here: what it revokes over there is not revoked here. */
  | ({ readonly event: "refused" } & MemberProblem)
  /** Changes are not told of: everything is read again every so often. */
  | { readonly event: "polling"; readonly why: string; readonly everySeconds: number }
  | { readonly event: "listening"; readonly everySeconds: number }
  | { readonly event: "away"; readonly why: string }
  | { readonly event: "back" }
  /** A server that was not read before has none of the rules: nothing is lifted. */
  | { readonly event: "held"; readonly rules: number };
