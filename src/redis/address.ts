/** Reads the address of a Redis: one server, a set of Sentinels, or a Cluster; with TLS or without. */
import { AppError } from "../core/app-error.ts";

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

export interface RedisAddress {
  readonly kind: "server" | "sentinel" | "cluster";
  /** One server; or those to begin with. */
  readonly hosts: readonly [HostPort, ...HostPort[]];
  /** What the Sentinels call the master; empty elsewhere. */
  readonly master: string;
  readonly db: number;
  readonly isTls: boolean;
  readonly username: string | undefined;
  readonly password: string | undefined;
}

const FORMS =
  "redis://HOST[:PORT][/DB], redis+sentinel://HOST[:PORT][,…]/MASTER[/DB] or redis+cluster://HOST[:PORT][,…], with rediss for TLS";

const ADDRESS =
  /^redis(?<tls>s?)(?:\+(?<kind>sentinel|cluster))?:\/\/(?:(?<login>[^/@]*)@)?(?<hosts>[^/@?#]+)(?:\/(?<path>[^?#]*))?$/;
const HOST = /^(?:\[(?<v6>[0-9A-Fa-f:.]+)\]|(?<name>[A-Za-z0-9._-]+))(?::(?<port>\d{1,5}))?$/;

/** @throws AppError usage, without what was given: it may hold a password */
export function parseRedisAddress(text: string): RedisAddress {
  const groups = ADDRESS.exec(text)?.groups;
  if (groups === undefined) throw refused("it cannot be read");
  const kind =
    groups["kind"] === "sentinel" || groups["kind"] === "cluster" ? groups["kind"] : "server";
  const defaultPort = kind === "sentinel" ? 26_379 : 6379;
  const [first, ...others] = (groups["hosts"] ?? "")
    .split(",")
    .map((host) => parseHost(host, defaultPort));
  if (first === undefined) throw refused("it names no host");
  if (kind === "server" && others.length > 0) throw refused("one server has one address");
  const path = (groups["path"] ?? "").split("/").map(decode);
  const master = kind === "sentinel" ? path.shift() : "";
  if (master === undefined || (kind === "sentinel" && master === "")) {
    throw refused("it does not say what the Sentinels call the master");
  }
  const [db = "", ...rest] = path;
  if (rest.length > 0 || (kind === "cluster" && db !== "" && db !== "0")) {
    throw refused("there is more after the hosts than there may be");
  }
  return {
    kind,
    hosts: [first, ...others],
    master,
    db: parseDb(db),
    isTls: groups["tls"] === "s",
    ...parseLogin(groups["login"]),
  };
}

/** Which Redis it is, in a few characters; with no login. */
export function nameOf({ kind, hosts, master, db }: RedisAddress): string {
  const [{ host, port }] = hosts;
  const where = host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
  if (kind === "sentinel") return `${master}/${db}`;
  return kind === "cluster" ? `${where} (cluster)` : `${where}/${db}`;
}

function parseHost(text: string, defaultPort: number): HostPort {
  const groups = HOST.exec(text)?.groups;
  const host = groups?.["v6"] ?? groups?.["name"];
  const port = groups?.["port"] === undefined ? defaultPort : Number(groups["port"]);
  if (host === undefined || port < 1 || port > 65_535) throw refused("a host in it is none");
  return { host, port };
}

function parseDb(text: string): number {
  if (text === "") return 0;
  if (!/^\d{1,4}$/.test(text)) throw refused("the database is no number");
  return Number(text);
}

/** `user:password`, `:password` or `user`; each percent-encoded. */
function parseLogin(text: string | undefined) {
  if (text === undefined) return { username: undefined, password: undefined };
  const colon = text.indexOf(":");
  const username = decode(colon === -1 ? text : text.slice(0, colon));
  const password = colon === -1 ? undefined : decode(text.slice(colon + 1));
  return {
    username: username === "" ? undefined : username,
    password: password === "" ? undefined : password,
  };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw refused("a % in it stands for nothing");
  }
}

function refused(problem: string): AppError {
  return new AppError("usage", `The address of the Redis cannot be used: ${problem}`, {
    expected: FORMS,
  });
}
