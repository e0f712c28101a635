/** Puts the page together in a browser: the only file that touches its globals. */
import { signal } from "@preact/signals";
import { render } from "preact";
import { API_ROOT, createApi } from "./api/client.ts";
import { Page } from "./screens/page.tsx";
import { createChanges } from "./state/changes.ts";
import { createClock } from "./state/clock.ts";
import { createLive, type EventStream, type Listener } from "./state/live.ts";
import { createRouter } from "./state/router.ts";
import { type Services, ServicesContext } from "./state/services.ts";
import { createSession } from "./state/session.ts";
import { createTheme } from "./state/theme.ts";

function start(root: HTMLElement): void {
  const firstRunSecret = signal(takeFirstRunSecret());
  // The link may be opened in a tab that has the page already.
  window.addEventListener("hashchange", () => {
    firstRunSecret.value = takeFirstRunSecret() ?? firstRunSecret.value;
  });
  const session = createSession(() => window.location.reload());
  const api = createApi({
    fetch: (url, init) => fetch(url, init),
    onSessionEnd: () => session.waitForLogin(),
    sessionCount: () => session.count(),
  });
  const live = createLive({
    open: openEvents,
    checkSession: () => api.call("/session"),
    nowMs: () => Date.now(),
    after: (delayMs, run) => {
      const timer = setTimeout(run, delayMs);
      return () => clearTimeout(timer);
    },
  });
  const services: Services = {
    api,
    session,
    live,
    router: createRouter(window),
    changes: createChanges(api),
    theme: createTheme(document.documentElement, window.localStorage),
    now: createClock(
      () => Date.now(),
      (periodMs, run) => setInterval(run, periodMs),
      live.snapshot,
      live.heardAt,
    ),
  };
  render(
    <ServicesContext.Provider value={services}>
      <Page firstRunSecret={firstRunSecret} />
    </ServicesContext.Provider>,
    root,
  );
}

/** Takes the one-time secret out of the address, so that no history and no shared screen keeps it. */
function takeFirstRunSecret(): string | undefined {
  const secret = /^#first-run=([\w-]+)$/.exec(window.location.hash)?.[1];
  if (secret !== undefined) window.history.replaceState(null, "", "/");
  return secret;
}

function openEvents({ heard, failed }: Listener): EventStream {
  const source = new EventSource(`${API_ROOT}/events`);
  source.addEventListener("message", (event) => heard(String(event.data)));
  source.addEventListener("error", failed);
  return source;
}

const root = document.getElementById("page");
if (root !== null) start(root);
