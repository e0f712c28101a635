/** Lists what an installation consists of, with its bytes: the one list that `install` and the package share. */
import type { Command } from "commander";
import { assetFiles } from "../assets.ts";
import { toBashCompletion } from "../completion.ts";
import { type KnownFile, toManPage } from "../man-page.ts";
import { toConfigFile } from "./config-file.ts";
import { inLayout, type Layout } from "./layout.ts";

/** One file to put in place. */
export interface InstalledFile {
  readonly path: string;
  readonly mode: number;
  readonly text: string;
  /** Whether it is there to be edited (a package's conffile). */
  readonly isConfig: boolean;
}

/** haproxy/'s files by where they go; what is not named stays in the repository. */
const HAPROXY_FILES: ReadonlyMap<string, (layout: Layout) => string> = new Map([
  ["haproxy.cfg", ({ etcDir }: Layout) => etcDir],
  ["enforce.cfg", ({ etcDir }: Layout) => etcDir],
  ["exporter.cfg", ({ etcDir }: Layout) => etcDir],
  ["service.cfg", ({ etcDir }: Layout) => etcDir],
  ["haproxy-jwt.service", ({ unitDir }: Layout) => unitDir],
  ["haproxy-jwt-backup.service", ({ unitDir }: Layout) => unitDir],
  ["haproxy-jwt-backup.timer", ({ unitDir }: Layout) => unitDir],
  ["alerts.yaml", ({ shareDir }: Layout) => shareDir],
  ["dashboard.json", ({ shareDir }: Layout) => shareDir],
]);

/** Every file but the program itself and the verifier key, which differs at each place. */
export function installedFiles(
  layout: Layout,
  program: Command,
  version: string,
): readonly InstalledFile[] {
  const files: InstalledFile[] = [];
  const add = (path: string, text: string) =>
    files.push({ path, mode: 0o644, text, isConfig: path.startsWith(`${layout.etcDir}/`) });
  for (const [asset, text] of assetFiles()) {
    const [folder = "", ...rest] = asset.split("/");
    const name = rest.join("/");
    const haproxyDir = HAPROXY_FILES.get(name)?.(layout);
    if (folder === "lua") add(`${layout.shareDir}/lua/${name}`, inLayout(text, layout));
    else if (haproxyDir !== undefined) add(`${haproxyDir}/${name}`, inLayout(text, layout));
  }
  add(`${layout.etcDir}/haproxy-jwt.toml`, toConfigFile());
  add(`${layout.manDir}/haproxy-jwt.1`, toManPage(program, version, knownFiles(layout)));
  add(`${layout.completionDir}/haproxy-jwt`, toBashCompletion(program));
  return files.toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

/** The places that the documents name. */
export function knownFiles(layout: Layout): readonly KnownFile[] {
  const { binDir, etcDir, shareDir, stateDir, unitDir } = layout;
  return [
    { path: `${binDir}/haproxy-jwt`, meaning: "the program: server and commands" },
    {
      path: `${etcDir}/haproxy-jwt.toml`,
      meaning: "settings of the server; every line commented out",
    },
    {
      path: `${etcDir}/verifier.key`,
      meaning: "secret between HAProxy's side and the server; root:haproxy, mode 0640",
    },
    { path: `${etcDir}/haproxy.cfg`, meaning: "HAProxy: annotates requests and passes them on" },
    {
      path: `${etcDir}/enforce.cfg`,
      meaning: "HAProxy: the same, and 401 unless the token is valid",
    },
    {
      path: `${etcDir}/service.cfg`,
      meaning: "HAProxy: what a system service adds (user, socket)",
    },
    { path: `${etcDir}/exporter.cfg`, meaning: "HAProxy: its own metrics and health on port 8405" },
    { path: `${shareDir}/lua/`, meaning: "the verifier in HAProxy" },
    { path: `${shareDir}/alerts.yaml`, meaning: "alert rules for Prometheus" },
    { path: `${shareDir}/dashboard.json`, meaning: "dashboard for Grafana" },
    { path: `${unitDir}/haproxy-jwt.service`, meaning: "the server as a system service" },
    {
      path: `${unitDir}/haproxy-jwt-backup.timer`,
      meaning: "a copy of the store each night; off until enabled",
    },
    {
      path: `${stateDir}/haproxy-jwt.db`,
      meaning: "the database: rules, journal, audit, accounts",
    },
    {
      path: `${stateDir}/haproxy-jwt.head`,
      meaning: "how far the history had come: a database that has lost changes is not served",
    },
    { path: `${stateDir}/keys/`, meaning: "the last good keys of each source" },
    {
      path: `${stateDir}/control.sock`,
      meaning: "the socket by which commands talk to the server",
    },
    { path: `${stateDir}/lock.db`, meaning: "keeps a second process out of the folder" },
  ];
}
