/** The program whose syncs `synced.test.ts` counts: prints the count after each step. */
import { readFileSync } from "node:fs";
import { openStore } from "../../src/sqlite/open-store.ts";
import { ACTOR, ruleOf } from "./store-fixture.ts";

const [, , directory = ""] = process.argv;
const store = await openStore(directory, { nowMs: Date.now });
const say = (step: string) => {
  const bytes = readFileSync(process.env["SYNC_COUNTER"] ?? "");
  process.stdout.write(`${step} ${bytes.readBigUInt64LE()}\n`);
};
say("opened");
for (let n = 0; n < 5; n++) {
  const { id } = await store.rules.addRule(ruleOf("bob", `{"jti":"${n}"}`), ACTOR);
  say("added");
  await store.rules.liftRule(id, "a test", ACTOR);
  say("lifted");
}
const staged = await store.rules.beginImport(ACTOR, "a test");
say("begun");
for (let n = 0; n < 4; n++) {
  await staged.stage([{ line: n, rule: ruleOf("eve", `{"jti":"${n}"}`) }]);
  say("staged");
}
await staged.commit();
say("committed");
await store.close();
