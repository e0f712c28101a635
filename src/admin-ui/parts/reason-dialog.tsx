/** Asks for a reason before something is undone or taken away. */
import { useRef, useState } from "preact/hooks";
import { MAX_REASON_LENGTH, reasonProblem, toReason } from "../logic/intents.ts";
import { useTask } from "../state/task.ts";
import { Button } from "./button.tsx";
import { Dialog } from "./dialog.tsx";
import { Field } from "./field.tsx";
import { ProblemNotice } from "./notice.tsx";

export interface ReasonDialogProps {
  readonly title: string;
  readonly consequence: string;
  readonly action: string;
  /** Does it; the dialog stays, with what was typed, where it fails. */
  readonly onConfirm: (reason: string) => Promise<unknown>;
  readonly onClose: () => void;
}

export function ReasonDialog({
  title,
  consequence,
  action,
  onConfirm,
  onClose,
}: ReasonDialogProps) {
  const [reason, setReason] = useState("");
  const [isTried, setTried] = useState(false);
  const task = useTask();
  const input = useRef<HTMLInputElement & HTMLTextAreaElement>(null);
  const wrong = reasonProblem(reason);
  const confirm = () => {
    setTried(true);
    if (wrong !== undefined) return input.current?.focus();
    task.run(async () => {
      await onConfirm(toReason(reason));
      onClose();
    });
  };
  const { problem, isBusy } = task;
  return (
    <Dialog title={title} onClose={onClose}>
      <p>{consequence}</p>
      <Field
        label="Why"
        more="kept in the audit"
        lines={2}
        isRequired
        hasFocus
        inputRef={input}
        maxLength={MAX_REASON_LENGTH}
        value={reason}
        onInput={setReason}
        problem={isTried ? wrong : undefined}
      />
      {problem !== undefined && <ProblemNotice problem={problem} />}
      <div class="buttons">
        <Button onClick={onClose}>Cancel</Button>
        <Button kind="danger" isBusy={isBusy} onClick={confirm}>
          {action}
        </Button>
      </div>
    </Dialog>
  );
}
