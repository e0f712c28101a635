/** The sample requests of `demo --check`: what is asked, and what must come of it. */
import { ask, fieldOf, type Shown } from "./ask.ts";
import { forge } from "./sample-keys.ts";
import type { Stage } from "./stage.ts";

/** One line of the check. `run` returns what was wrong, or undefined. */
export interface Check<T = Stage> {
  readonly what: string;
  readonly run: (stage: T) => Promise<string | undefined>;
}

/** The seconds HAProxy may go on using a verdict: the default of JWT_CACHE_TTL. */
const CACHE_TTL_SECONDS = 3;

/** Claims of a sample token, in a spelling that no JSON writer would choose: it must arrive like that. */
export function sampleClaims(user: string, secondsLeft = 3600): string {
  const now = Math.floor(Date.now() / 1000);
  return `{"username":"${user}", "name":"Zoë  /\\u0041",  "id":12345678901234567890, "iat":${now},"exp":${now + secondsLeft}}`;
}

/** The requests, in order: the later ones stop and start the server. */
export const CHECKS: readonly Check[] = [
  ...(["hs256", "rs256", "es256", "jwe"] as const).map((kind) => ({
    what: `a valid ${kind.toUpperCase()} token is accepted, its claims arrive byte for byte`,
    run: async (stage: Stage) => {
      const claims = sampleClaims("alice");
      return expectValid(await ask(stage.url, stage.keys[kind](claims)), claims);
    },
  })),
  {
    what: "a forged token is refused: signature",
    run: async ({ url, keys }) => {
      const token = forge(keys.rs256(sampleClaims("alice")), sampleClaims("root"));
      return expectRefused(await ask(url, token), "E_TKN_INVALID", "signature");
    },
  },
  {
    what: "an expired token is refused: expired",
    run: async ({ url, keys }) =>
      expectRefused(
        await ask(url, keys.hs256(sampleClaims("alice", -60))),
        "E_TKN_INVALID",
        "expired",
      ),
  },
  {
    what: "a token of a foreign key is refused: signature",
    run: async ({ url, keys }) =>
      expectRefused(
        await ask(url, keys.foreign(sampleClaims("alice"))),
        "E_TKN_INVALID",
        "signature",
      ),
  },
  {
    what: "a request without a token is passed on as not valid: missing",
    run: async ({ url }) => expectRefused(await ask(url, undefined), "E_TKN_INVALID", "missing"),
  },
  {
    what: "x-tkn-valid and x-tkn-body from the client are stripped",
    run: async ({ url }) => {
      const forged = { "x-tkn-valid": "1", X_Tkn_Valid: "1", "x-tkn-body": '{"username":"root"}' };
      const shown = await ask(url, undefined, forged);
      if (shown.fields.has("x_tkn_valid")) return "x_tkn_valid arrived";
      return expectRefused(shown, "E_TKN_INVALID", "missing");
    },
  },
  {
    what: `"revoke user bob" turns bob's next requests away within ${CACHE_TTL_SECONDS} s`,
    run: checkRevocation,
  },
  {
    what: "with the server killed, nobody is let in: E_BACKEND_UNAVAIL",
    run: async (stage) => {
      await stage.killServer();
      const shown = await ask(stage.url, stage.keys.rs256(sampleClaims("carol")));
      return expectRefused(shown, "E_BACKEND_UNAVAIL", "unavailable");
    },
  },
  {
    what: "with the server started again, valid tokens are accepted within 2 s",
    run: async (stage) => {
      await stage.startServer();
      const token = stage.keys.rs256(sampleClaims("carol"));
      return until(2, async () => expectValid(await ask(stage.url, token)));
    },
  },
];

async function checkRevocation(stage: Stage): Promise<string | undefined> {
  const token = stage.keys.rs256(sampleClaims("bob"));
  const before = expectValid(await ask(stage.url, token));
  if (before !== undefined) return `before the revocation: ${before}`;
  const revoke = ["revoke", "user", "bob", "--reason", "left the company", "--json"];
  const { isDone, said } = await stage.run(...revoke);
  if (!isDone) return `the revocation: ${said.replaceAll("\n", " ").trim()}`;
  return until(CACHE_TTL_SECONDS, async () =>
    expectRefused(await ask(stage.url, token), "E_TKN_INVALID", "revoked"),
  );
}

/** Repeats an attempt until it finds nothing wrong or the time is up. */
export async function until(
  seconds: number,
  attempt: () => Promise<string | undefined>,
): Promise<string | undefined> {
  const end = performance.now() + seconds * 1000;
  for (;;) {
    const wrong = await attempt();
    if (wrong === undefined || performance.now() > end) return wrong;
    await Bun.sleep(50);
  }
}

/** What is not as with an accepted token, in words. */
export function expectValid(shown: Shown, claims?: string): string | undefined {
  const valid = fieldOf(shown, "x-tkn-valid");
  const reason = fieldOf(shown, "x-tkn-reason");
  if (valid !== "1" || reason !== "ok") return saidInstead(shown);
  if (claims !== undefined && fieldOf(shown, "x-tkn-body") !== claims) {
    return "x-tkn-body is not what was signed";
  }
  return undefined;
}

/** What is not as with a token refused so, in words. */
export function expectRefused(shown: Shown, reason: string, detail: string): string | undefined {
  const isAsExpected =
    fieldOf(shown, "x-tkn-valid") === "0" &&
    fieldOf(shown, "x-tkn-reason") === reason &&
    fieldOf(shown, "x-tkn-detail") === detail;
  if (!isAsExpected) return saidInstead(shown);
  const mayHoldClaims = detail === "expired" || detail === "revoked";
  return mayHoldClaims || !shown.fields.has("x-tkn-body") ? undefined : "x-tkn-body arrived";
}

function saidInstead(shown: Shown): string {
  const parts = ["valid", "reason", "detail"].map(
    (n) => `${n} ${fieldOf(shown, `x-tkn-${n}`) ?? "–"}`,
  );
  return `status ${shown.status}, ${parts.join(", ")}`;
}
