/** The lines of scripts/bench: what runs, which tokens it gets, and what it is given as a share of. */
import * as configs from "./bench-configs.ts";
import type { TokenUse } from "./bench-load.ts";

/** What kind of tokens a row is given. */
export type TokenKind = "HS256" | "RS256" | "ES256" | "JWE";

/** A line of the table. */
export interface Row {
  readonly name: string;
  readonly config: string;
  readonly kind: TokenKind;
  readonly use: TokenUse;
  /** The rows that it is given as a share of. */
  readonly against: readonly string[];
  readonly needsServer?: true;
  /** Lua has the keys and verifies; otherwise the token-server does. */
  readonly luaVerifies?: true;
  /** HAProxy's threads, 1 where not said; more than one runs on both cores. */
  readonly threads?: number;
}

/** All rows, in the order in which each round runs them. */
export function createRows(root: string): readonly Row[] {
  const shipped = configs.shipped(root);
  const shippedReturn = configs.shippedReturn(root);
  const known = { kind: "RS256", use: "cycle", needsServer: true } as const;
  const fresh = { use: "once", needsServer: true } as const;
  const alone = { kind: "RS256", use: "cycle" } as const;
  return [
    row("return", configs.RETURN, alone, "return"),
    row("proxy", configs.PROXY, alone, "proxy"),
    row("proxy, logging", configs.LOGGING_PROXY, alone, "proxy"),
    ...native("HS256"),
    ...native("RS256"),
    ...native("ES256"),
    row("return, empty Lua action", configs.EMPTY_ACTION, alone, "return"),
    row("return, empty Lua converter", configs.EMPTY_CONVERTER, alone, "return"),
    row("return, native map look-up", configs.MAP_LOOKUP, alone, "return"),
    row("return, known, action", configs.ACTION_RETURN, known, "return, empty Lua action"),
    row(
      "return, known, fast path alone",
      configs.LOOKUP_RETURN,
      known,
      "return",
      "return, empty Lua converter",
      "return, jwt_verify RS256",
      "return, jwt_verify ES256",
    ),
    row("return, known, as shipped", shippedReturn, known, "return"),
    row(
      "proxy, known, as shipped",
      shipped,
      known,
      "proxy",
      "proxy, logging",
      "proxy, jwt_verify RS256",
      "proxy, jwt_verify ES256",
    ),
    row(
      "proxy, known, as shipped without log",
      configs.withoutLog(shipped),
      known,
      "proxy",
      "proxy, jwt_verify RS256",
      "proxy, jwt_verify ES256",
    ),
    row(
      "return, new, RS256, server verifies",
      shippedReturn,
      { ...fresh, kind: "RS256" },
      "return, jwt_verify RS256",
    ),
    row(
      "return, new, RS256, Lua verifies",
      shippedReturn,
      { ...fresh, kind: "RS256", luaVerifies: true },
      "return, jwt_verify RS256",
    ),
    row(
      "return, new, ES256, server verifies",
      shippedReturn,
      { ...fresh, kind: "ES256" },
      "return, jwt_verify ES256",
    ),
    row(
      "return, new, JWE dir",
      shippedReturn,
      { ...fresh, kind: "JWE" },
      "return, jwt_verify RS256",
    ),
    row("return, 2 threads", configs.RETURN, { ...alone, threads: 2 }, "return"),
    row(
      "return, known, as shipped, 2 threads",
      shippedReturn,
      { ...known, threads: 2 },
      "return, 2 threads",
      "return, known, as shipped",
    ),
    row(
      "return, new, RS256, server verifies, 2 threads",
      shippedReturn,
      { ...fresh, kind: "RS256", threads: 2 },
      "return, new, RS256, server verifies",
    ),
  ];
}

function row(
  name: string,
  config: string,
  options: Omit<Row, "name" | "config" | "against">,
  ...against: readonly string[]
): Row {
  return { name, config, against, ...options };
}

function native(kind: configs.NativeAlgorithm): readonly Row[] {
  const options = { kind, use: "cycle" } as const;
  return [
    row(`return, jwt_verify ${kind}`, configs.nativeReturn(kind), options, "return"),
    row(`proxy, jwt_verify ${kind}`, configs.nativeProxy(kind), options, "proxy"),
  ];
}
