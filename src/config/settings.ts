/**
 * The declared table of the server's settings: name, meaning, default, type. The README's table, the
 * commented configuration file and the command line's flags are made from it.
 */
import { parseEndpoints } from "../core/cluster/endpoints.ts";
import { isProof, JWE_ALGORITHMS, JWS_ALGORITHMS } from "../core/token/algorithms.ts";
import {
  integerIn,
  oneOf,
  optionalIntegerIn,
  parseAddresses,
  parseBoolean,
  parseList,
  parseListens,
  parseNames,
  parseOptionalSet,
  parseOptionalText,
  parseOrigin,
  parsePath,
  parseTcpListen,
  parseUrls,
  ValueProblem,
  withoutSecrets,
} from "./values.ts";

export interface Setting<T> {
  /** The environment variable; the file's key is it without `JWT_`, in lower case. */
  readonly name: `JWT_${string}`;
  readonly meaning: string;
  readonly defaultText: string;
  readonly parse: (text: string) => T;
  /** Never quoted; may also be given as NAME_FILE. */
  readonly isSecret: boolean;
  /** A text of it as it may be shown. */
  readonly redact: (text: string) => string;
  /** Whether SIGHUP takes a new value up; the others need a restart. */
  readonly isLive: boolean;
}

/** `address`: a secret for nothing but the password in it. */
type Marks = "secret" | "address" | "live";

function setting<T>(
  name: `JWT_${string}`,
  defaultText: string,
  parse: (text: string) => T,
  meaning: string,
  ...marks: readonly Marks[]
): Setting<T> {
  const isHidden = marks.includes("secret");
  return {
    name,
    meaning,
    defaultText,
    parse,
    isSecret: isHidden || marks.includes("address"),
    redact: isHidden ? hide : withoutSecrets,
    isLive: marks.includes("live"),
  };
}

function hide(text: string): string {
  return text === "" ? "" : "(secret)";
}

const DAY = 86_400;
const YEAR = 366 * DAY;

export const SETTINGS = {
  listen: setting(
    "JWT_LISTEN",
    "127.0.0.1:4000",
    parseListens,
    "Where the token-server listens: `host:port` and `unix:/path`, comma list.",
  ),
  hosts: setting(
    "JWT_HOSTS",
    "",
    parseList,
    "Names and addresses under which others than HAProxy's side may reach the token-server, comma list; " +
      "loopback and those of `JWT_LISTEN` are always allowed.",
  ),
  adminListen: setting(
    "JWT_ADMIN_LISTEN",
    "127.0.0.1:4001",
    parseTcpListen,
    "Where the admin page and API listen.",
  ),
  adminOrigin: setting(
    "JWT_ADMIN_ORIGIN",
    "",
    parseOrigin,
    "The `https://…` origin under which people reach the page; needed when it listens beyond loopback.",
  ),
  trustedProxies: setting(
    "JWT_TRUSTED_PROXIES",
    "",
    parseAddresses,
    "Addresses whose `X-Forwarded-For` counts, for login throttling and audit.",
  ),
  dataDir: setting(
    "JWT_DATA_DIR",
    "/var/lib/haproxy-jwt",
    parsePath,
    "Folder of the database, the last good keys and the control socket; mode 0700.",
  ),
  jwksFile: setting(
    "JWT_JWKS_FILE",
    "",
    parseList,
    "Files with verification keys, comma list: the seed's list or an RFC 7517 set.",
    "live",
  ),
  jwksUrl: setting(
    "JWT_JWKS_URL",
    "",
    parseUrls,
    "Addresses of verification keys, comma list, in either format.",
    "live",
  ),
  oidcIssuers: setting(
    "JWT_OIDC_ISSUERS",
    "",
    parseUrls,
    "Issuers whose keys are found by OpenID Connect discovery; such a key verifies only tokens of its `iss`.",
    "live",
  ),
  syncInterval: setting(
    "JWT_SYNC_INTERVAL",
    "300",
    integerIn(1, DAY),
    "Seconds between two readings of a key source; half of `JWT_KEY_MAX_AGE` where that is less.",
    "live",
  ),
  keyMaxAge: setting(
    "JWT_KEY_MAX_AGE",
    "86400",
    integerIn(1, YEAR),
    "Seconds that the last good keys of an unreachable source are used.",
    "live",
  ),
  allowShortSecrets: setting(
    "JWT_ALLOW_SHORT_SECRETS",
    "false",
    parseBoolean,
    "Take HMAC secrets shorter than their hash, with a warning.",
    "live",
  ),
  issuer: setting(
    "JWT_ISSUER",
    "",
    parseOptionalSet,
    "Accepted `iss`, comma list; empty: any.",
    "live",
  ),
  audience: setting(
    "JWT_AUDIENCE",
    "",
    parseOptionalSet,
    "Accepted `aud`, comma list, any of them; empty: any.",
    "live",
  ),
  requireExp: setting(
    "JWT_REQUIRE_EXP",
    "true",
    parseBoolean,
    "Whether a token without `exp` is refused.",
    "live",
  ),
  requiredClaims: setting(
    "JWT_REQUIRED_CLAIMS",
    "",
    parseList,
    "Other claims a token must have, comma list.",
    "live",
  ),
  typ: setting(
    "JWT_TYP",
    "",
    parseOptionalSet,
    "Accepted `typ` headers, comma list, without regard to case; empty: any.",
    "live",
  ),
  maxTokenAge: setting(
    "JWT_MAX_TOKEN_AGE",
    "",
    optionalIntegerIn(1, 100 * YEAR),
    "Seconds since `iat` after which a token is refused; empty: no limit.",
    "live",
  ),
  clockSkew: setting(
    "JWT_CLOCK_SKEW",
    "5",
    integerIn(0, 3600),
    "Seconds by which clocks may differ.",
    "live",
  ),
  subjectClaims: setting(
    "JWT_SUBJECT_CLAIMS",
    "username,sub",
    parseNames,
    "Claims whose value names the token's subject, comma list.",
  ),
  legacy: setting(
    "JWT_LEGACY",
    "accept",
    oneOf("accept", "reject"),
    "What happens to tokens without a truthy `st` claim: `accept` or `reject`.",
    "live",
  ),
  algorithms: setting(
    "JWT_ALGORITHMS",
    "",
    parseAlgorithms,
    "Accepted algorithms, comma list: of signatures, and of JWEs whose claims count (`dir`, `A128KW` …); empty: what each key is bound to.",
    "live",
  ),
  maxTokenBytes: setting(
    "JWT_MAX_TOKEN_BYTES",
    "65536",
    // As HAProxy's side takes it: one environment may be for both.
    integerIn(64, 65_536),
    "Longer tokens are refused; 64 to 65536. HAProxy's side has a limit of its own, which is lower as shipped.",
  ),
  decryptFile: setting(
    "JWT_DECRYPT_FILE",
    "",
    parseOptionalText,
    "File with the JWK or JWKs that decrypt JWE; one with an `issuer` member opens only tokens of that `iss`.",
    "live",
  ),
  verifierKey: setting(
    "JWT_VERIFIER_KEY",
    "",
    parseVerifierKeys,
    "Secret shared between HAProxy's side and the server; two, comma separated or on lines of a file, while rotating. " +
      "At least 16 printable characters each, no blanks. " +
      "Empty: `/etc/haproxy-jwt/verifier.key`, else one made in the data folder.",
    "secret",
  ),
  workers: setting(
    "JWT_WORKERS",
    "1",
    integerIn(1, 64),
    "Judging threads; more than one share the TCP addresses of `JWT_LISTEN`.",
  ),
  store: setting(
    "JWT_STORE",
    "sqlite",
    parseStore,
    "Where rules, journal, audit and people are kept: `sqlite`, in the data folder, or a `postgres://` URL " +
      "that several machines share; it may name several hosts, comma separated, of which the primary is used.",
    "address",
  ),
  storeLease: setting(
    "JWT_STORE_LEASE",
    "30",
    integerIn(5, 300),
    "Seconds that a machine goes on judging without contact to the shared store.",
  ),
  storeStale: setting(
    "JWT_STORE_STALE",
    "strict",
    oneOf("strict", "best-effort"),
    "What it does then: `strict`, nothing is valid until the store is back; `best-effort`, it judges by what it " +
      "knows and is listed as not confirmed.",
  ),
  storeSingle: setting(
    "JWT_STORE_SINGLE",
    "false",
    parseBoolean,
    "Declares that the shared store has no synchronous standby: what is confirmed is lost with its machine.",
  ),
  logLevel: setting(
    "JWT_LOG_LEVEL",
    "info",
    oneOf("debug", "info", "warn", "error"),
    "Least level that is logged: `debug`, `info`, `warn`, `error`.",
    "live",
  ),
} as const;

export type SettingKey = keyof typeof SETTINGS;
export type Settings = { readonly [K in SettingKey]: ReturnType<(typeof SETTINGS)[K]["parse"]> };

/** The settings as a list, in the table's order. */
export const SETTING_ENTRIES: readonly (readonly [SettingKey, Setting<unknown>])[] = (
  Object.keys(SETTINGS) as SettingKey[]
).map((key) => [key, SETTINGS[key]] as const);

/** The key of a setting in the configuration file. */
export function fileKeyOf(name: string): string {
  return name.slice("JWT_".length).toLowerCase();
}

/**
 * The command line's flag of a setting. A secret's names its file: everyone on the machine can read
 * command lines.
 */
export function flagOf({ name, isSecret }: Pick<Setting<unknown>, "name" | "isSecret">): string {
  return `--${fileKeyOf(name).replaceAll("_", "-")}${isSecret ? "-file" : ""}`;
}

/** Where the store is; a shared one by the URLs of its servers. */
export type StoreSetting =
  | { readonly kind: "sqlite" }
  | { readonly kind: "postgres"; readonly endpoints: readonly string[] };

function parseStore(text: string): StoreSetting {
  if (text === "sqlite") return { kind: "sqlite" };
  const endpoints = parseEndpoints(text);
  if (endpoints === undefined) {
    throw new ValueProblem("must be sqlite or postgres://user:password@host:port/database");
  }
  return { kind: "postgres", endpoints };
}

function parseAlgorithms(text: string): ReadonlySet<string> | undefined {
  const names = parseOptionalSet(text);
  if ([...(names ?? [])].every(isProof)) return names;
  const known = [...JWS_ALGORITHMS.keys(), ...JWE_ALGORITHMS.keys()].filter(isProof);
  throw new ValueProblem(`must hold only ${known.join(", ")}`);
}

/** One key or two, divided by a comma or by lines; empty: none. @throws ValueProblem without a word of them */
export function parseVerifierKeys(text: string): readonly string[] {
  const keys = parseList(text.replace(/\r?\n/g, ","));
  if (keys.length > 2) throw new ValueProblem("must hold one key, or two while rotating");
  if (keys.some((key) => key.length < 16 || !/^[\x21-\x7e]+$/.test(key))) {
    throw new ValueProblem("must have at least 16 printable characters, no blanks");
  }
  return keys;
}
