/**
 * P5: what was acknowledged is there after `kill -9`, at whatever moment. A run kills the same folder's
 * writer again and again: 20 times, or KILLS in the environment (1000 with FULL=1).
 */
import { describe, expect, test } from "bun:test";
import { openStore, type Store } from "../../src/sqlite/open-store.ts";
import { useFolder } from "./store-fixture.ts";

const kills = Number(process.env["KILLS"] ?? (process.env["FULL"] === "1" ? 1000 : 20));

/** Acknowledgements a writer may give before it is killed; where in the next write is up to chance. */
const MOST = 40;

interface Acknowledged {
  readonly kind: string;
  /** Of a rule; of an import the number that its subject bears. */
  readonly id: number;
  readonly seq: number;
}

interface Killed {
  readonly pid: number;
  readonly told: readonly Acknowledged[];
}

/** Rules in an import of the writer's. */
const IMPORTED = 2;

/** Starts a writer, kills it after so many acknowledgements, and returns all that it has given. */
async function killAfter(directory: string, acknowledgements: number): Promise<Killed> {
  const child = Bun.spawn([process.execPath, `${import.meta.dir}/kill-writer.ts`, directory], {
    stdout: "pipe",
    stderr: "ignore",
  });
  let text = "";
  try {
    const decoder = new TextDecoder();
    let isKilled = false;
    for await (const chunk of child.stdout) {
      text += decoder.decode(chunk, { stream: true });
      // One line is "ready".
      if (!isKilled && text.split("\n").length - 2 >= acknowledgements) {
        isKilled = true;
        child.kill("SIGKILL");
      }
    }
  } finally {
    child.kill("SIGKILL");
  }
  await child.exited;
  // A line cut short by the kill was not read by anybody as an acknowledgement.
  const lines = [...text.matchAll(/^(added|lifted|imported) (\d+) (\d+)\n/gm)];
  const told = lines.map(([, kind, id, seq]) => ({
    kind: kind ?? "",
    id: Number(id),
    seq: Number(seq),
  }));
  return { pid: child.pid, told };
}

async function expectAcknowledged(
  { rules }: Store,
  { kind, id, seq }: Acknowledged,
  { pid, told }: Killed,
): Promise<void> {
  const [change] = (await rules.changesSince(seq - 1, 1)) ?? [];
  if (kind === "imported") {
    expect(change).toMatchObject({ seq, kind: "rules_imported" });
    const { items } = await rules.listRules({ subject: `import-${pid}-${id}`, limit: 10 });
    expect(items.map(({ state }) => state)).toEqual(["active", "active"]);
    return;
  }
  const rule = await rules.getRule(id);
  const isLifted = told.some((one) => one.kind === "lifted" && one.id === id);
  if (isLifted) expect(rule?.state).toBe("lifted");
  else expect(["active", "lifted"]).toContain(rule?.state ?? "lost");
  expect(change).toMatchObject({ seq, ruleId: id });
  const { items } = await rules.listAudit({ rule: id, limit: 2 });
  expect(items.map(({ action }) => action)).toContain(kind === "added" ? "rule.add" : "rule.lift");
}

describe("an acknowledged change", () => {
  const folder = useFolder();

  test(
    `is there after each of ${kills} kills, with its journal and audit, in a sound database`,
    async () => {
      const directory = folder();
      let random = 20_261_123;
      let acknowledged = 0;
      let imports = 0;
      let seenSeq = 0;
      for (let round = 0; round < kills; round++) {
        random = (Math.imul(random, 1_103_515_245) + 12_345) >>> 0;
        const killed = await killAfter(directory, (random >>> 16) % MOST);
        const { told } = killed;
        acknowledged += told.length;
        const store = await openStore(directory, { nowMs: Date.now });
        for (const one of told) await expectAcknowledged(store, one, killed);
        // Each change has its audit row, each audit row its change.
        const seqNow = await store.rules.seq();
        const counted = await store.rules.counts();
        const changes = (await store.rules.changesSince(seenSeq, 1000)) ?? [];
        imports += changes.filter(({ kind }) => kind === "rules_imported").length;
        seenSeq = seqNow;
        // An import is one change, whole or not at all.
        expect(seqNow).toBe(counted.active + counted.lifted * 2 - imports * (IMPORTED - 1));
        if (round % 20 === 0 || round === kills - 1) expect(await store.check()).toEqual([]);
        await store.close();
      }
      expect(acknowledged).toBeGreaterThan(kills);
    },
    kills * 10_000,
  );
});
