/** The proof of the last change: on which threads it is enforced, after how long, and the way back. */
import { useEffect, useRef, useState } from "preact/hooks";
import { toProof } from "../logic/enforcement.ts";
import { formatClock } from "../logic/time.ts";
import { useServices } from "../state/services.ts";
import { Badge } from "./badge.tsx";
import { Button, IconButton } from "./button.tsx";
import { Icon } from "./icon.tsx";
import { ProblemNotice } from "./notice.tsx";

export function ChangeStrip() {
  const { changes, live } = useServices();
  const change = changes.last.value;
  const [isBusy, setBusy] = useState(false);
  const ref = useRef<HTMLDivElement>(null);
  const written = change?.written;
  useEffect(() => {
    if (written !== undefined) ref.current?.focus();
  }, [written]);
  if (change === undefined) return <div role="status" />;
  const verifiers = live.snapshot.value?.verifiers;
  const contacts = written?.applied === true ? undefined : verifiers;
  const proof =
    written === undefined
      ? undefined
      : toProof(written.applied === true, written.verifiers ?? [], contacts);
  // What was missing when the time was up may have come since.
  const hasCome =
    written !== undefined &&
    proof?.isApplied === false &&
    live.contact.value === "live" &&
    verifiers?.items.some(({ isLive }) => isLive) === true &&
    verifiers.items.every(({ isLive, seq }) => !isLive || seq >= written.seq);
  const isDone = proof?.isApplied === true || hasCome;
  const undo = () => {
    setBusy(true);
    void changes.undo().finally(() => setBusy(false));
  };
  return (
    <div role="status" class="strip">
      <div
        class="notice"
        data-tone={proof === undefined ? "plain" : isDone ? "good" : "warn"}
        tabIndex={-1}
        ref={ref}
      >
        <div>
          {proof === undefined ? (
            <p>
              <Icon name="wait" class="spin" /> <b>{change.what}</b>: waiting until every thread has
              confirmed it.
            </p>
          ) : (
            <>
              <p>
                <Badge tone={isDone ? "good" : "warn"}>{isDone ? "Enforced" : "Written"}</Badge>{" "}
                <b>{change.what}</b> {proof.sentence}.
                {hasCome && " Every thread has caught up since."}
                {!isDone &&
                  ` It is on disk; who has not confirmed is watched on (${formatClock(Date.now() / 1000)}).`}
              </p>
              <ul class="threads hint">
                {proof.threads.map(({ name, text }) => (
                  <li key={name}>
                    <code>{name}</code> {text}
                  </li>
                ))}
              </ul>
            </>
          )}
          {change.problem !== undefined && <ProblemNotice problem={change.problem} />}
        </div>
        {change.canUndo && written !== undefined && (
          <Button isBusy={isBusy} onClick={undo}>
            Undo
          </Button>
        )}
        {written !== undefined && (
          <IconButton icon="close" label="Dismiss" onClick={() => changes.dismiss()} />
        )}
      </div>
    </div>
  );
}
