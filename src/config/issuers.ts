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

/** Parses the tables. @throws ValueProblem with every problem, each by its table's place and its member */
export function parseIssuers(value: unknown): readonly IssuerSettings[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw new ValueProblem("must be tables, each headed [[issuers]]");
  const problems: string[] = [];
  const issuers = value.map((table: unknown, index) => {
    const found: string[] = [];
    const issuer = parseIssuer(table, (problem) => found.push(problem));
    if (found.length > 0) problems.push(`table ${index + 1}: ${found.join(", ")}`);
    return issuer;
  });
  const names = issuers.map(({ issuer }) => issuer).filter((name) => name !== "");
  if (new Set(names).size < names.length) problems.push("names an issuer twice");
  if (problems.length > 0) throw new ValueProblem(problems.join("; "));
  return issuers;
}

type Complain = (problem: string) => void;

function parseIssuer(table: unknown, complain: Complain): IssuerSettings {
  const isTable = typeof table === "object" && table !== null;
  const members = new Map<string, unknown>(isTable ? Object.entries(table) : []);
  const unknown = [...members.keys()].filter((key) => !KEYS.includes(key));
  if (!isTable) complain("not a table");
  if (unknown.length > 0) complain(`knows no ${unknown.join(", no ")}`);
  const issuer = parseName(members.get("issuer"));
  if (isTable && issuer === "") complain('needs issuer = "…"');
  const discovery = members.get("discovery") ?? false;
  if (typeof discovery !== "boolean") complain("discovery must be true or false");
  const texts = (key: string) => parseTexts(members.get(key), key, complain);
  const jwksUrls = texts("jwks_url") ?? [];
  const discovered = discovery === true && issuer !== "" ? [issuer] : [];
  if (![...jwksUrls, ...discovered].every(isWebAddress)) {
    complain("keys can be fetched only from http:// or https:// addresses");
  }
  const algorithms = texts("algorithms");
  if (algorithms?.some((name) => !isProof(name)) === true) {
    complain("algorithms holds one that is not supported");
  }
  return {
    issuer,
    jwksFiles: texts("jwks_file") ?? [],
    jwksUrls,
    discovery: discovery === true,
    audience: toSet(texts("audience")),
    algorithms: toSet(algorithms),
    typ: toSet(texts("typ")),
  };
}

/** Empty where it names none. */
function parseName(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function parseTexts(
  value: unknown,
  key: string,
  complain: Complain,
): readonly string[] | undefined {
  if (value === undefined) return undefined;
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  const texts = list.flatMap((item) => (typeof item === "string" && item !== "" ? [item] : []));
  if (texts.length === list.length) return texts;
  complain(`${key} must be a text or a list of texts`);
  return undefined;
}

function toSet(list: readonly string[] | undefined): ReadonlySet<string> | undefined {
  return list === undefined ? undefined : new Set(list);
}
