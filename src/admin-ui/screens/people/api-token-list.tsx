/** API tokens: made once, shown once, revoked at will. */
import { useState } from "preact/hooks";
import type { ApiToken, Role } from "../../api/types.ts";
import { ActionDialog } from "../../parts/action-dialog.tsx";
import { Badge } from "../../parts/badge.tsx";
import { Button } from "../../parts/button.tsx";
import { Dialog } from "../../parts/dialog.tsx";
import { Field, Select } from "../../parts/field.tsx";
import { Bones, Empty, ProblemNotice, StaleNotice } from "../../parts/notice.tsx";
import { SecretText } from "../../parts/secret-text.tsx";
import { Time } from "../../parts/time.tsx";
import { useLoad } from "../../state/load.ts";
import { useServices } from "../../state/services.ts";
import { ROLE_OPTIONS } from "./person-dialogs.tsx";

export function ApiTokenList() {
  const { api } = useServices();
  const list = useLoad("tokens", (signal) =>
    api.call<{ readonly items: readonly ApiToken[] }>("/api-tokens", { signal }),
  );
  const [isAdding, setAdding] = useState(false);
  const [made, setMade] = useState<ApiToken>();
  const [going, setGoing] = useState<ApiToken>();
  const items = list.data?.items;
  return (
    <section class="panel">
      <div class="panel-head">
        <h2>API tokens</h2>
        <Button icon="plus" onClick={() => setAdding(true)}>
          Make a token
        </Button>
      </div>
      {list.problem !== undefined &&
        (items === undefined ? (
          <ProblemNotice problem={list.problem} retry={list.reload} />
        ) : (
          <StaleNotice problem={list.problem} at={list.at} retry={list.reload} />
        ))}
      {items === undefined && list.problem === undefined && <Bones lines={3} />}
      {items?.length === 0 && (
        <Empty title="No API tokens">
          A program that revokes needs one: make it here, it is shown once.
        </Empty>
      )}
      {items !== undefined && items.length > 0 && <TokenTable items={items} onRevoke={setGoing} />}
      {isAdding && (
        <AddToken
          onDone={(token) => {
            setAdding(false);
            setMade(token);
            list.reload();
          }}
          onClose={() => setAdding(false)}
        />
      )}
      {made?.token !== undefined && (
        <Dialog title={`Token ${made.name}`} onClose={() => setMade(undefined)}>
          <p>Copy it now: it is shown this once and kept nowhere.</p>
          <SecretText text={made.token} />
          <div class="buttons">
            <Button onClick={() => setMade(undefined)}>I have copied it</Button>
          </div>
        </Dialog>
      )}
      {going !== undefined && (
        <ActionDialog
          title={`Revoke API token ${going.name}?`}
          text="What uses it gets in no more, from its next request on. This cannot be undone."
          action={`Revoke ${going.name}`}
          isDanger
          wrong={[]}
          send={() =>
            api.call(`/api-tokens/${encodeURIComponent(going.name)}`, { method: "DELETE" })
          }
          onDone={() => {
            setGoing(undefined);
            list.reload();
          }}
          onClose={() => setGoing(undefined)}
        />
      )}
    </section>
  );
}

function TokenTable({
  items,
  onRevoke,
}: {
  readonly items: readonly ApiToken[];
  readonly onRevoke: (token: ApiToken) => void;
}) {
  return (
    <table class="cards">
      <thead>
        <tr>
          <th>Name</th>
          <th class="tight">Role</th>
          <th class="tight">Made</th>
          <th class="tight">Last used</th>
          <th class="tight">State</th>
          <th>
            <span class="hidden">Change</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {items.map((token) => (
          <tr key={token.id}>
            <th scope="row">{token.name}</th>
            <td class="tight" data-label="Role">
              {token.role}
            </td>
            <td class="tight" data-label="Made">
              <div>
                <Time at={token.createdAt} />
                <div class="hint any">{token.createdBy}</div>
              </div>
            </td>
            <td class="tight" data-label="Last used">
              {token.lastUsedAt === undefined ? (
                <span class="soft">never</span>
              ) : (
                <Time at={token.lastUsedAt} />
              )}
            </td>
            <td class="tight" data-label="State">
              {token.revokedAt === undefined ? (
                <Badge tone="good">active</Badge>
              ) : (
                <Badge tone="plain" icon="off">
                  revoked
                </Badge>
              )}
            </td>
            <td>
              {token.revokedAt === undefined && (
                <div class="row-actions">
                  <Button kind="quiet-danger" onClick={() => onRevoke(token)}>
                    Revoke…<span class="hidden"> {token.name}</span>
                  </Button>
                </div>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function AddToken({
  onDone,
  onClose,
}: {
  readonly onDone: (token: ApiToken) => void;
  readonly onClose: () => void;
}) {
  const { api } = useServices();
  const [name, setName] = useState("");
  const [role, setRole] = useState<Role>("operator");
  return (
    <ActionDialog
      title="Make an API token"
      action="Make it"
      wrong={[name.trim() === "" ? "Name it after what uses it." : undefined]}
      send={() =>
        api.call<ApiToken>("/api-tokens", { method: "POST", body: { name: name.trim(), role } })
      }
      onDone={onDone}
      onClose={onClose}
    >
      {(problems) => (
        <>
          <Field
            label="Name"
            hint="After what uses it: it stands in the audit."
            hasFocus
            isRequired
            maxLength={64}
            value={name}
            onInput={setName}
            problem={problems.at(0, "/name")}
          />
          <Select label="Role" value={role} options={ROLE_OPTIONS} onChange={setRole} />
        </>
      )}
    </ActionDialog>
  );
}
