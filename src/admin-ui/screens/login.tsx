/** Name and password: before anything else, and over a screen whose session has ended. */
import { useState } from "preact/hooks";
import type { Me } from "../api/types.ts";
import { ApiProblem } from "../api/problem.ts";
import { mayAct } from "../logic/roles.ts";
import { Button } from "../parts/button.tsx";
import { Dialog } from "../parts/dialog.tsx";
import { Field } from "../parts/field.tsx";
import { Icon } from "../parts/icon.tsx";
import { ProblemNotice } from "../parts/notice.tsx";
import { useServices } from "../state/services.ts";
import { useTask } from "../state/task.ts";

export function Login() {
  const { router } = useServices();
  const onDone = ({ role }: Me) => {
    // Whoever asked for no screen in particular and may act starts where the phone call needs him.
    if (router.path.value === "/" && mayAct(role, "operator")) router.go("/revoke", "replace");
  };
  return (
    <main class="alone">
      <div class="panel">
        <div class="brand">
          <Icon name="shield" />
          haproxy-jwt
        </div>
        <h1>Log in</h1>
        <LoginForm name="" onDone={onDone} />
        <p class="hint gap">
          The first time there is no account yet: open the link that the server printed on its
          console.
        </p>
      </div>
    </main>
  );
}

/** Asks for the password over the screen, which then goes on where it was. */
export function LoginAgain({ name }: { readonly name: string }) {
  const { session, router } = useServices();
  return (
    <Dialog title="Your session has ended">
      <p>Nothing you typed is lost. Log in to go on where you were.</p>
      <LoginForm name={name} onDone={() => undefined} />
      <div class="buttons">
        <Button
          onClick={() => {
            session.leave();
            router.go("/", "replace");
          }}
        >
          Leave instead
        </Button>
      </div>
    </Dialog>
  );
}

function LoginForm({ name, onDone }: { readonly name: string; readonly onDone: (me: Me) => void }) {
  const { api, session } = useServices();
  const [who, setWho] = useState(name);
  const [password, setPassword] = useState("");
  const [isTried, setTried] = useState(false);
  const task = useTask();
  const login = (event: Event) => {
    event.preventDefault();
    setTried(true);
    if (who.trim() === "" || password === "") return;
    task.run(async () => {
      const body = { name: who.trim(), password };
      const me = await api.call<Me>("/session", { method: "POST", isOpen: true, body });
      onDone(me);
      session.begin(me);
    });
  };
  return (
    <form onSubmit={login}>
      <Field
        label="Name"
        name="username"
        autocomplete="username"
        hasFocus={name === ""}
        isRequired
        value={who}
        onInput={setWho}
        problem={isTried && who.trim() === "" ? "Type your name." : undefined}
      />
      <Field
        label="Password"
        type="password"
        name="password"
        autocomplete="current-password"
        hasFocus={name !== ""}
        isRequired
        value={password}
        onInput={setPassword}
        problem={isTried && password === "" ? "Type your password." : undefined}
      />
      {task.problem !== undefined && <ProblemNotice problem={withNextStep(task.problem)} />}
      <div class="buttons">
        <Button kind="main" type="submit" isBusy={task.isBusy}>
          Log in
        </Button>
      </div>
    </form>
  );
}

function withNextStep(problem: ApiProblem): ApiProblem {
  if (problem.status !== 401) return problem;
  const detail = "Check both and try again. An admin can give you a new password.";
  return new ApiProblem(problem.status, problem.message, { detail });
}
