/** The `demo` command: the whole thing at work in a temporary folder, to look at or to check. */
import { once } from "node:events";
import { type Command, InvalidArgumentError } from "commander";
import { type Check, CHECKS, sampleClaims } from "./checks.ts";
import { CLUSTER_CHECKS } from "./cluster-checks.ts";
import { describeCluster, setCluster } from "./cluster.ts";
import { forge } from "./sample-keys.ts";
import { setStage, type Stage, type StagePorts } from "./stage.ts";

/** Adds `demo` to the command line. `--check` sets the process's exit code to 1 when a request went wrong. */
export function registerDemo(program: Command): void {
  program
    .command("demo")
    .description("run HAProxy, the server and an upstream that shows the headers it got")
    .option("--check", "send the sample requests, print a line each, and end")
    .option("--cluster", "three machines on one PostgreSQL with a standby, each with a HAProxy")
    .option("--haproxy-port <port>", "port of HAProxy (default: a free one)", toPort)
    .option("--server-port <port>", "port of the token-server (default: a free one)", toPort)
    .option("--admin-port <port>", "port of the admin page (default: a free one)", toPort)
    .option("--upstream-port <port>", "port of the upstream (default: a free one)", toPort)
    .action(async (options: DemoOptions) => {
      // Without a listener a signal would end this process and leave the others behind.
      const interrupted = Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
      const ports: StagePorts = {
        haproxy: options.haproxyPort,
        server: options.serverPort,
        admin: options.adminPort,
        upstream: options.upstreamPort,
      };
      if (options.cluster === true) {
        await showCluster(ports, options.check === true, interrupted);
        process.exit();
      }
      const stage = await setStage(ports, interrupted);
      try {
        if (options.check === true) {
          const isGood = await Promise.race([
            runChecks(CHECKS, stage),
            interrupted.then(() => false),
          ]);
          process.exitCode = isGood ? 0 : 1;
        } else {
          show(stage);
          await interrupted;
        }
      } finally {
        await stage.stop();
      }
      // Nobody waits any longer for a signal that has not come.
      process.exit();
    });
}

interface DemoOptions {
  readonly check?: true;
  readonly cluster?: true;
  readonly haproxyPort?: number;
  readonly serverPort?: number;
  readonly adminPort?: number;
  readonly upstreamPort?: number;
}

function toPort(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port < 1 || port > 65_535) {
    throw new InvalidArgumentError("It takes a number from 1 to 65535.");
  }
  return port;
}

async function showCluster(
  ports: StagePorts,
  isCheck: boolean,
  interrupted: Promise<unknown>,
): Promise<void> {
  const cluster = await setCluster(ports, interrupted);
  try {
    if (isCheck) {
      const checks = runChecks(CLUSTER_CHECKS, cluster);
      const isGood = await Promise.race([checks, interrupted.then(() => false)]);
      process.exitCode = isGood ? 0 : 1;
    } else {
      for (const line of describeCluster(cluster)) print(line);
      await interrupted;
    }
  } finally {
    await cluster.stop();
  }
}

async function runChecks<T>(checks: readonly Check<T>[], stage: T): Promise<boolean> {
  let isGood = true;
  for (const { what, run } of checks) {
    const wrong = await run(stage).catch((error: unknown) =>
      // A line each: the rest of a longer message is for the logs.
      String(error).replaceAll("\n", " ").trim(),
    );
    print(wrong === undefined ? `ok   ${what}` : `FAIL ${what}: ${wrong}`);
    if (wrong !== undefined) isGood = false;
  }
  return isGood;
}

function show(stage: Stage): void {
  const { keys, url } = stage;
  const good = keys.rs256(sampleClaims("alice"));
  const samples = [
    ["RS256", good],
    ["HS256", keys.hs256(sampleClaims("alice"))],
    ["ES256", keys.es256(sampleClaims("alice"))],
    ["JWE", keys.jwe(sampleClaims("alice"))],
    ["bob's, to be revoked", keys.rs256(sampleClaims("bob"))],
    ["expired", keys.rs256(sampleClaims("alice", -60))],
    ["forged", forge(good, sampleClaims("root"))],
    ["of a foreign key", keys.foreign(sampleClaims("alice"))],
  ] as const;
  print(`HAProxy listens on ${url}; the upstream behind it answers with the headers it got.`);
  for (const [name, token] of samples) {
    print(`\n# ${name}\ncurl -s ${url} -H 'Authorization: Bearer ${token}'`);
  }
  print(`\n# none, and a forged header\ncurl -s ${url} -H 'x-tkn-valid: 1'`);
  const self = process.argv0.includes("/") ? process.execPath : "haproxy-jwt";
  print(`\n# turn bob away\n${self} revoke user bob --reason demo ${stage.flags}`);
  print(`\nThe admin page: ${adminLink(stage)}`);
  print(`Configuration, keys and logs: ${stage.folder}\nCtrl-C ends it and removes them.`);
}

/** The one-time link by which the first administrator is made, as the server printed it; else the page itself. */
function adminLink(stage: Stage): string {
  const origin = stage.adminUrl.replaceAll(/[.]/g, "[.]");
  return new RegExp(`${origin}[^\\s"]*#[^\\s"]+`).exec(stage.serverOutput())?.[0] ?? stage.adminUrl;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
