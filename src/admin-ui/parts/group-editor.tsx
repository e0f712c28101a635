/** Conditions of a rule: rows and groups of rows, to any depth. */
import type { RuleProblems } from "../logic/rule-problems.ts";
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
  readonly isTop?: boolean;
}

export function GroupEditor({
  group,
  nextId,
  onChange,
  problems,
  isTop = false,
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
        />
      ))}
      <div class="group-foot">
        {!isTop && (
          <Button kind="quiet" icon="plus" onClick={() => add(newCheck(nextId))}>
            Comparison
          </Button>
        )}
        <Button kind="quiet" icon="plus" onClick={() => add(newMember(nextId))}>
          {isTop ? "Condition" : "Member of it"}
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
}

function Item({ item, nextId, put, problems }: ItemProps) {
  if (item.kind === "check") {
    return (
      <CheckRow
        check={item}
        problem={problems.get(item.id)}
        onChange={(next) => put(item.id, next)}
        onRemove={() => put(item.id, undefined)}
      />
    );
  }
  const check = onlyCheck(item);
  if (check !== undefined && !item.group.any) {
    return (
      <CheckRow
        check={check}
        claim={item.name}
        problem={problems.get(item.id) ?? problems.get(check.id)}
        onClaim={(name) => put(item.id, { ...item, name })}
        onChange={(next) => put(item.id, { ...item, group: { any: false, items: [next] } })}
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
        onChange={(group) => put(item.id, { ...item, group })}
      />
    </div>
  );
}
