/** What a revocation rule is once parsed; `parse-rule.ts` makes them, `evaluate.ts` applies them. */
import type { ClaimPath } from "./claim-path.ts";
import type { Scalar } from "./compare.ts";
import type { Pattern } from "./pattern.ts";

/** One operator with its operand, already of the right type. */
export type Check =
  | { readonly op: "eq" | "ne"; readonly operand: Scalar }
  | { readonly op: "gt" | "gte" | "lt" | "lte"; readonly operand: number | bigint | string }
  | { readonly op: "in"; readonly operand: readonly Scalar[] }
  | { readonly op: "sw"; readonly operand: string }
  | { readonly op: "regex"; readonly operand: Pattern }
  | { readonly op: "exists"; readonly operand: boolean };

/**
 * What must hold of one value: of the claim set itself at the top of a rule, of a claim below.
 * `any` joins everything in it by OR, otherwise AND. Never empty.
 */
export interface Condition {
  readonly any: boolean;
  readonly checks: readonly Check[];
  /** Members of the value, if it is an object; of anything else they are missing. */
  readonly members: readonly Member[];
}

export interface Member {
  readonly path: ClaimPath;
  readonly condition: Condition;
}

export interface Rule {
  /** Its JSON text, canonical: what is stored, shown, hashed and exported. */
  readonly text: string;
  readonly condition: Condition;
}

/** UTF-8 bytes a rule's text may have. */
export const MAX_RULE_BYTES = 16 * 1024;

/** Objects within objects a rule may have, its own included. */
export const MAX_RULE_LEVELS = 8;

/** The version of this language, kept beside each stored rule. */
export const RULE_FORMAT = 1;
