/** One's own account: where one is logged in, log out everywhere, a new password. */
import { useState } from "preact/hooks";
import type { Me, OwnSession } from "../api/types.ts";
import { passwordProblem } from "../logic/password.ts";
import { ROLE_WORDS } from "../logic/roles.ts";
import { ActionDialog } from "../parts/action-dialog.tsx";
import { Button } from "../parts/button.tsx";
import { Field } from "../parts/field.tsx";
import { Heading } from "../parts/heading.tsx";
import { Bones, Notice, ProblemNotice } from "../parts/notice.tsx";
import { Time } from "../parts/time.tsx";
import { useLoad } from "../state/load.ts";
import { useServices } from "../state/services.ts";

export function Account() {
  const { api, session, router } = useServices();
  const list = useLoad("sessions", (signal) =>
    api.call<{ readonly items: readonly OwnSession[] }>("/sessions", { signal }),
  );
  const [open, setOpen] = useState<"password" | "everywhere">();
  const [isChanged, setChanged] = useState(false);
  const me = session.me.value;
  const leave = () => {
    session.leave();
    router.go("/", "replace");
  };
  const logOut = () => {
    void api.call("/session", { method: "DELETE", isOpen: true }).then(leave, leave);
  };
  return (
    <>
      <Heading
        title="Your account"
        hint={
          me === null || me === undefined ? "" : `${me.name} · ${me.role}: ${ROLE_WORDS[me.role]}`
        }
      >
        <Button icon="out" onClick={logOut}>
          Log out
        </Button>
      </Heading>
      {isChanged && (
        <Notice tone="good" role="status">
          Your password is changed. Every other session of yours has ended.
        </Notice>
      )}
      <section class="panel">
        <div class="panel-head">
          <h2>Where you are logged in</h2>
          <Button onClick={() => setOpen("everywhere")}>Log out everywhere…</Button>
        </div>
        {list.problem !== undefined && <ProblemNotice problem={list.problem} retry={list.reload} />}
        {list.data === undefined ? (
          list.problem === undefined && <Bones lines={2} />
        ) : (
          <SessionTable items={list.data.items} />
        )}
      </section>
      <section class="panel">
        <div class="panel-head">
          <h2>Password</h2>
          <Button onClick={() => setOpen("password")}>Change password…</Button>
        </div>
        <p class="soft">15 to 128 characters. Changing it ends every other session of yours.</p>
      </section>
      {open === "everywhere" && (
        <ActionDialog
          title="Log out everywhere?"
          text="Every session of yours ends, this one too."
          action="Log out everywhere"
          isDanger
          wrong={[]}
          send={() => api.call("/sessions", { method: "DELETE" })}
          onDone={leave}
          onClose={() => setOpen(undefined)}
        />
      )}
      {open === "password" && (
        <OwnPassword
          onDone={() => {
            setOpen(undefined);
            setChanged(true);
            list.reload();
          }}
          onClose={() => setOpen(undefined)}
        />
      )}
    </>
  );
}

function SessionTable({ items }: { readonly items: readonly OwnSession[] }) {
  return (
    <table class="short">
      <thead>
        <tr>
          <th class="tight">From</th>
          <th class="tight">Since</th>
          <th>Last seen</th>
        </tr>
      </thead>
      <tbody>
        {items.map((one) => (
          <tr key={one.id}>
            <th scope="row" class="tight">
              <code>{one.from}</code> {one.isThis && <span class="hint">this one</span>}
            </th>
            <td class="tight" data-label="Since">
              <Time at={one.createdAt} />
            </td>
            <td data-label="Last seen">
              <Time at={one.lastSeenAt} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function OwnPassword({
  onDone,
  onClose,
}: {
  readonly onDone: () => void;
  readonly onClose: () => void;
}) {
  const { api } = useServices();
  const [current, setCurrent] = useState("");
  const [password, setPassword] = useState("");
  return (
    <ActionDialog<Me>
      title="Change your password"
      action="Change password"
      wrong={[
        current === "" ? "Type your present password." : undefined,
        passwordProblem(password),
      ]}
      send={() =>
        api.call("/session/password", { method: "PUT", isOpen: true, body: { current, password } })
      }
      onDone={onDone}
      onClose={onClose}
    >
      {(problems) => (
        <>
          <Field
            label="Present password"
            type="password"
            autocomplete="current-password"
            hasFocus
            isRequired
            value={current}
            onInput={setCurrent}
            problem={problems.at(0, "/current")}
          />
          <Field
            label="New password"
            type="password"
            autocomplete="new-password"
            isRequired
            hint="At least 15 characters, such as five unrelated words."
            value={password}
            onInput={setPassword}
            problem={problems.at(1, "/password")}
          />
        </>
      )}
    </ActionDialog>
  );
}
