/** Inspect: what the appliance says of a pasted token, and why. The token is kept nowhere. */
import { useRef, useState } from "preact/hooks";
import type { Inspection } from "../api/types.ts";
import { memberOf } from "../logic/json-text.ts";
import { type JsonNode } from "../logic/json-tree.ts";
import { member, type ReadRule } from "../logic/rule-json.ts";
import { type DecodedToken, decodeToken, isDecoded } from "../logic/token.ts";
import { Button } from "../parts/button.tsx";
import { Field } from "../parts/field.tsx";
import { Heading } from "../parts/heading.tsx";
import { ProblemNotice } from "../parts/notice.tsx";
import { VerdictPanel } from "../parts/verdict-panel.tsx";
import { useServices } from "../state/services.ts";
import { useTask } from "../state/task.ts";

export interface Inspected {
  readonly token: DecodedToken;
  readonly inspection: Inspection;
  /** As the server read them: decrypted, where it was encrypted. */
  readonly claims: JsonNode | undefined;
  /** The one that refuses it. */
  readonly rule: ReadRule | undefined;
}

export function Inspect() {
  const { api } = useServices();
  const [text, setText] = useState("");
  const [isTried, setTried] = useState(false);
  const task = useTask();
  const [found, setFound] = useState<Inspected>();
  const input = useRef<HTMLInputElement & HTMLTextAreaElement>(null);
  const token = decodeToken(text);
  const inspect = (event?: Event) => {
    event?.preventDefault();
    setTried(true);
    if (!isDecoded(token)) return input.current?.focus();
    task.run(async () => {
      const body = { token: token.compact };
      const answer = await api.text("/tokens/inspect", { method: "POST", body });
      const inspection = parseInspection(answer);
      const json = member(memberOf(answer, "rule"), "rule");
      const rule = inspection.rule && { ...inspection.rule, json };
      setFound({ token, inspection, claims: memberOf(answer, "claims"), rule });
    });
  };
  const isShown = found !== undefined && isDecoded(token) && found.token.compact === token.compact;
  return (
    <>
      <Heading title="Inspect" hint="Paste a token to see whether it is accepted, and why." />
      <form class="panel" onSubmit={inspect}>
        <Field
          label="The token"
          hint="It is sent to this server to be judged as a request’s would be, and kept nowhere."
          lines={5}
          isMono
          isRequired
          hasFocus
          inputRef={input}
          value={text}
          onInput={(value) => {
            setText(value);
            setTried(false);
          }}
          problem={isTried && !isDecoded(token) ? token : undefined}
        />
        {task.problem !== undefined && <ProblemNotice problem={task.problem} retry={inspect} />}
        <div class="buttons">
          {text !== "" && (
            <Button
              onClick={() => {
                setText("");
                setFound(undefined);
                input.current?.focus();
              }}
            >
              Clear
            </Button>
          )}
          <Button kind="main" type="submit" isBusy={task.isBusy}>
            Inspect
          </Button>
        </div>
      </form>
      <div role="status" class="gap">
        {isShown && <VerdictPanel found={found} />}
      </div>
    </>
  );
}

function parseInspection(text: string): Inspection {
  return JSON.parse(text) as Inspection;
}
