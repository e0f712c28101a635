/** Three machines on one PostgreSQL with a standby, each with its server, HAProxy and upstream. */
import { randomBytes } from "node:crypto";
import { sampleClaims } from "./checks.ts";
import { ownCommand } from "./children.ts";
import { type SamplePostgres, startPostgres } from "./postgres.ts";
import { createSampleKeys, type SampleKeys } from "./sample-keys.ts";
import { setStage, type Stage, type StagePorts } from "./stage.ts";

/** The running demonstration. */
export interface ClusterStage {
  readonly keys: SampleKeys;
  readonly machines: readonly Stage[];
  /** Issued to bob at the beginning, and revoked on the way. */
  readonly bobsToken: string;
  readonly primary: SamplePostgres;
  readonly standby: SamplePostgres;
  readonly storeUrl: string;
  /** To be stopped with the rest. */
  readonly alsoStop: (server: SamplePostgres) => void;
  readonly stop: () => Promise<void>;
}

const MACHINES = 3;
/** Short, so that its end can be seen. */
export const LEASE_SECONDS = 5;

/**
 * Starts it all and waits until it answers.
 *
 * @param ports of the first machine
 * @param interrupted resolves when nobody wants it any more
 * @throws AppError unavailable when a part does not start; everything already started is stopped
 */
export async function setCluster(
  ports: StagePorts,
  interrupted: Promise<unknown>,
): Promise<ClusterStage> {
  const undo: (() => Promise<void>)[] = [];
  const stop = async () => {
    for (const step of undo.splice(0).toReversed()) await step();
  };
  try {
    const primary = await startPostgres();
    undo.push(primary.stop);
    const standby = await primary.addStandby("standby_a");
    undo.push(standby.stop);
    const hosts = [primary, standby].map(({ port }) => `127.0.0.1:${port}`).join(",");
    const storeUrl = `postgres://jwt@${hosts}/postgres`;
    const keys = createSampleKeys();
    const env = {
      JWT_STORE: storeUrl,
      JWT_STORE_LEASE: String(LEASE_SECONDS),
      JWT_VERIFIER_KEY: randomBytes(32).toString("hex"),
    };
    const machines: Stage[] = [];
    for (let n = 0; n < MACHINES; n += 1) {
      const machine = await setStage(n === 0 ? ports : {}, interrupted, { keys, env });
      undo.push(machine.stop);
      machines.push(machine);
    }
    const alsoStop = (server: SamplePostgres) => undo.push(server.stop);
    const bobsToken = keys.rs256(sampleClaims("bob"));
    return { keys, machines, bobsToken, primary, standby, storeUrl, alsoStop, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** What there is to look at, a line each. */
export function describeCluster({
  machines,
  bobsToken,
  storeUrl,
}: ClusterStage): readonly string[] {
  const self = ownCommand().join(" ");
  const [first] = machines;
  return [
    `${machines.length} machines share ${storeUrl}; the second host is the first one's standby.`,
    ...machines.map(
      ({ url, adminUrl }, at) => `machine ${at + 1}: ${url}  admin page: ${adminUrl}`,
    ),
    `\n# a token for any of them\ncurl -s ${first?.url ?? ""} -H 'Authorization: Bearer ${bobsToken}'`,
    `\n# turn bob away everywhere\n${self} revoke user bob --reason demo ${first?.flags ?? ""}`,
    `\n# who is there\n${self} nodes list ${first?.flags ?? ""}`,
    `\nFolders: ${machines.map(({ folder }) => folder).join(" ")}\nCtrl-C ends it and removes them.`,
  ];
}
