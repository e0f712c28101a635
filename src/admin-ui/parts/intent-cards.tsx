/** The choice of what happened, as links: each is a place of its own. */
import { type Intent, INTENT_WORDS, INTENTS } from "../logic/intents.ts";
import { toRevokePath } from "../logic/routes.ts";

export function IntentCards({ current }: { readonly current: Intent }) {
  return (
    <nav class="intents" aria-label="What to revoke">
      {INTENTS.map((intent) => (
        <a
          key={intent}
          href={toRevokePath(intent)}
          {...(intent === current ? { "aria-current": "page" as const } : {})}
        >
          <b>{INTENT_WORDS[intent].title}</b>
          <span class="hint">{INTENT_WORDS[intent].hint}</span>
        </a>
      ))}
    </nav>
  );
}
