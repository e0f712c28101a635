/** Conditions of a rule: rows and groups of rows, to any depth. */
import type { RuleProblems } from "../logic/rule-problems.ts";
import { fitClaim, type RuleWarnings } from "../logic/rule-warnings.ts";
import {
  changeItem,
  type Check,
  type Group,
  type Member,
  newCheck,
  newMember,
  type NextId,
  onlyCheck,
} from "../logic/rule-model.ts";
import { Button, IconButton } from "./button.tsx";
import { CheckRow } from "./check-row.tsx";
import { Wrong } from "./field.tsx";

export interface GroupEditorProps {
  readonly group: Group;
  readonly nextId: NextId;
  readonly onChange: (group: Group) => void;
  readonly problems: RuleProblems;
  readonly warnings: RuleWarnings;
  readonly isTop?: boolean;
  /** There where the group is what must hold of one claim. */
  readonly claim?: string;
  /** What the claim, or the member of one, is called so far. */
  readonly name?: string;
}

export function GroupEditor({
  group,
  nextId,
  onChange,
  problems,
  warnings,
  isTop = false,
  claim,
  name = "",
}: GroupEditorProps) {
  const add = (item: Check | Member) => onChange({ ...group, items: [...group.items, item] });
  const put = (id: number, next: Check | Member | undefined) =>
    onChange(changeItem(group, id, () => next));
  return (
    <div class={isTop ? "group" : ""}>
      {(group.items.length > 1 || group.any) && (
        <div class="group-head">
          <select
            class="input"
            aria-label={isTop ? "How the conditions join" : "How these join"}
            value={group.any ? "any" : "all"}
            onChange={({ currentTarget }) =>
              onChange({ ...group, any: currentTarget.value === "any" })
            }
          >
            <option value="all">all of these hold</option>
            <option value="any">one of these holds</option>
          </select>
        </div>
      )}
      {group.items.map((item) => (
        <Item
          key={item.id}
          item={item}
          isTop={isTop}
          nextId={nextId}
          put={put}
          problems={problems}
          warnings={warnings}
          claim={claim}
        />
      ))}
      <div class="group-foot">
        {!isTop && (
          <Button kind="quiet" icon="plus" onClick={() => add(newCheck(nextId))}>
            Compare {name || "the claim"} itself
          </Button>
        )}
        <Button kind="quiet" icon="plus" onClick={() => add(newMember(nextId))}>
          {isTop ? "Condition" : `A member of ${name || "it"}`}
        </Button>
      </div>
    </div>
  );
}

interface ItemProps {
  readonly item: Check | Member;
  readonly isTop: boolean;
  readonly nextId: NextId;
  readonly put: (id: number, next: Check | Member | undefined) => void;
  readonly problems: RuleProblems;
  readonly warnings: RuleWarnings;
  readonly claim: string | undefined;
}

function Item({ item, isTop, nextId, put, problems, warnings, claim }: ItemProps) {
  if (item.kind === "check") {
    return (
      <CheckRow
        check={item}
        problem={problems.get(item.id)}
        warning={warnings.get(item.id)}
        onChange={(next) => put(item.id, fitted(claim, item, next))}
        onRemove={() => put(item.id, undefined)}
      />
    );
  }
  const own = isTop ? item.name : undefined;
  const check = onlyCheck(item);
  if (check !== undefined && !item.group.any) {
    return (
      <CheckRow
        check={check}
        claim={item.name}
        problem={problems.get(item.id) ?? problems.get(check.id)}
        warning={warnings.get(check.id)}
        onClaim={(name) => {
          const operand = fitClaim(isTop ? name : undefined, check.operand);
          put(item.id, { ...item, name, group: { any: false, items: [{ ...check, operand }] } });
        }}
        onChange={(next) =>
          put(item.id, { ...item, group: { any: false, items: [fitted(own, check, next)] } })
        }
        onSplit={() =>
          put(item.id, { ...item, group: { any: false, items: [check, newCheck(nextId)] } })
        }
        onRemove={() => put(item.id, undefined)}
      />
    );
  }
  const problem = problems.get(item.id);
  return (
    <div class="group" role="group" aria-label={`Claim ${item.name}`}>
      <div class="group-head">
        <input
          class="input mono"
          aria-label="Claim"
          placeholder="claim"
          aria-invalid={problem !== undefined}
          value={item.name}
          onInput={({ currentTarget }) => put(item.id, { ...item, name: currentTarget.value })}
        />
        <IconButton
          icon="close"
          label={`Remove ${item.name || "this group"}`}
          onClick={() => put(item.id, undefined)}
        />
      </div>
      {problem !== undefined && <Wrong>{problem}</Wrong>}
      <GroupEditor
        group={item.group}
        nextId={nextId}
        problems={problems}
        warnings={warnings}
        name={item.name}
        {...(own === undefined ? {} : { claim: own })}
        onChange={(group) => put(item.id, { ...item, group })}
      />
    </div>
  );
}

/** Typing makes a number of it; the type that was chosen afterwards stands. */
function fitted(claim: string | undefined, former: Check, next: Check): Check {
  if (next.operand.text === former.operand.text) return next;
  return { ...next, operand: next.op === "in" ? next.operand : fitClaim(claim, next.operand) };
}
