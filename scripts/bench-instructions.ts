/**
 * Counts the instructions that HAProxy itself runs for one request of each row of scripts/bench, the kernel's not
 * among them: the same figure on a busy machine as on a quiet one, so that small changes can be told apart.
 *
 *   bun scripts/bench-instructions.ts [--match REGEX]    needs Debian's valgrind
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { ROOT } from "../test/helpers/appliance.ts";
import { openConnection } from "../test/helpers/raw-client.ts";
import { createRows, type Row } from "./bench-rows.ts";
import { createStage, CYCLE } from "./bench-stage.ts";

const { values: flags } = parseArgs({ options: { match: { type: "string", default: "" } } });
/** What the start takes is the same in both, and falls out of the difference. */
const [FEW, MANY] = [400, 2400] as const;
/** Tokens that are known: fewer than are asked for in either. */
const TOKENS = 20;

await using stack = new AsyncDisposableStack();
const wanted = new RegExp(flags.match);
const rows = createRows(ROOT).filter(
  ({ name, use, threads }) => use !== "once" && threads === undefined && wanted.test(name),
);
const stage = await createStage(stack);
for (const row of rows) {
  const few = await count(row, FEW);
  const many = await count(row, MANY);
  const each = Math.round((many - few) / (MANY - FEW));
  process.stdout.write(`${row.name.padEnd(46)} ${String(each).padStart(7)} instructions\n`);
}

/** All of one HAProxy's, from its start to its end, with so many requests in between. */
async function count(row: Row, requests: number): Promise<number> {
  const name = `counted-${row.name.replaceAll(/\W+/g, "-")}-${requests}`;
  await using own = new AsyncDisposableStack();
  const { haproxy } = await stage.start(own, {
    config: row.config,
    kind: row.kind,
    needsServer: row.needsServer === true,
    luaVerifies: row.luaVerifies === true,
    threads: 1,
    haproxyPrefix: [
      "valgrind",
      "--tool=callgrind",
      `--callgrind-out-file=${join(stage.folder, `${name}.%p`)}`,
    ],
  });
  const tokens = readFileSync(await stage.tokens(row.kind, CYCLE, "cycle"), "utf8").split("\n");
  const connection = await openConnection(haproxy.port);
  for (let n = 0; n < requests; n++) {
    connection.write(
      `GET / HTTP/1.1\r\nhost: app.test\r\nauthorization: Bearer ${tokens[n % TOKENS]}\r\n\r\n`,
    );
    // oxlint-disable-next-line no-await-in-loop -- one after the other: each is to be counted whole
    const response = await connection.response(30_000);
    if (response?.startLine.includes(" 200 ") !== true) throw new Error(`${row.name}: no 200`);
  }
  connection.close();
  await haproxy.program().stop();
  const written = readdirSync(stage.folder).filter((file) => file.startsWith(`${name}.`));
  const totals = written.map((file) => {
    const text = readFileSync(join(stage.folder, file), "latin1");
    return Number(/^(?:summary|totals): (\d+)/m.exec(text)?.[1]);
  });
  return Math.max(...totals);
}
