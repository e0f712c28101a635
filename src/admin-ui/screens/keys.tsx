/** Keys: each source, how fresh it is, what it gave, what is wrong with it. */
import { useState } from "preact/hooks";
import type { KeySource } from "../api/types.ts";
import { familyOf } from "../logic/algorithms.ts";
import { mayAct } from "../logic/roles.ts";
import { Button } from "../parts/button.tsx";
import { Heading } from "../parts/heading.tsx";
import { SourceBadge } from "../parts/key-table.tsx";
import { Bones, Empty, Notice, ProblemNotice } from "../parts/notice.tsx";
import { Time } from "../parts/time.tsx";
import { useServices } from "../state/services.ts";
import { useTask } from "../state/task.ts";

export function Keys() {
  const { api, live, now, session } = useServices();
  const task = useTask();
  const [answer, setAnswer] = useState<{
    readonly items: readonly KeySource[];
    readonly heardAt: number | undefined;
  }>();
  const heardAt = live.heardAt.value;
  // The answer to "read now" counts until the next news.
  const items =
    answer !== undefined && answer.heardAt === heardAt
      ? answer.items
      : live.snapshot.value?.keys.items;
  const at = live.snapshot.value?.stats.now ?? now.value;
  const sync = () => {
    task.run(async () => {
      const next = await api.call<{ readonly items: readonly KeySource[] }>("/keys/sync", {
        method: "POST",
      });
      setAnswer({ items: next.items, heardAt: live.heardAt.peek() });
    });
  };
  return (
    <>
      <Heading
        title="Keys"
        hint="The keys that signatures are checked with, and how fresh they are."
      >
        {mayAct(session.me.value?.role ?? "viewer", "operator") && (
          <Button icon="retry" isBusy={task.isBusy} onClick={sync}>
            Read all now
          </Button>
        )}
      </Heading>
      {task.problem !== undefined && <ProblemNotice problem={task.problem} retry={sync} />}
      {items === undefined ? (
        <div class="panel">
          <Bones />
        </div>
      ) : items.length === 0 ? (
        <div class="panel">
          <Empty title="No key source">
            Name one with JWT_JWKS_FILE, JWT_JWKS_URL or JWT_OIDC_ISSUERS.
          </Empty>
        </div>
      ) : (
        <div class={live.contact.value === "lost" ? "stale" : ""}>
          {items.map((source) => (
            <Source key={source.source} source={source} now={at} />
          ))}
        </div>
      )}
    </>
  );
}

/** @param now Unix seconds at which the source was so */
function Source({ source, now }: { readonly source: KeySource; readonly now: number }) {
  return (
    <section class="panel">
      <div class="panel-head">
        <h2 class="any">{source.source}</h2>
        <SourceBadge source={source} />
      </div>
      <p class="hint field">
        {source.kind} ·{" "}
        {source.ageSeconds === undefined ? (
          "never read"
        ) : (
          <>
            read <Time at={now - source.ageSeconds} />
          </>
        )}{" "}
        · next <Time at={now + source.nextInSeconds} />
      </p>
      {source.error !== undefined && (
        <Notice tone="warn">
          <b>{source.error}</b>
          <div>
            {source.keys.length > 0
              ? "The last good keys are used until they are too old."
              : "No token of its keys is accepted."}
          </div>
        </Notice>
      )}
      {source.problems.map((one) => (
        <Notice key={one} tone="warn">
          {one}
        </Notice>
      ))}
      {source.keys.length > 0 && (
        <table class="cards">
          <thead>
            <tr>
              <th>Key id</th>
              <th>Algorithms</th>
              <th>Issuer</th>
              <th>Thumbprint</th>
            </tr>
          </thead>
          <tbody>
            {source.keys.map((key, index) => (
              <tr key={`${key.kid ?? ""} ${index}`}>
                <th scope="row">
                  {key.kid === undefined ? <span class="soft">none</span> : <code>{key.kid}</code>}
                </th>
                <td data-label="Algorithms">
                  <code>{familyOf(key.algorithms)}</code>
                </td>
                <td data-label="Issuer">{key.issuer ?? <span class="soft">any</span>}</td>
                <td data-label="Thumbprint">
                  {key.thumbprint === undefined ? (
                    <span class="soft">not shown: secret</span>
                  ) : (
                    <code>{key.thumbprint}</code>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}
