/** Where an installation puts its parts. */
import { join } from "node:path";

/** The folders of one installation, absolute, as the installed files name them. */
export interface Layout {
  readonly binDir: string;
  /** Holds `lua/`. */
  readonly shareDir: string;
  /** Holds what a site edits, and the verifier key. */
  readonly etcDir: string;
  readonly unitDir: string;
  readonly stateDir: string;
  readonly manDir: string;
  readonly completionDir: string;
}

/** As the shipped files name them: what an administrator installs by himself (hier(7), /usr/local). */
export const LOCAL: Layout = {
  binDir: "/usr/local/bin",
  shareDir: "/usr/local/share/haproxy-jwt",
  etcDir: "/etc/haproxy-jwt",
  unitDir: "/etc/systemd/system",
  stateDir: "/var/lib/haproxy-jwt",
  manDir: "/usr/local/share/man/man1",
  completionDir: "/usr/local/share/bash-completion/completions",
};

/** As Debian's policy has a package put them. */
export const PACKAGED: Layout = {
  binDir: "/usr/bin",
  shareDir: "/usr/share/haproxy-jwt",
  etcDir: "/etc/haproxy-jwt",
  unitDir: "/lib/systemd/system",
  stateDir: "/var/lib/haproxy-jwt",
  manDir: "/usr/share/man/man1",
  completionDir: "/usr/share/bash-completion/completions",
};

/** The local layout with every folder below a prefix; `/` changes nothing. */
export function layoutBelow(prefix: string): Layout {
  const { binDir, shareDir, etcDir, unitDir, stateDir, manDir, completionDir } = LOCAL;
  return {
    binDir: join(prefix, binDir),
    shareDir: join(prefix, shareDir),
    etcDir: join(prefix, etcDir),
    unitDir: join(prefix, unitDir),
    stateDir: join(prefix, stateDir),
    manDir: join(prefix, manDir),
    completionDir: join(prefix, completionDir),
  };
}

/** A shipped file's text with the folders of this installation in it. */
export function inLayout(text: string, layout: Layout): string {
  const pairs: readonly (readonly [string, string])[] = [
    [`${LOCAL.binDir}/haproxy-jwt`, `${layout.binDir}/haproxy-jwt`],
    [LOCAL.shareDir, layout.shareDir],
    [LOCAL.etcDir, layout.etcDir],
    [LOCAL.stateDir, layout.stateDir],
  ];
  // One pass: a folder put in must not be taken for one to replace.
  const known = new Map(pairs);
  const pattern = new RegExp(pairs.map(([from]) => from.replaceAll("/", "\\/")).join("|"), "g");
  return text.replace(pattern, (found) => known.get(found) ?? found);
}
