import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { createServiceManager, sendDatagram } from "../src/systemd.ts";
import { openDatagramSocket } from "./helpers/datagram-socket.ts";
import { createTempFolder } from "./helpers/temp-folder.ts";

/** A service manager whose messages and keep-alives are kept instead of sent. */
function fake(environment: Readonly<Record<string, string>>) {
  const sent: string[] = [];
  const intervals: number[] = [];
  let tick: (() => void) | undefined;
  const manager = createServiceManager({
    environment,
    pid: 42,
    send: (path, message) => {
      sent.push(`${path} ${message.replaceAll("\n", " ")}`);
      return true;
    },
    every: (intervalMs, run) => {
      intervals.push(intervalMs);
      tick = run;
      return () => {
        tick = undefined;
      };
    },
  });
  return { manager, sent, intervals, tick: () => tick?.() };
}

describe("the service manager", () => {
  test("is told of readiness, reloads and the stop", () => {
    const { manager, sent } = fake({ NOTIFY_SOCKET: "/run/n" });
    manager.ready("serving");
    manager.reloading();
    manager.ready("serving");
    manager.stopping();
    expect(sent).toEqual([
      "/run/n READY=1 STATUS=serving",
      "/run/n RELOADING=1",
      "/run/n READY=1 STATUS=serving",
      "/run/n STOPPING=1",
    ]);
  });

  test("gets a keep-alive at half the watchdog's time, from readiness to the stop", () => {
    const { manager, sent, intervals, tick } = fake({
      NOTIFY_SOCKET: "/run/n",
      WATCHDOG_USEC: "20000000",
      WATCHDOG_PID: "42",
    });
    tick();
    manager.ready("serving");
    manager.ready("serving");
    tick();
    manager.stopping();
    tick();
    expect(intervals).toEqual([10_000]);
    expect(sent.filter((line) => line.includes("WATCHDOG"))).toEqual(["/run/n WATCHDOG=1"]);
  });

  for (const [name, environment] of [
    ["without a socket", { WATCHDOG_USEC: "20000000" }],
    ["with an empty socket", { NOTIFY_SOCKET: "" }],
    ["with a socket that is no path", { NOTIFY_SOCKET: "vsock:2:1234" }],
  ] as const) {
    test(`is not spoken to ${name}`, () => {
      const { manager, sent, intervals } = fake(environment);
      manager.ready("serving");
      manager.stopping();
      expect([sent, intervals]).toEqual([[], []]);
    });
  }

  test("gets no keep-alive that is meant for another process", () => {
    const { manager, intervals } = fake({
      NOTIFY_SOCKET: "/run/n",
      WATCHDOG_USEC: "20000000",
      WATCHDOG_PID: "43",
    });
    manager.ready("serving");
    expect(intervals).toEqual([]);
  });
});

describe("a datagram", () => {
  test("arrives at a socket's path, whole", () => {
    using stack = new DisposableStack();
    const folder = createFolder(stack);
    const path = join(folder, "notify.sock");
    const socket = stack.adopt(openDatagramSocket(path), (one) => one.close());
    expect(sendDatagram(path, "READY=1\nSTATUS=serving")).toBe(true);
    expect(socket.receive()).toBe("READY=1\nSTATUS=serving");
  });

  test("arrives at an abstract name", () => {
    using stack = new DisposableStack();
    const name = `@haproxy-jwt-test-${crypto.randomUUID()}`;
    const socket = stack.adopt(openDatagramSocket(name), (one) => one.close());
    expect(sendDatagram(name, "WATCHDOG=1")).toBe(true);
    expect(socket.receive()).toBe("WATCHDOG=1");
  });

  for (const [name, path] of [
    ["nobody listens on", "/nowhere/notify.sock"],
    ["is too long for an address", `/${"x".repeat(120)}`],
  ] as const) {
    test(`to a path that ${name} is given up, without an error`, () => {
      expect(sendDatagram(path, "READY=1")).toBe(false);
    });
  }
});

function createFolder(stack: DisposableStack): string {
  const inner = new AsyncDisposableStack();
  stack.defer(() => void inner.disposeAsync());
  return createTempFolder(inner);
}
