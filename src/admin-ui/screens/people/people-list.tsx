/** Everybody who may log in: add, change the role, give a new password, remove. */
import { useState } from "preact/hooks";
import type { Person } from "../../api/types.ts";
import { ROLE_WORDS } from "../../logic/roles.ts";
import { Badge } from "../../parts/badge.tsx";
import { Button } from "../../parts/button.tsx";
import { Bones, ProblemNotice, StaleNotice } from "../../parts/notice.tsx";
import { Time } from "../../parts/time.tsx";
import { useLoad } from "../../state/load.ts";
import { useServices } from "../../state/services.ts";
import { AddPerson, ChangePassword, ChangeRole, RemovePerson } from "./person-dialogs.tsx";

type Open =
  | { readonly kind: "add" }
  | { readonly kind: "role" | "password" | "remove"; readonly person: Person };

export function PeopleList() {
  const { api, session } = useServices();
  const list = useLoad("people", (signal) =>
    api.call<{ readonly items: readonly Person[] }>("/people", { signal }),
  );
  const [open, setOpen] = useState<Open>();
  const close = () => setOpen(undefined);
  const done = () => {
    close();
    list.reload();
  };
  const me = session.me.value?.name;
  return (
    <section class="panel">
      <div class="panel-head">
        <h2>People</h2>
        <Button icon="plus" onClick={() => setOpen({ kind: "add" })}>
          Add somebody
        </Button>
      </div>
      {list.problem !== undefined &&
        (list.data === undefined ? (
          <ProblemNotice problem={list.problem} retry={list.reload} />
        ) : (
          <StaleNotice problem={list.problem} at={list.at} retry={list.reload} />
        ))}
      {list.data === undefined && list.problem === undefined && <Bones lines={3} />}
      {list.data !== undefined && (
        <table class="cards">
          <thead>
            <tr>
              <th>Name</th>
              <th>Role</th>
              <th class="tight">Since</th>
              <th class="tight">Password set</th>
              <th>
                <span class="hidden">Change</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {list.data.items.map((person) => (
              <tr key={person.name}>
                <th scope="row">
                  {person.name} {person.name === me && <span class="soft">(you)</span>}
                </th>
                <td data-label="Role">
                  <div>
                    <Badge tone="plain" icon="person">
                      {person.role}
                    </Badge>
                    <div class="hint">{ROLE_WORDS[person.role]}</div>
                  </div>
                </td>
                <td class="tight" data-label="Since">
                  {person.createdAt !== undefined && <Time at={person.createdAt} />}
                </td>
                <td class="tight" data-label="Password set">
                  {person.passwordChangedAt !== undefined && <Time at={person.passwordChangedAt} />}
                </td>
                <td class="tight">
                  <div class="row-actions">
                    <Button kind="quiet" onClick={() => setOpen({ kind: "role", person })}>
                      Change role…<span class="hidden"> of {person.name}</span>
                    </Button>
                    <Button kind="quiet" onClick={() => setOpen({ kind: "password", person })}>
                      New password…<span class="hidden"> for {person.name}</span>
                    </Button>
                    <Button kind="quiet-danger" onClick={() => setOpen({ kind: "remove", person })}>
                      Remove…<span class="hidden"> {person.name}</span>
                    </Button>
                  </div>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {open?.kind === "add" && <AddPerson onDone={done} onClose={close} />}
      {open?.kind === "role" && <ChangeRole person={open.person} onDone={done} onClose={close} />}
      {open?.kind === "password" && (
        <ChangePassword person={open.person} onDone={done} onClose={close} />
      )}
      {open?.kind === "remove" && (
        <RemovePerson person={open.person} onDone={done} onClose={close} />
      )}
    </section>
  );
}
