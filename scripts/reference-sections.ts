/** The README's tables of the server's side: each made from the code's own declaration. */
import type { Option } from "commander";
import { EXIT_CODES } from "../src/cli/exit-codes.ts";
import { knownFiles } from "../src/cli/install/installed-files.ts";
import { PACKAGED } from "../src/cli/install/layout.ts";
import { leaves, ownOptions, toArguments } from "../src/cli/man-page.ts";
import { createProgram } from "../src/cli/program.ts";
import { SETTING_ENTRIES } from "../src/config/settings.ts";
import {
  JWE_ALGORITHMS,
  JWE_ENCRYPTIONS,
  JWS_ALGORITHMS,
  type KeyShape,
} from "../src/core/token/algorithms.ts";
import { createMetrics } from "../src/metrics.ts";
import { emptySources } from "../test/helpers/metric-sources.ts";

/** A Markdown table. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => "---"), ...rows].map(toLine).concat("").join("\n");
}

/** A bar or a line break inside a cell would end it. */
function toLine(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|").replaceAll("\n", " ")).join(" | ")} |`;
}

export function settings(): string {
  return table(
    ["name", "meaning", "default", "live"],
    SETTING_ENTRIES.map(([, { name, meaning, defaultText, isLive, isSecret }]) => [
      `\`${name}\`${isSecret ? `, \`${name}_FILE\`` : ""}`,
      meaning,
      defaultText === "" ? "–" : `\`${defaultText}\``,
      isLive ? "yes" : "",
    ]),
  );
}

export function algorithms(): string {
  const jws = table(
    ["signature", "key", "a key without `alg` serves it", "verified in HAProxy"],
    [...JWS_ALGORITHMS.values()].map(({ name, key, byDefault, inLua }) => [
      `\`${name}\``,
      keyWords(key),
      byDefault ? "yes" : "no: the key must say so, by `alg` or by its own type",
      inLua ? "yes" : "",
    ]),
  );
  const jwe = table(
    ["encryption of the key", "key", "its claims count"],
    [...JWE_ALGORITHMS.values()].map(({ name, kty, keyBytes, authentic }) => [
      `\`${name}\``,
      kty === "oct"
        ? `secret${keyBytes === undefined ? " as long as the content encryption's" : `, ${keyBytes} bytes`}`
        : kty.replace("/", " or "),
      authentic ? "yes" : "only of a nested, signed token",
    ]),
  );
  const encryptions = [...JWE_ENCRYPTIONS.keys()].map((name) => `\`${name}\``).join(", ");
  return `${jws}\n${jwe}\nContent encryption: ${encryptions}.\n`;
}

export function commands(): string {
  const rows = leaves(createProgram()).map(({ command, path }) => {
    const words = ["haproxy-jwt", ...path, toArguments(command)].filter((word) => word !== "");
    const options = ownOptions(command).filter(({ long }) => long !== "--config");
    return [`\`${words.join(" ")}\``, command.description(), options.map(toFlags).join(" ")];
  });
  return table(["command", "does", "options"], rows);
}

function toFlags({ flags }: Option): string {
  return `\`${flags}\``;
}

export function exitCodes(): string {
  return table(
    ["exit code", "means"],
    Object.values(EXIT_CODES).map(({ code, meaning }) => [String(code), meaning]),
  );
}

export function files(): string {
  return table(
    ["file", "is"],
    knownFiles(PACKAGED).map(({ path, meaning }) => [`\`${path}\``, meaning]),
  );
}

/** Asks a server's metrics for their names: nothing of the values is looked at. */
export function metrics(): string {
  const described = createMetrics(emptySources()).describe();
  return table(
    ["metric", "type", "labels", "meaning"],
    described.map(({ name, type, labels, help }) => [
      `\`${name}\``,
      type,
      labels.map((label) => `\`${label}\``).join(" "),
      help,
    ]),
  );
}

function keyWords(key: KeyShape): string {
  switch (key.kty) {
    case "oct":
      return `secret of at least ${key.minBytes} bytes`;
    case "RSA":
      return "RSA";
    case "EC":
      return `EC ${key.crv}`;
    case "OKP":
      return key.crv;
  }
}
