/** The line that is always there: is revocation enforced, are keys fresh, who is signed in. */
import { toEndedLine, toLostLine } from "../logic/contact.ts";
import {
  type KeysLine,
  toEnforcementLine,
  toKeysLine,
  type StateLine,
} from "../logic/enforcement.ts";
import { useServices } from "../state/services.ts";
import { TONE_ICONS } from "./badge.tsx";
import { IconButton } from "./button.tsx";
import { Icon } from "./icon.tsx";
import { Time } from "./time.tsx";

export function StatusBar() {
  const { live, session, theme } = useServices();
  const snapshot = live.snapshot.value;
  const me = session.me.value;
  const line = useLine();
  const isHeard = live.contact.value === "live" && session.ended.value === undefined;
  const keys = snapshot === undefined || !isHeard ? undefined : toKeysLine(snapshot.keys.items);
  // What is wrong is said in full.
  const isWhole = line.tone === "warn" || line.tone === "bad";
  const isSilent = line.silence !== undefined;
  return (
    <header class="bar">
      <div class={isWhole || isSilent ? "bar-state wraps" : "bar-state"}>
        <Light line={line} />
        {isSilent && <span class="soft">{line.silence}</span>}
        {line.more !== "" && isSilent && <span class="soft nowrap numbers">{line.more}</span>}
        {line.more !== "" && !isSilent && (
          <span class={isWhole ? "soft whole" : "soft aside"} title={line.more}>
            {line.more}
          </span>
        )}
        {keys !== undefined && snapshot !== undefined && (
          <Keys line={keys} now={snapshot.stats.now} />
        )}
      </div>
      {/* Said once when it changes, not with each number. */}
      <span class="hidden" role="status">
        {line.text}
      </span>
      <div class="menu-space">
        <IconButton
          icon={
            theme.theme.value === "dark" ? "moon" : theme.theme.value === "light" ? "sun" : "system"
          }
          label={`Colours: ${theme.theme.value === "system" ? "as the system" : theme.theme.value}. Change`}
          onClick={() => theme.turn()}
        />
        {me !== null && me !== undefined && (
          <a class="badge" href="/account">
            <Icon name="person" />
            <span class="me">
              {me.name} · {me.role}
            </span>
          </a>
        )}
      </div>
    </header>
  );
}

function Light({ line }: { readonly line: StateLine }) {
  return (
    <a class="light" data-tone={line.tone} href={line.href}>
      <Icon name={TONE_ICONS[line.tone]} class={line.tone === "plain" ? "spin" : ""} />
      <span>{line.text}</span>
    </a>
  );
}

/** @param now Unix seconds at which the keys were so */
function Keys({ line, now }: { readonly line: KeysLine; readonly now: number }) {
  if (line.tone !== "plain") return <Light line={line} />;
  return (
    <span class="soft nowrap">
      {line.text}
      {line.ageSeconds !== undefined && (
        <>
          , read <Time at={now - line.ageSeconds} />
        </>
      )}
    </span>
  );
}

function useLine(): StateLine {
  const { live, now, session } = useServices();
  const snapshot = live.snapshot.value;
  const heardAt = live.heardAt.value;
  if (session.ended.value !== undefined) return toEndedLine(heardAt);
  if (live.contact.value === "lost") return toLostLine(heardAt, now.value);
  if (snapshot === undefined) return { tone: "plain", text: "Connecting", more: "", href: "/" };
  return toEnforcementLine(snapshot);
}
