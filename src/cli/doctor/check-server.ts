/** Asks the server, or the data where none runs: store, keys, verifiers. */
import { membersOf, type Members } from "../api-answer.ts";
import type { Api } from "../connect.ts";
import { toAge } from "../output.ts";
import { VERSION } from "../version.ts";
import { doubtful, well, wrong, type Finding } from "./finding.ts";

export async function checkServer(api: Api): Promise<readonly Finding[]> {
  const stats = await membersOf(await api.request("GET", "/stats"));
  const check = { body: "{}", patienceSeconds: Number.POSITIVE_INFINITY };
  const store = await membersOf(await api.request("POST", "/store/check", check));
  const keys = await membersOf(await api.request("GET", "/keys"));
  const people = await membersOf(await api.request("GET", "/people"));
  const findings = [
    checkRunning(api, stats),
    ...checkReady(api, stats),
    checkStore(store),
    ...checkKeys(keys),
    checkPeople(people),
  ];
  if (!api.isServer) return findings;
  const verifiers = await membersOf(await api.request("GET", "/verifiers"));
  const nodes = await membersOf(await api.request("GET", "/nodes"));
  return [...findings, checkVerifiers(verifiers), ...checkNodes(nodes.list("items"))];
}

/** What there is to say where no server runs. */
export function notRunning(): Finding {
  return wrong(
    "server",
    "it does not run on this data",
    "Start it: systemctl start haproxy-jwt, or haproxy-jwt serve.",
  );
}

function checkRunning(api: Api, stats: Members): Finding {
  if (!api.isServer) return notRunning();
  const version = stats.text("version") ?? "?";
  if (version === VERSION) return well("server", `it runs, version ${version}`);
  return doubtful(
    "server",
    `it runs version ${version}, this is ${VERSION}`,
    "Restart it to take the new version up.",
  );
}

function checkReady(api: Api, stats: Members): readonly Finding[] {
  if (!api.isServer) return [];
  const problems = stats.list("problems");
  if (problems.length === 0) return [well("readiness", "it judges tokens")];
  return problems.map((problem) =>
    wrong(
      "readiness",
      `${problem.text("name") ?? ""}: ${problem.text("problem") ?? ""}`,
      "Until then it refuses what it cannot judge.",
    ),
  );
}

function checkStore(store: Members): Finding {
  const [problem] = store.texts("problems");
  if (problem === undefined) return well("store", "the database is sound");
  return wrong(
    "store",
    `the database is damaged: ${problem}`,
    "Stop the server and restore a backup: haproxy-jwt restore FILE",
  );
}

function checkKeys(keys: Members): readonly Finding[] {
  const sources = keys.list("items");
  if (sources.length === 0) {
    return [
      doubtful(
        "keys",
        "no key source is configured",
        "Set JWT_JWKS_FILE, JWT_JWKS_URL or JWT_OIDC_ISSUERS.",
      ),
    ];
  }
  return sources.flatMap((source) => {
    const name = source.text("source") ?? "?";
    const error = source.text("error");
    const count = source.list("keys").length;
    const age = source.number("ageSeconds");
    if (error !== undefined) {
      const kept =
        age === undefined ? "nothing of it is known" : `its keys of ${toAge(age)} ago are in use`;
      return [
        wrong(
          "keys",
          `${name}: ${error}; ${kept}`,
          "Check its address, and that it can be reached from here.",
        ),
      ];
    }
    const problems = source
      .texts("problems")
      .map((problem) =>
        doubtful(
          "keys",
          `${name}: ${problem}`,
          "Have its publisher mend the key, or leave it out.",
        ),
      );
    if (count === 0)
      return [
        wrong("keys", `${name} gave no usable key`, "Look at what it publishes."),
        ...problems,
      ];
    return [
      well("keys", `${name}: ${count} usable, ${age === undefined ? "" : `${toAge(age)} old`}`),
      ...problems,
    ];
  });
}

function checkPeople(people: Members): Finding {
  const admins = people.list("items").filter((person) => person.text("role") === "admin");
  if (admins.length > 0) return well("people", "there is an admin");
  return doubtful("people", "nobody can log in as admin", "haproxy-jwt admin create NAME");
}

function checkVerifiers(verifiers: Members): Finding {
  const items = verifiers.list("items");
  const live = items.filter((one) => one.flag("isLive"));
  const newest = verifiers.number("seq") ?? 0;
  if (items.length === 0) {
    return doubtful(
      "verifiers",
      "no HAProxy has asked for changes",
      "With the verifier key on HAProxy's side, revocations reach it in milliseconds; without, within JWT_CACHE_TTL.",
    );
  }
  const late = live.filter((one) => (one.number("seq") ?? -1) < newest);
  if (late.length > 0)
    return wrong(
      "verifiers",
      `behind: ${namesOf(late)}`,
      "They lose their lease by themselves; look at HAProxy's log.",
    );
  if (live.length < items.length) {
    const silent = items.filter((one) => !one.flag("isLive"));
    return doubtful(
      "verifiers",
      `${live.length} follow; silent: ${namesOf(silent)}`,
      "Fine if these HAProxys were stopped; else look at the way between.",
    );
  }
  return well("verifiers", `${live.length} HAProxy threads follow every change`);
}

/** Says nothing where the store is not shared. */
function checkNodes(nodes: readonly Members[]): readonly Finding[] {
  if (nodes.length === 0) return [];
  const silent = nodes.filter((one) => !one.flag("hasLease"));
  if (silent.length > 0) {
    return [
      doubtful(
        "machines",
        `without a lease: ${namesOf(silent)}`,
        "Fine if these were stopped; else look at them and their way to PostgreSQL: haproxy-jwt nodes list",
      ),
    ];
  }
  const late = nodes.filter((one) => (one.number("behind") ?? 0) > 0);
  if (late.length > 0) {
    return [doubtful("machines", `behind: ${namesOf(late)}`, "Their leases end by themselves.")];
  }
  return [well("machines", `${nodes.length} share the store and follow every change`)];
}

function namesOf(verifiers: readonly Members[]): string {
  return verifiers.map((one) => one.text("name") ?? "?").join(", ");
}
