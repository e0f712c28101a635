/** A server with a key of each kind, and the command line beside it: what tests of single commands share. */
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Appliance, startAppliance } from "./appliance.ts";
import { type CommandLine, createCommandLine } from "./command-line.ts";
import { createTempFolder } from "./temp-folder.ts";

export interface CommandStage {
  readonly folder: string;
  readonly server: Appliance;
  readonly cli: CommandLine;
  /** The HMAC key, which nothing may show. */
  readonly secret: string;
  /** Writes a file (0600) into the folder. @returns its path */
  readonly write: (name: string, content: string) => string;
  /** `keys.json` has the public halves; `rs.pem`, `es.pem`, `ed.pem` and `es.jwk` the private ones. */
  readonly keyPath: (name: string) => string;
}

export async function startCommandStage(stack: AsyncDisposableStack): Promise<CommandStage> {
  const folder = createTempFolder(stack);
  const keyPath = (name: string) => join(folder, name);
  const write = (name: string, content: string): string => {
    writeFileSync(keyPath(name), content, { mode: 0o600 });
    return keyPath(name);
  };
  const secret = randomBytes(32).toString("hex");
  const rs = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const es = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const ed = generateKeyPairSync("ed25519");
  const entries: object[] = [{ kid: "hs", secret }];
  for (const [kid, { publicKey, privateKey }] of Object.entries({ rs, es, ed })) {
    entries.push({ kid, cert: publicKey.export({ type: "spki", format: "pem" }) });
    write(`${kid}.pem`, privateKey.export({ type: "pkcs8", format: "pem" }));
  }
  write("es.jwk", JSON.stringify({ ...es.privateKey.export({ format: "jwk" }), kid: "es" }));
  const keys = write("keys.json", JSON.stringify(entries));
  const server = await startAppliance(stack, { folder, env: { JWT_JWKS_FILE: keys } });
  return { folder, server, cli: createCommandLine(server.dataDir), secret, write, keyPath };
}
