/**
 * The program that `durability.test.ts` kills: adds, lifts and imports rules as fast as it can and prints each
 * acknowledgement, at once and unbuffered.
 */
import { writeSync } from "node:fs";
import { openStore } from "../../src/sqlite/open-store.ts";
import { ACTOR, ruleOf } from "./store-fixture.ts";

const directory = process.argv[2] ?? "";
const store = await openStore(directory, { nowMs: Date.now });
writeSync(1, "ready\n");
for (let n = 0; ; n++) {
  const subject = `user-${n % 5}`;
  const added = await store.rules.addRule(
    ruleOf(n % 7 === 0 ? undefined : subject, `{"jti":"${process.pid}-${n}","iat":{"lte":${n}}}`),
    ACTOR,
  );
  writeSync(1, `added ${added.id} ${added.seq}\n`);
  if (n % 5 === 4) {
    const staged = await store.rules.beginImport(ACTOR, "a test");
    for (const jti of ["a", "b"]) {
      await staged.stage([
        { line: 1, rule: ruleOf(`import-${process.pid}-${n}`, `{"jti":"${jti}"}`) },
      ]);
    }
    writeSync(1, `imported ${n} ${(await staged.commit()).seq}\n`);
  }
  if (n % 3 !== 0) continue;
  const lifted = await store.rules.liftRule(added.id, "a test", ACTOR);
  writeSync(1, `lifted ${lifted.id} ${lifted.seq}\n`);
}
