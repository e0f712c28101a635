/** Makes the first admin, with the secret of the link that the server printed. */
import { useState } from "preact/hooks";
import type { Me } from "../api/types.ts";
import { type ApiProblem, toFieldWords } from "../api/problem.ts";
import { Button } from "../parts/button.tsx";
import { Field } from "../parts/field.tsx";
import { Icon } from "../parts/icon.tsx";
import { ProblemNotice } from "../parts/notice.tsx";
import { passwordProblem } from "../logic/password.ts";
import { useLoad } from "../state/load.ts";
import { useServices } from "../state/services.ts";
import { useTask } from "../state/task.ts";

/** @param secret the link's fragment; it is in no history any more */
export function FirstRun({
  secret,
  onDone,
}: {
  readonly secret: string;
  readonly onDone: () => void;
}) {
  const { api, session, router } = useServices();
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [again, setAgain] = useState("");
  const [isTried, setTried] = useState(false);
  const task = useTask();
  const wrong = {
    name: name.trim() === "" ? "Choose the name you log in with." : undefined,
    password: passwordProblem(password),
    again: again === password ? undefined : "The two are not the same.",
  };
  const create = (event: Event) => {
    event.preventDefault();
    setTried(true);
    if (Object.values(wrong).some((one) => one !== undefined)) return;
    task.run(async () => {
      const body = { secret, name: name.trim(), password };
      const me = await api.call<Me>("/first-run", { method: "POST", isOpen: true, body });
      router.go("/", "replace");
      session.begin(me);
      onDone();
    });
  };
  const { problem } = task;
  const held = useLoad("link", (signal) =>
    api.call("/first-run/check", { method: "POST", isOpen: true, body: { secret }, signal }),
  );
  const refused = [held.problem, problem].find((one) => one?.status === 401);
  if (refused !== undefined) return <NoLink problem={refused} onLeave={onDone} />;
  const at = (path: string) => (problem?.path === path ? toFieldWords(problem) : undefined);
  return (
    <main class="alone">
      <div class="panel">
        <div class="brand">
          <Icon name="shield" />
          haproxy-jwt
        </div>
        <h1>Make the first admin</h1>
        <p class="soft">
          This link works once, for 15 minutes. Further people are added on the page.
        </p>
        <form onSubmit={create}>
          <Field
            label="Name"
            name="username"
            autocomplete="username"
            hasFocus
            isRequired
            maxLength={64}
            value={name}
            onInput={setName}
            problem={(isTried ? wrong.name : undefined) ?? at("/name")}
          />
          <Field
            label="Password"
            type="password"
            name="new-password"
            autocomplete="new-password"
            isRequired
            hint="At least 15 characters, such as five unrelated words."
            value={password}
            onInput={setPassword}
            problem={(isTried ? wrong.password : undefined) ?? at("/password")}
          />
          <Field
            label="Password again"
            type="password"
            autocomplete="new-password"
            isRequired
            value={again}
            onInput={setAgain}
            problem={isTried ? wrong.again : undefined}
          />
          {problem !== undefined && problem.path === undefined && (
            <ProblemNotice problem={problem} />
          )}
          <div class="buttons">
            <Button kind="main" type="submit" isBusy={task.isBusy}>
              Make this admin
            </Button>
          </div>
        </form>
      </div>
    </main>
  );
}

/** The link was used, its time is over, or nobody gave it out. */
function NoLink({
  problem,
  onLeave,
}: {
  readonly problem: ApiProblem;
  readonly onLeave: () => void;
}) {
  return (
    <main class="alone">
      <div class="panel">
        <h1 class="hidden">Make the first admin</h1>
        <ProblemNotice problem={problem} />
        <p class="gap soft">Once there is an admin, you log in.</p>
        <div class="buttons">
          <Button kind="main" onClick={onLeave}>
            Log in
          </Button>
        </div>
      </div>
    </main>
  );
}
