import { describe, expect, test } from "bun:test";
import { createLive, type Listener } from "../../../src/admin-ui/state/live.ts";
import { createSession } from "../../../src/admin-ui/state/session.ts";

/** A stream and a clock that do what the test says. */
function createStage() {
  const listeners: Listener[] = [];
  const timers = new Map<number, { readonly delayMs: number; readonly run: () => void }>();
  let lastTimer = 0;
  let closed = 0;
  let session: Promise<unknown> = Promise.resolve();
  const live = createLive({
    open: (listener) => {
      listeners.push(listener);
      return { close: () => (closed += 1) };
    },
    checkSession: () => session,
    nowMs: () => 5000,
    after: (delayMs, run) => {
      lastTimer += 1;
      const id = lastTimer;
      timers.set(id, { delayMs, run });
      return () => timers.delete(id);
    },
  });
  return {
    live,
    listeners,
    closed: () => closed,
    setSession: (next: Promise<unknown>): void => {
      session = next;
    },
    delays: () => [...timers.values()].map(({ delayMs }) => delayMs),
    /** Lets the one timer that is set go off. */
    ring: async () => {
      const [[id, timer] = []] = timers;
      if (id !== undefined) timers.delete(id);
      timer?.run();
      await Promise.resolve();
      await Promise.resolve();
    },
  };
}

describe("the live data", () => {
  test("say connecting, live, lost as it is, and keep the last of them", async () => {
    const { live, listeners, ring } = createStage();
    live.start();
    expect(live.contact.value).toBe("connecting");
    listeners[0]?.heard('{"stats":{"now":5}}');
    expect(live.contact.value).toBe("live");
    expect(live.heardAt.value).toBe(5);
    await ring();
    expect(live.contact.value).toBe("lost");
    expect(live.snapshot.value?.stats.now).toBe(5);
  });

  test("try again by themselves, more and more slowly, and only with a session", async () => {
    const stage = createStage();
    stage.live.start();
    stage.setSession(Promise.reject(new Error("away")));
    stage.listeners[0]?.failed();
    const waits: number[] = [];
    for (let count = 0; count < 5; count += 1) {
      waits.push(...stage.delays());
      // oxlint-disable-next-line no-await-in-loop
      await stage.ring();
    }
    expect(waits).toEqual([1000, 2000, 4000, 8000, 8000]);
    expect(stage.listeners).toHaveLength(1);
    stage.setSession(Promise.resolve());
    await stage.ring();
    expect(stage.listeners).toHaveLength(2);
    stage.listeners[1]?.heard('{"stats":{}}');
    expect(stage.live.contact.value).toBe("live");
  });

  test("take no proxy's page for data", () => {
    const { live, listeners } = createStage();
    live.start();
    listeners[0]?.heard("<html>");
    expect(live.contact.value).toBe("connecting");
    expect(live.snapshot.value).toBeUndefined();
  });

  test("are over when stopped, whatever comes late", () => {
    const { live, listeners, delays } = createStage();
    live.start();
    live.stop();
    listeners[0]?.failed();
    expect(live.contact.value).toBe("connecting");
    expect(delays()).toEqual([]);
  });
});

describe("a session", () => {
  test("that ended lets what waited go on for the same person", async () => {
    const session = createSession(() => undefined);
    session.begin({ name: "bob", role: "operator" });
    const waiting = session.waitForLogin();
    expect(session.ended.value).toBe("bob");
    session.begin({ name: "bob", role: "operator" });
    await waiting;
    expect(session.ended.value).toBeUndefined();
  });

  test("of somebody else does not carry out what the former had begun", async () => {
    let hasLeft = false;
    let hasGone = false;
    const session = createSession(() => (hasLeft = true));
    session.begin({ name: "bob", role: "operator" });
    void session.waitForLogin().then(() => (hasGone = true));
    session.begin({ name: "eve", role: "admin" });
    await Promise.resolve();
    expect({ hasLeft, hasGone }).toEqual({ hasLeft: true, hasGone: false });
  });
});
