/** The `[[issuers]]` tables of the configuration file: keys and policy of one issuer alone. */
import { isProof } from "../core/token/algorithms.ts";
import { isWebAddress, ValueProblem } from "./values.ts";

/** What is configured for one `iss`; undefined lists fall back to the common setting. */
export interface IssuerSettings {
  readonly issuer: string;
  readonly jwksFiles: readonly string[];
  readonly jwksUrls: readonly string[];
  readonly discovery: boolean;
  readonly audience: ReadonlySet<string> | undefined;
  readonly algorithms: ReadonlySet<string> | undefined;
  readonly typ: ReadonlySet<string> | undefined;
}

const KEYS = ["issuer", "jwks_file", "jwks_url", "discovery", "audience", "algorithms", "typ"];

/** Parses the tables. @throws ValueProblem naming each bad table by its place, and the member. */
export function parseIssuers(value: unknown): readonly IssuerSettings[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw new ValueProblem("must be tables, each headed [[issuers]]");
  const problems: string[] = [];
  const issuers = value.flatMap((table: unknown, index) => {
    try {
      return [parseIssuer(table, `table ${index + 1}`)];
    } catch (error) {
      if (!(error instanceof ValueProblem)) throw error;
      problems.push(error.message);
      return [];
    }
  });
  if (problems.length > 0) throw new ValueProblem(problems.join("; "));
  const names = new Set(issuers.map(({ issuer }) => issuer));
  if (names.size < issuers.length) throw new ValueProblem("names an issuer twice");
  return issuers;
}

function parseIssuer(table: unknown, where: string): IssuerSettings {
  if (typeof table !== "object" || table === null) throw new ValueProblem(`${where}: not a table`);
  const members = new Map<string, unknown>(Object.entries(table));
  const unknown = [...members.keys()].filter((key) => !KEYS.includes(key));
  if (unknown.length > 0) throw new ValueProblem(`${where}: knows no ${unknown.join(", no ")}`);
  const issuer = members.get("issuer");
  if (typeof issuer !== "string" || issuer === "") {
    throw new ValueProblem(`${where}: needs issuer = "…"`);
  }
  const discovery = members.get("discovery") ?? false;
  if (typeof discovery !== "boolean")
    throw new ValueProblem(`${where}: discovery must be true or false`);
  const texts = (key: string) => parseTexts(members.get(key), `${where}: ${key}`);
  const jwksUrls = texts("jwks_url") ?? [];
  if (![...jwksUrls, ...(discovery ? [issuer] : [])].every(isWebAddress)) {
    throw new ValueProblem(`${where}: keys can be fetched only from http:// or https:// addresses`);
  }
  const algorithms = texts("algorithms");
  if (algorithms?.some((name) => !isProof(name)) === true) {
    throw new ValueProblem(`${where}: algorithms holds one that is not supported`);
  }
  return {
    issuer,
    jwksFiles: texts("jwks_file") ?? [],
    jwksUrls,
    discovery,
    audience: toSet(texts("audience")),
    algorithms: toSet(algorithms),
    typ: toSet(texts("typ")),
  };
}

function parseTexts(value: unknown, where: string): readonly string[] | undefined {
  if (value === undefined) return undefined;
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  return list.map((item) => {
    if (typeof item === "string" && item !== "") return item;
    throw new ValueProblem(`${where} must be a text or a list of texts`);
  });
}

function toSet(list: readonly string[] | undefined): ReadonlySet<string> | undefined {
  return list === undefined ? undefined : new Set(list);
}
