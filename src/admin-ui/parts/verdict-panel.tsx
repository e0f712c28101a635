/** A verdict in a sentence, and all that led to it. */
import type { Inspected } from "../screens/inspect.tsx";
import { REASON_WORDS } from "../logic/reasons.ts";
import { useServices } from "../state/services.ts";
import { Badge } from "./badge.tsx";
import { JsonTree } from "./json-view.tsx";
import { Time } from "./time.tsx";

export function VerdictPanel({ found }: { readonly found: Inspected }) {
  const { inspection, token, claims } = found;
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
          {inspection.rule !== undefined && (
            <div>
              <dt>Refused by</dt>
              <dd>
                <a href={`/rules/${inspection.rule.id}`}>Rule {inspection.rule.id}</a>
                <div class="hint">{inspection.rule.words}</div>
                <div class="hint">Why: {inspection.rule.reason}</div>
              </dd>
            </div>
          )}
          {inspection.until !== undefined && (
            <div>
              <dt>Accepted until</dt>
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
        <Verifiers />
        <Ways found={found} />
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

/** Which thread would say what: all that have caught up say the verdict above. */
function Verifiers() {
  const { live } = useServices();
  const verifiers = live.snapshot.value?.verifiers;
  if (verifiers === undefined || verifiers.items.length === 0) return null;
  return (
    <details open>
      <summary>Each thread</summary>
      <ul class="threads hint">
        {verifiers.items.map(({ id, name, isLive, seq }) => (
          <li key={id}>
            <code>{name}</code>{" "}
            {!isLive
              ? "asks the server: says the same"
              : seq >= verifiers.seq
                ? "says the same"
                : `still at #${seq}: may say what was true before`}
          </li>
        ))}
      </ul>
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
