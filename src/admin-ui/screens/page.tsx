/** The whole page: login or the screen that the address names, inside the frame that is always there. */
import type { Signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { toProblem } from "../api/problem.ts";
import type { Me } from "../api/types.ts";
import type { Screen } from "../logic/routes.ts";
import { ChangeStrip } from "../parts/change-strip.tsx";
import { Heading } from "../parts/heading.tsx";
import { Nav } from "../parts/nav.tsx";
import { Bones, Empty, ProblemNotice } from "../parts/notice.tsx";
import { StatusBar } from "../parts/status-bar.tsx";
import { useLoad } from "../state/load.ts";
import { useServices } from "../state/services.ts";
import { Account } from "./account.tsx";
import { Audit } from "./audit.tsx";
import { FirstRun } from "./first-run.tsx";
import { Inspect } from "./inspect.tsx";
import { Keys } from "./keys.tsx";
import { Login, LoginAgain } from "./login.tsx";
import { Overview } from "./overview.tsx";
import { People } from "./people.tsx";
import { Revoke } from "./revoke.tsx";
import { RuleDetail } from "./rule.tsx";
import { Rules } from "./rules.tsx";

/** @param firstRunSecret the secret of the one-time link, if that is how one came here */
export function Page({ firstRunSecret }: { readonly firstRunSecret: Signal<string | undefined> }) {
  const { session } = useServices();
  const secret = firstRunSecret.value;
  const me = session.me.value;
  if (secret !== undefined)
    return (
      <FirstRun key={secret} secret={secret} onDone={() => (firstRunSecret.value = undefined)} />
    );
  if (me === undefined) return <WhoAmI />;
  return me === null ? <Login /> : <Frame />;
}

/** Asks who one is, once. */
function WhoAmI() {
  const { api, session } = useServices();
  const asked = useLoad("me", async (signal) => {
    try {
      session.begin(await api.call<Me>("/session", { isOpen: true, signal }));
    } catch (error) {
      if (toProblem(error).status !== 401) throw error;
      session.leave();
    }
  });
  return (
    <main class="alone">
      <h1 class="hidden">haproxy-jwt</h1>
      <div class="panel">
        {asked.problem === undefined ? (
          <Bones lines={4} />
        ) : (
          <ProblemNotice problem={asked.problem} retry={asked.reload} />
        )}
      </div>
    </main>
  );
}

function Frame() {
  const { live, router, session } = useServices();
  const ended = session.ended.value;
  useEffect(() => {
    live.start();
    return () => live.stop();
  }, []);
  const screen = router.screen.value;
  return (
    <>
      <div class="frame">
        <a class="skip" href="#main">
          To the content
        </a>
        <Nav />
        <StatusBar />
        <main class="main" id="main" tabIndex={-1}>
          <ChangeStrip />
          <CurrentScreen screen={screen} />
        </main>
      </div>
      {ended !== undefined && <LoginAgain name={ended} />}
    </>
  );
}

function CurrentScreen({ screen }: { readonly screen: Screen }) {
  switch (screen.name) {
    case "overview":
      return <Overview />;
    case "revoke":
      return <Revoke intent={screen.intent} />;
    case "rules":
      return <Rules />;
    case "rule":
      return <RuleDetail key={screen.id} id={screen.id} />;
    case "inspect":
      return <Inspect />;
    case "keys":
      return <Keys />;
    case "audit":
      return <Audit />;
    case "people":
      return <People />;
    case "account":
      return <Account />;
    case "nowhere":
      return (
        <>
          <Heading title="Nothing here" />
          <div class="panel">
            <Empty title="There is no screen at this address">
              <a href="/">Go to the overview</a>
            </Empty>
          </div>
        </>
      );
  }
}
