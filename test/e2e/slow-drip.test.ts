/** Two thousand clients that send a byte a second (P11): they cost good users nothing and are sent away. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { type Edge, startEdge } from "../helpers/edge.ts";
import { expectValid } from "../helpers/expect-verdict.ts";
import { mint } from "../helpers/mint.ts";
import { openConnection, type RawConnection } from "../helpers/raw-client.ts";
import { claims, createKeys } from "../helpers/tokens.ts";
import { waitFor } from "../helpers/wait-for.ts";

const keys = createKeys();
const DRIPS = 2000;
const MAX_GROWTH_KIB = 50 * 1024;
// All drips are opened by the process that also measures.
const MAX_MEDIAN_MS = 50;

function residentKiB(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
}

function openFiles(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

describe(`${DRIPS} clients that drip`, () => {
  const stack = new AsyncDisposableStack();
  let edge: Edge;
  beforeAll(async () => {
    edge = await startEdge(stack, { keys, verifiesInHaproxy: false });
  });
  afterAll(() => stack.disposeAsync());

  const targets = () => [
    {
      name: "a token to the token-server",
      pid: edge.server.program().pid,
      port: edge.server.port,
      head: "POST / HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/jwt\r\ncontent-length: 500\r\n\r\n",
    },
    {
      name: "a header to HAProxy",
      pid: edge.haproxy.program().pid,
      port: edge.haproxy.port,
      head: "GET / HTTP/1.1\r\nhost: app.test\r\nx-slow: ",
    },
  ];

  test.each([0, 1])(
    "keep no good user waiting, and are sent away (target %p)",
    async (which) => {
      const target = targets()[which];
      if (target === undefined) throw new TypeError("no such target");
      expectValid(await edge.ask(mint(keys.hs, claims())));
      const before = { files: openFiles(target.pid), kib: residentKiB(target.pid) };
      const drips: RawConnection[] = [];
      for (let n = 0; n < DRIPS; n += 50) {
        const opened = await Promise.all(
          Array.from({ length: 50 }, () => openConnection(target.port)),
        );
        for (const one of opened) one.write(target.head);
        drips.push(...opened);
      }
      const isOpen = () => drips.filter((one) => !one.isClosed());
      const tookMs: number[] = [];
      await waitFor(
        `the drips of ${target.name} to be sent away`,
        async () => {
          for (const one of isOpen()) one.write("x");
          const end = performance.now() + 1000;
          while (performance.now() < end) {
            const sentAt = performance.now();
            expectValid(await edge.ask(mint(keys.hs, claims())));
            tookMs.push(performance.now() - sentAt);
          }
          // Seen from the server: what counts is that it holds on to none of them.
          return openFiles(target.pid) <= before.files + 20;
        },
        40_000,
      );
      const sorted = tookMs.toSorted((a, b) => a - b);
      expect(sorted.length).toBeGreaterThan(100);
      expect(sorted[Math.floor(sorted.length / 2)]).toBeLessThan(MAX_MEDIAN_MS);
      expect(residentKiB(target.pid) - before.kib).toBeLessThan(MAX_GROWTH_KIB);
      for (const one of drips) one.close();
    },
    90_000,
  );
});
