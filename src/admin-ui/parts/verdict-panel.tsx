/** A verdict in a sentence, and all that led to it. */
import { useEffect, useState } from "preact/hooks";
import type { Inspected } from "../screens/inspect.tsx";
import { toAnswer, toSaying } from "../logic/enforcement.ts";
import { formatCount } from "../logic/number.ts";
import { REASON_WORDS } from "../logic/reasons.ts";
import { useServices } from "../state/services.ts";
import { Badge } from "./badge.tsx";
import { JsonTree } from "./json-view.tsx";
import { RuleWords } from "./rule-words.tsx";
import { Time } from "./time.tsx";

export function VerdictPanel({ found }: { readonly found: Inspected }) {
  const { inspection, token, claims, rule } = found;
  const shown = claims ?? token.claims;
  const isVerified = claims !== undefined;
  return (
    <div class="grid halves">
      <section class="panel">
        <div class="panel-head">
          <h2>Verdict</h2>
          <Badge tone={inspection.valid ? "good" : "bad"}>
            {inspection.valid ? "valid" : "refused"}
          </Badge>
        </div>
        <p class="sentence">{inspection.words}</p>
        <dl class="facts">
          <div>
            <dt>x-tkn-reason</dt>
            <dd>
              <code>{inspection.reason}</code>
            </dd>
          </div>
          {inspection.detail !== undefined && (
            <div>
              <dt>x-tkn-detail</dt>
              <dd>
                <code>{inspection.detail}</code>
                {REASON_WORDS.has(inspection.detail) && (
                  <span class="hint"> {REASON_WORDS.get(inspection.detail)}</span>
                )}
              </dd>
            </div>
          )}
          {rule !== undefined && (
            <div>
              <dt>Refused by</dt>
              <dd>
                <a class="nowrap" href={`/rules/${rule.id}`}>
                  Rule {rule.id}
                </a>
                <div class="hint">
                  <RuleWords rule={rule} />
                </div>
                <div class="hint">Why: {rule.reason}</div>
              </dd>
            </div>
          )}
          {inspection.until !== undefined && (
            <div>
              <dt>Expires</dt>
              <dd>
                <Time at={inspection.until} />
              </dd>
            </div>
          )}
          {inspection.key !== undefined && (
            <div>
              <dt>Key</dt>
              <dd>
                <code>
                  {inspection.key.alg}
                  {inspection.key.kid !== undefined && ` · ${inspection.key.kid}`}
                </code>
                {inspection.key.source !== undefined && (
                  <div class="hint">{inspection.key.source}</div>
                )}
              </dd>
            </div>
          )}
          {inspection.generation !== undefined && (
            <div>
              <dt>Generation</dt>
              <dd>{inspection.generation}</dd>
            </div>
          )}
        </dl>
        <Ways found={found} />
        <Verifiers isValid={inspection.valid} />
      </section>
      <section class="panel">
        <h2>Claims</h2>
        {!isVerified && shown !== undefined && (
          <p class="hint field">
            Read in this browser from what was pasted; nothing in them has been verified.
          </p>
        )}
        {inspection.claimsHidden === true && (
          <p class="hint">They are encrypted; seeing them needs an operator.</p>
        )}
        {shown !== undefined && <JsonTree node={shown} />}
        {shown === undefined && inspection.claimsHidden !== true && (
          <p class="soft">It is encrypted, and could not be read.</p>
        )}
        <h2 class="gap">Header</h2>
        <JsonTree node={token.header} />
      </section>
    </div>
  );
}

/** What each thread would say now: the verdict above, once it has the newest change. */
function Verifiers({ isValid }: { readonly isValid: boolean }) {
  const { live } = useServices();
  const verifiers = live.snapshot.value?.verifiers;
  const [isOpen, setOpen] = useState(false);
  const answers = (verifiers?.items ?? []).map((one) => ({
    one,
    answer: toAnswer(one, verifiers?.seq ?? 0, isValid),
  }));
  const saying = verifiers === undefined ? undefined : toSaying(verifiers);
  const isUnsure = saying?.isSure === false;
  // Opened by itself where there is something to see; closed by nobody but the reader.
  useEffect(() => {
    if (isUnsure) setOpen(true);
  }, [isUnsure]);
  if (verifiers === undefined || answers.length === 0) return null;
  return (
    <details open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{saying?.text}</summary>
      <table class="short">
        <thead>
          <tr>
            <th>Thread</th>
            <th class="tight">Newest change</th>
            <th class="tight">Lease</th>
            <th class="tight">Says</th>
          </tr>
        </thead>
        <tbody>
          {answers.map(({ one, answer }) => (
            <tr key={one.id}>
              <th scope="row">
                <code>{one.name}</code>
              </th>
              <td class="tight" data-label="Newest change">
                {one.seq >= verifiers.seq ? (
                  "has it"
                ) : (
                  <span class="number">
                    at #{formatCount(Math.max(0, one.seq))} of #{formatCount(verifiers.seq)}
                  </span>
                )}
              </td>
              <td class="tight" data-label="Lease">
                {one.isLive ? "fresh" : "none"}
              </td>
              <td class="tight" data-label="Says">
                <span>
                  <Badge tone={answer.tone}>{answer.text}</Badge>
                  {answer.why !== "" && <div class="hint">{answer.why}</div>}
                </span>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}

/** From the verdict to what can be done about it. The token itself is in no address. */
function Ways({ found: { inspection } }: { readonly found: Inspected }) {
  const [who] = inspection.subjects ?? [];
  if (!inspection.valid || who === undefined) return null;
  return (
    <p class="gap-small">
      <a href={`/revoke?who=${encodeURIComponent(who)}`}>Revoke {who}…</a>
    </p>
  );
}
