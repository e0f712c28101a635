/** One comparison: claim, operator, operand; a claim's further comparisons make it a group. */
import { useId } from "preact/hooks";
import {
  type Check,
  fitOperand,
  type Operand,
  OPERAND_TYPES,
  OPERATOR_WORDS,
  type Operator,
  OPERATORS,
} from "../logic/rule-model.ts";
import { Button, IconButton } from "./button.tsx";
import { Wrong } from "./field.tsx";
import { Icon } from "./icon.tsx";

export interface CheckRowProps {
  readonly check: Check;
  readonly problem: string | undefined;
  /** Where it can be written, but will not do what it looks like. */
  readonly warning: string | undefined;
  readonly onChange: (check: Check) => void;
  readonly onRemove: () => void;
  /** There where the row names its own claim. */
  readonly claim?: string;
  readonly onClaim?: (name: string) => void;
  readonly onSplit?: () => void;
}

export function CheckRow({
  check,
  problem,
  warning,
  onChange,
  onRemove,
  claim,
  onClaim,
  onSplit,
}: CheckRowProps) {
  const id = useId();
  const invalid = problem === undefined ? {} : { "aria-invalid": true, "aria-describedby": id };
  return (
    <div
      class="condition"
      role="group"
      aria-label={claim === undefined ? "Comparison" : `Condition on ${claim || "a claim"}`}
    >
      {onClaim !== undefined && (
        <input
          class="input mono"
          aria-label="Claim"
          placeholder="claim, such as client_id"
          autocomplete="off"
          spellcheck={false}
          {...invalid}
          value={claim ?? ""}
          onInput={({ currentTarget }) => onClaim(currentTarget.value)}
        />
      )}
      <select
        class={onClaim === undefined ? "input second" : "input"}
        aria-label="How it is compared"
        value={check.op}
        onChange={({ currentTarget }) => {
          const op = OPERATORS.find((one) => one === currentTarget.value) ?? check.op;
          onChange({ ...check, op, operand: fitOperand(op, check.operand) });
        }}
      >
        {OPERATORS.map((op) => (
          <option key={op} value={op}>
            {op === "exists" ? "is there, or not" : OPERATOR_WORDS[op]}
          </option>
        ))}
      </select>
      <OperandField
        op={check.op}
        operand={check.operand}
        invalid={invalid}
        onChange={(operand) => onChange({ ...check, operand })}
      />
      <IconButton
        icon="close"
        label={`Remove condition${claim === undefined ? "" : ` on ${claim || "a claim"}`}`}
        onClick={onRemove}
      />
      {problem !== undefined && <Wrong id={id}>{problem}</Wrong>}
      {problem === undefined && warning !== undefined && (
        <p class="wrong warned" role="status">
          <Icon name="warn" />
          {warning}
        </p>
      )}
      {onSplit !== undefined && claim !== "" && (
        <div class="split">
          <Button kind="quiet" icon="plus" onClick={onSplit}>
            Another comparison on {claim ?? "it"}
          </Button>
        </div>
      )}
    </div>
  );
}

const TYPE_WORDS: Readonly<Record<Operand["type"], string>> = {
  text: "text",
  number: "number",
  true: "true",
  false: "false",
  null: "null",
};

interface OperandFieldProps {
  readonly op: Operator;
  readonly operand: Operand;
  readonly invalid: object;
  readonly onChange: (operand: Operand) => void;
}

function OperandField({ op, operand, invalid, onChange }: OperandFieldProps) {
  if (op === "exists") {
    return (
      <select
        class="input second"
        aria-label="There or not"
        value={operand.type}
        onChange={({ currentTarget }) =>
          onChange({ ...operand, type: currentTarget.value === "false" ? "false" : "true" })
        }
      >
        <option value="true">there</option>
        <option value="false">missing</option>
      </select>
    );
  }
  const isOrdered = op === "gt" || op === "gte" || op === "lt" || op === "lte";
  const hasType = isOrdered || op === "eq" || op === "ne";
  const types = isOrdered ? OPERAND_TYPES.slice(0, 2) : OPERAND_TYPES;
  const hasText = operand.type === "text" || operand.type === "number";
  return (
    <div class="operand second">
      {hasText && (
        <input
          class="input mono"
          aria-label="Value"
          placeholder={op === "in" ? '"a", "b", 5' : ""}
          autocomplete="off"
          spellcheck={false}
          {...invalid}
          value={operand.text}
          onInput={({ currentTarget }) => onChange({ ...operand, text: currentTarget.value })}
        />
      )}
      {hasType && (
        <select
          class="input"
          aria-label="Type of the value"
          value={operand.type}
          onChange={({ currentTarget }) => {
            const type = OPERAND_TYPES.find((one) => one === currentTarget.value) ?? operand.type;
            onChange({ ...operand, type });
          }}
        >
          {types.map((type) => (
            <option key={type} value={type}>
              {TYPE_WORDS[type]}
            </option>
          ))}
        </select>
      )}
    </div>
  );
}
