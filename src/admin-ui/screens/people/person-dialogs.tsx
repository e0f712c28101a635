/** The dialogs that change people. */
import { useState } from "preact/hooks";
import type { Person, Role } from "../../api/types.ts";
import { passwordProblem } from "../../logic/password.ts";
import { ROLE_WORDS } from "../../logic/roles.ts";
import { ActionDialog } from "../../parts/action-dialog.tsx";
import { Field, Select } from "../../parts/field.tsx";
import { useServices } from "../../state/services.ts";

export const ROLE_OPTIONS: readonly (readonly [Role, string])[] = [
  ["viewer", `viewer: ${ROLE_WORDS.viewer}`],
  ["operator", `operator: ${ROLE_WORDS.operator}`],
  ["admin", `admin: ${ROLE_WORDS.admin}`],
];

interface DialogProps {
  readonly onDone: () => void;
  readonly onClose: () => void;
}

export function AddPerson({ onDone, onClose }: DialogProps) {
  const { api } = useServices();
  const [name, setName] = useState("");
  const [role, setRole] = useState<Role>("operator");
  const [password, setPassword] = useState("");
  return (
    <ActionDialog
      title="Add somebody"
      action="Add"
      wrong={[name.trim() === "" ? "A name is needed." : undefined, passwordProblem(password)]}
      send={() =>
        api.call("/people", { method: "POST", body: { name: name.trim(), role, password } })
      }
      onDone={onDone}
      onClose={onClose}
    >
      {(problems) => (
        <>
          <Field
            label="Name"
            hasFocus
            isRequired
            maxLength={64}
            value={name}
            onInput={setName}
            problem={problems.at(0, "/name")}
          />
          <Select label="Role" value={role} options={ROLE_OPTIONS} onChange={setRole} />
          <Field
            label="Password"
            type="password"
            autocomplete="new-password"
            isRequired
            hint="At least 15 characters. Tell them, and have them change it."
            value={password}
            onInput={setPassword}
            problem={problems.at(1, "/password")}
          />
        </>
      )}
    </ActionDialog>
  );
}

export function ChangeRole({ person, onDone, onClose }: DialogProps & { readonly person: Person }) {
  const { api } = useServices();
  const [role, setRole] = useState<Role>(person.role);
  return (
    <ActionDialog
      title={`Role of ${person.name}`}
      action="Change role"
      wrong={[]}
      send={() =>
        api.call(`/people/${encodeURIComponent(person.name)}/role`, {
          method: "PUT",
          body: { role },
        })
      }
      onDone={onDone}
      onClose={onClose}
    >
      {() => (
        <Select
          label="Role, from the next request on"
          value={role}
          options={ROLE_OPTIONS}
          onChange={setRole}
        />
      )}
    </ActionDialog>
  );
}

export function ChangePassword({
  person,
  onDone,
  onClose,
}: DialogProps & { readonly person: Person }) {
  const { api } = useServices();
  const [password, setPassword] = useState("");
  return (
    <ActionDialog
      title={`New password for ${person.name}`}
      text="All of their sessions end."
      action="Set password"
      wrong={[passwordProblem(password)]}
      send={() =>
        api.call(`/people/${encodeURIComponent(person.name)}/password`, {
          method: "PUT",
          body: { password },
        })
      }
      onDone={onDone}
      onClose={onClose}
    >
      {(problems) => (
        <Field
          label="Password"
          type="password"
          autocomplete="new-password"
          hasFocus
          isRequired
          value={password}
          onInput={setPassword}
          problem={problems.at(0, "/password")}
        />
      )}
    </ActionDialog>
  );
}

export function RemovePerson({
  person,
  onDone,
  onClose,
}: DialogProps & { readonly person: Person }) {
  const { api, session } = useServices();
  const isOneself = session.me.value?.name === person.name;
  return (
    <ActionDialog
      title={isOneself ? "Remove yourself?" : `Remove ${person.name}?`}
      text={
        isOneself
          ? "This is you: you cannot log in any more, and this session ends at once. Rules you wrote stay."
          : "They cannot log in any more, and all of their sessions end. Rules they wrote stay."
      }
      action={`Remove ${person.name}`}
      isDanger
      wrong={[]}
      send={() => api.call(`/people/${encodeURIComponent(person.name)}`, { method: "DELETE" })}
      onDone={onDone}
      onClose={onClose}
    />
  );
}
