import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { copyFileSync, cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BINARY, ROOT } from "../../helpers/appliance.ts";
import { mint } from "../../helpers/mint.ts";
import { createTempFolder } from "../../helpers/temp-folder.ts";
import { claims, createKeys } from "../../helpers/tokens.ts";

const isFull = process.env["FULL"] !== undefined;
const keys = createKeys();

/** Runs a program to its end. @throws Error with all that it said, unless it exits 0 */
async function run(...command: readonly string[]): Promise<string> {
  const child = Bun.spawn([...command], {
    cwd: ROOT,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  if (code !== 0)
    throw new Error(`${command.join(" ").slice(0, 200)}: exit ${code}\n${stdout}\n${stderr}`);
  return stdout;
}

async function makePackage(out: string, version: string): Promise<string> {
  const args = ["--binary", BINARY, "--version", version, "--out", out];
  return (await run("scripts/package", ...args)).trim();
}

function hashOf(path: string): string {
  return createHash("sha256").update(readFileSync(path)).digest("hex");
}

/** The README's production chapter as it stands: its blocks of commands, in order. */
function chapter(): readonly string[] {
  const readme = readFileSync(join(ROOT, "README.md"), "utf8");
  const from = readme.indexOf("### On a Debian 12 server\n");
  const text = readme.slice(from, readme.indexOf("\n### ", from + 1));
  return [...text.matchAll(/^```sh\n([^]*?)^```$/gm)].map(([, block]) => block ?? "");
}

describe("the package", () => {
  const stack = new AsyncDisposableStack();
  let folder: string;
  let deb: string;
  beforeAll(async () => {
    folder = createTempFolder(stack);
    deb = await makePackage(join(folder, "one"), "0.1.0");
  }, 120_000);
  afterAll(() => stack.disposeAsync());

  test.if(isFull)(
    "has the same bytes when it is made again",
    async () => {
      expect(hashOf(await makePackage(join(folder, "two"), "0.1.0"))).toBe(hashOf(deb));
    },
    120_000,
  );

  test("belongs to root, and lets nobody else write", async () => {
    const lines = (await run("dpkg-deb", "--contents", deb)).trim().split("\n");
    expect(lines.filter((line) => !/^[-d]rw[x-]r-[x-]r-[x-] root\/root /.test(line))).toEqual([]);
  });

  test("holds program, Lua files, units, page, completion and configurations", async () => {
    const contents = await run("dpkg-deb", "--contents", deb);
    for (const path of [
      "./usr/bin/haproxy-jwt",
      "./usr/share/haproxy-jwt/lua/verify-jwt.lua",
      "./lib/systemd/system/haproxy-jwt.service",
      "./usr/share/man/man1/haproxy-jwt.1.gz",
      "./usr/share/bash-completion/completions/haproxy-jwt",
      "./etc/haproxy-jwt/haproxy.cfg",
      "./usr/share/haproxy-jwt/alerts.yaml",
    ]) {
      expect(contents).toContain(`${path}\n`);
    }
    expect(contents).not.toContain("/usr/local");
    expect(contents).not.toContain("verifier.key");
  });

  test("has scripts that a POSIX shell reads, and that never name HAProxy's service", async () => {
    const control = join(folder, "control");
    await run("dpkg-deb", "--control", deb, control);
    for (const name of ["postinst", "prerm", "postrm"]) {
      // oxlint-disable-next-line no-await-in-loop -- three quick ones
      await run("sh", "-n", join(control, name));
      const text = readFileSync(join(control, name), "utf8");
      expect(text).not.toMatch(/(systemctl|invoke|service)[^\n]*\bhaproxy(\.service)?(\s|$)/m);
    }
  });
});

describe.if(isFull)("on a fresh Debian 12", () => {
  const stack = new AsyncDisposableStack();
  let said: string;
  beforeAll(async () => {
    const folder = createTempFolder(stack);
    const packages = ["ca-certificates", "curl", "openssl"];
    const base = await run("scripts/debian-root", "fresh-bookworm", "bookworm", ...packages);
    const root = join(folder, "root");
    await run("cp", "-a", "--reflink=auto", base.trim(), root);
    const work = join(root, "root");
    copyFileSync(
      await makePackage(join(folder, "new"), "0.1.0"),
      join(work, "haproxy-jwt_0.1.0_amd64.deb"),
    );
    copyFileSync(await makePackage(join(folder, "next"), "0.2.0"), join(work, "next.deb"));
    cpSync(join(ROOT, "haproxy/sample-upstream.cfg"), join(work, "upstream.cfg"));
    cpSync(join(ROOT, "test/e2e/ops/stand-in-systemctl"), join(root, "usr/local/bin/systemctl"));
    writeFileSync(join(work, "keys.json"), JSON.stringify([keys.rs.entry]));
    const [install = "", ...rest] = chapter();
    mkdirSync(join(root, "usr/sbin"), { recursive: true });
    // Nothing may start while packages are installed: there is no service manager.
    writeFileSync(join(root, "usr/sbin/policy-rc.d"), "#!/bin/sh\nexit 101\n", { mode: 0o755 });
    await inRoot(
      root,
      `export DEBIAN_FRONTEND=noninteractive APT_LISTCHANGES_FRONTEND=none
      apt-get -qq update >/dev/null
      ${install.replace("apt install", "apt-get -qq install -y")}`,
      true,
    );
    said = await inRoot(root, scenario(rest), false);
  }, 900_000);
  afterAll(() => stack.disposeAsync());

  for (const [name, mark] of [
    ["a request is verified", 'verified "1" "ok"'],
    ["a revoked token is refused at once", 'revoked "0" "revoked"'],
    ["the key is HAProxy's group's and nobody else's", "key root:haproxy 640"],
    ["the data folder is the server's alone", "data haproxy-jwt:haproxy-jwt 700"],
    ["the server runs as its own user", "user haproxy-jwt"],
    ["an upgrade keeps the rule", 'upgraded "0" "revoked"'],
    ["an upgrade keeps sessions", "session 200"],
    ["an upgrade keeps edited files", "kept jwks_file"],
    ["the nightly copy is root's alone", "copy 600 root"],
    ["a copy restores to the same refusals", 'restored "0" "revoked"'],
    ["HAProxy went on through all of it", "haproxy same"],
    ["the man page is there", "page haproxy-jwt"],
    ["removal leaves the data", "removed data there"],
    ["a purge takes it", "purged data gone"],
  ] as const) {
    test(name, () => {
      expect(said.split("\n")).toContain(mark);
    });
  }
});

/** What happens in the root after the package is there: the chapter's other blocks, then what comes in a life. */
function scenario(blocks: readonly string[]): string {
  const token = mint(keys.rs, claims({ username: "bob", sub: "bob" }));
  const [settings = "", haproxy = "", request = ""] = blocks;
  const password = "correct horse battery staple 7";
  return `
    haproxy -D -f upstream.cfg
    export TOKEN=${token}
    ${settings}
    ${haproxy}
    ask() { curl -s -H "Authorization: Bearer $TOKEN" http://127.0.0.1:8080/; }
    echo "verified $(ask | sed -E 's/.*"x-tkn-valid":("[01]"),"x-tkn-reason":("[a-z]+").*/\\1 \\2/')"
    printf '%s\\n' '${password}' > /tmp/password
    { ${request} } < /tmp/password
    echo "key $(stat -c '%U:%G %a' /etc/haproxy-jwt/verifier.key)"
    echo "data $(stat -c '%U:%G %a' /var/lib/haproxy-jwt)"
    echo "user $(ps -o user:20= -p "$(cat /run/haproxy-jwt.test-pid)" 2>/dev/null || stat -c %U /proc/$(cat /run/haproxy-jwt.test-pid))"
    haproxy-jwt revoke block bob --reason "a test" --no-wait
    detail() { ask | sed -E 's/.*"x-tkn-valid":("[01]").*"x-tkn-detail":("[a-z_]*").*/\\1 \\2/'; }
    # Without a lease a known verdict is used for three seconds.
    for _ in $(seq 100); do [ "$(detail)" = '"0" "revoked"' ] && break; sleep 0.1; done
    echo "revoked $(detail)"
    curl -s -c /tmp/cookies -o /dev/null -H 'content-type: application/json' -H 'origin: http://127.0.0.1:4001' \\
      -d '{"name":"alice","password":"${password}"}' http://127.0.0.1:4001/api/v1/session
    sed -i 's/^#HttpOnly_//; s/TRUE\\t0/FALSE\\t0/' /tmp/cookies
    COOKIE=$(awk '/__Host-haproxy-jwt/ { print $6 "=" $7 }' /tmp/cookies)
    before=$(pgrep -o -f 'haproxy -Ws' 2>/dev/null || cat /run/haproxy.test-pid)
    dpkg --force-confold -i next.deb
    systemctl restart haproxy-jwt
    haproxy-jwt healthcheck
    for _ in $(seq 100); do [ "$(detail)" = '"0" "revoked"' ] && break; sleep 0.1; done
    echo "upgraded $(detail)"
    echo "session $(curl -s -o /dev/null -w '%{http_code}' -H "cookie: $COOKIE" http://127.0.0.1:4001/api/v1/session)"
    echo "kept $(grep -o '^jwks_file' /etc/haproxy-jwt/haproxy-jwt.toml)"
    [ -e /proc/$before ] && [ "$before" = "$(cat /run/haproxy.test-pid)" ] && echo "haproxy same"
    echo "page $(zcat /usr/share/man/man1/haproxy-jwt.1.gz | sed -n 's/^\\.B \\(haproxy-jwt\\)$/\\1/p' | head -1)"
    # The timer's service as its unit has it; then the drill: the data is lost, the copy is put in its place.
    eval "$(sed -n 's/^ExecStart=//p' /lib/systemd/system/haproxy-jwt-backup.service | sed 's/%%/%/g')"
    copy=$(ls /var/backups/haproxy-jwt/*.db)
    echo "copy $(stat -c '%a %U' "$copy")"
    systemctl stop haproxy-jwt
    rm /var/lib/haproxy-jwt/haproxy-jwt.db*
    haproxy-jwt restore "$copy"
    systemctl restart haproxy-jwt
    for _ in $(seq 100); do [ "$(detail)" = '"0" "revoked"' ] && break; sleep 0.1; done
    echo "restored $(detail)"
    systemctl stop haproxy-jwt
    apt-get -qq remove -y haproxy-jwt
    [ -e /var/lib/haproxy-jwt/haproxy-jwt.db ] && echo "removed data there"
    apt-get -qq purge -y haproxy-jwt
    [ -e /var/lib/haproxy-jwt ] || [ -e /etc/haproxy-jwt ] || echo "purged data gone"
  `;
}

/** Runs a script in a root; everything it starts ends with it. Without the network only its own loopback is there. */
async function inRoot(root: string, script: string, hasNetwork: boolean): Promise<string> {
  writeFileSync(join(root, "root/script"), `set -e\ncd /root\n${script}`);
  const inside = `
    set -e
    ${hasNetwork ? "" : "ip link set lo up"}
    mount --bind /dev '${root}/dev'
    mount -t proc proc '${root}/proc'
    mount -t tmpfs tmpfs '${root}/run'
    exec chroot '${root}' /usr/bin/env -i PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root bash /root/script`;
  const network = hasNetwork ? [] : ["--net"];
  const unshare = ["unshare", "--mount", "--pid", "--fork", "--kill-child", ...network];
  return run(...unshare, "sh", "-c", inside);
}
