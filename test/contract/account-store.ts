/** What any store of people, API tokens, sessions, attempts and settings does: who gets in, and who does not any more. */
import { describe, expect, test } from "bun:test";
import type { AccountStore } from "../../src/core/revocation/accounts.ts";
import type { RuleStore } from "../../src/core/revocation/store.ts";
import { codeOf } from "../sqlite/refusal.ts";
import { ACTOR, NOW } from "../sqlite/store-fixture.ts";

const LIMITS = { idleSeconds: 1800, absoluteSeconds: 43_200 };

/** A store of its own, empty, for one test. */
export interface OpenedStore {
  readonly accounts: AccountStore;
  readonly rules: Pick<RuleStore, "listAudit">;
  readonly close: () => Promise<void>;
}

/** Declares the tests of one kind of store. */
export function describeAccountStore(
  name: string,
  openStore: (nowMs: () => number) => Promise<OpenedStore>,
): void {
  const open = () => openWithClock(openStore);

  describe(name, () => {
    const ANN = { name: "ann", role: "admin", passwordHash: "hash" } as const;

    test("keeps people, each name once, and never lets go of the last admin", async () => {
      const { store, accounts } = await open();
      await accounts.createPerson(ANN, ACTOR);
      expect(await codeOf(accounts.createPerson(ANN, ACTOR))).toBe("conflict");
      expect(await accounts.findPerson("ann")).toMatchObject({
        role: "admin",
        passwordHash: "hash",
      });
      expect(await accounts.findPerson("ANN")).toBe(undefined);
      expect(await codeOf(accounts.removePerson("ann", ACTOR))).toBe("conflict");
      expect(await codeOf(accounts.setRole("ann", "viewer", ACTOR))).toBe("conflict");
      expect(await codeOf(accounts.removePerson("bob", ACTOR))).toBe("not_found");
      expect(await codeOf(accounts.setRole("bob", "viewer", ACTOR))).toBe("not_found");
      expect(await codeOf(accounts.setPassword("bob", "x", ACTOR))).toBe("not_found");
      await accounts.createPerson({ ...ANN, name: "bob" }, ACTOR);
      await accounts.setRole("ann", "viewer", ACTOR);
      await accounts.removePerson("ann", ACTOR);
      expect((await accounts.listPeople()).map(({ name }) => name)).toEqual(["bob"]);
      await store.close();
    });

    test("ends a person's sessions with the password and with the person", async () => {
      const { store, accounts } = await open();
      await accounts.createPerson(ANN, ACTOR);
      await accounts.createPerson({ ...ANN, name: "bob" }, ACTOR);
      await accounts.createSession("s1", "ann", ACTOR);
      await accounts.createSession("s2", "bob", ACTOR);
      await accounts.setPassword("ann", "new", ACTOR);
      expect(await accounts.findSession("s1", LIMITS)).toBe(undefined);
      expect(await accounts.findSession("s2", LIMITS)).toMatchObject({ person: "bob" });
      await accounts.removePerson("bob", ACTOR);
      expect(await accounts.findSession("s2", LIMITS)).toBe(undefined);
      await store.close();
    });

    test("knows a session until it idles too long, is too old, or is ended", async () => {
      const { store, accounts, at } = await open();
      await accounts.createPerson(ANN, ACTOR);
      await accounts.createSession("s1", "ann", ACTOR);
      expect(await accounts.findSession("other", LIMITS)).toBe(undefined);
      at(1799);
      expect(await accounts.findSession("s1", LIMITS)).toMatchObject({ person: "ann" });
      at(1799 + 1800);
      expect(await accounts.findSession("s1", LIMITS)).toBe(undefined);
      at(0);
      await accounts.createSession("s2", "ann", ACTOR);
      for (let seconds = 0; seconds < 43_200; seconds += 1200) {
        at(seconds);
        expect(await accounts.findSession("s2", LIMITS)).toBeDefined();
      }
      at(43_200);
      expect(await accounts.findSession("s2", LIMITS)).toBe(undefined);
      await accounts.createSession("s3", "ann", ACTOR);
      expect(await accounts.listSessions("ann", LIMITS)).toHaveLength(1);
      await accounts.endSession("s3", ACTOR);
      expect(await accounts.findSession("s3", LIMITS)).toBe(undefined);
      expect(await accounts.listSessions("ann", LIMITS)).toEqual([]);
      await store.close();
    });

    test("brings no session back with a clock that is set back", async () => {
      const { store, accounts, at } = await open();
      await accounts.createPerson(ANN, ACTOR);
      await accounts.createSession("idle", "ann", ACTOR);
      at(1800);
      expect(await accounts.findSession("idle", LIMITS)).toBe(undefined);
      at(0);
      expect(await accounts.findSession("idle", LIMITS)).toBe(undefined);
      // One made under a clock ahead would otherwise last until that time has come.
      at(3600);
      await accounts.createSession("ahead", "ann", ACTOR);
      at(3600 - 60);
      expect(await accounts.findSession("ahead", LIMITS)).toBeDefined();
      at(0);
      expect(await accounts.listSessions("ann", LIMITS)).toEqual([]);
      expect(await accounts.findSession("ahead", LIMITS)).toBe(undefined);
      await store.close();
    });

    test("gives a session the role its person has now", async () => {
      const { store, accounts } = await open();
      await accounts.createPerson(ANN, ACTOR);
      await accounts.createPerson({ ...ANN, name: "bob" }, ACTOR);
      await accounts.createSession("s1", "bob", ACTOR);
      await accounts.setRole("bob", "viewer", ACTOR);
      expect((await accounts.findSession("s1", LIMITS))?.role).toBe("viewer");
      await accounts.endSessions("bob", ACTOR);
      expect(await accounts.findSession("s1", LIMITS)).toBe(undefined);
      await store.close();
    });

    test("knows an API token by its hash until it is revoked; its name is free again then", async () => {
      const { store, accounts } = await open();
      const token = { name: "ci", role: "operator", secretHash: "h1" } as const;
      const made = await accounts.createApiToken(token, ACTOR);
      expect(made).toMatchObject({ name: "ci", role: "operator", createdBy: "root" });
      expect(await codeOf(accounts.createApiToken({ ...token, secretHash: "h2" }, ACTOR))).toBe(
        "conflict",
      );
      expect(await accounts.findApiToken("h2")).toBe(undefined);
      expect(await accounts.findApiToken("h1")).toMatchObject({ name: "ci" });
      expect((await accounts.listApiTokens())[0]?.lastUsedAt).toBe(NOW);
      await accounts.revokeApiToken("ci", ACTOR);
      expect(await accounts.findApiToken("h1")).toBe(undefined);
      expect(await codeOf(accounts.revokeApiToken("ci", ACTOR))).toBe("conflict");
      expect(await codeOf(accounts.revokeApiToken("cd", ACTOR))).toBe("not_found");
      await accounts.createApiToken({ ...token, secretHash: "h2" }, ACTOR);
      expect(await accounts.listApiTokens()).toHaveLength(2);
      await store.close();
    });

    test("counts attempts within their window, each key for itself", async () => {
      const { store, accounts, at } = await open();
      expect(await accounts.countAttempt("a", 60)).toBe(1);
      expect(await accounts.countAttempt("a", 60)).toBe(2);
      expect(await accounts.countAttempt("b", 60)).toBe(1);
      at(59);
      expect(await accounts.countAttempt("a", 60)).toBe(3);
      at(60);
      expect(await accounts.countAttempt("a", 60)).toBe(2);
      await accounts.takeBackAttempt("a");
      expect(await accounts.countAttempt("a", 60)).toBe(2);
      expect(await accounts.countAttempt("b", 60)).toBe(1);
      await accounts.takeBackAttempt("c");
      expect(await accounts.countAttempt("c", 60)).toBe(1);
      await accounts.forgetAttempts("a");
      expect(await accounts.countAttempt("a", 60)).toBe(1);
      await store.close();
    });

    test("locks nobody out for attempts under a clock that was ahead", async () => {
      const { store, accounts, at } = await open();
      at(3600);
      for (let i = 0; i < 20; i++) await accounts.countAttempt("a", 60);
      at(3600 - 60);
      expect(await accounts.countAttempt("a", 60)).toBe(21);
      at(0);
      expect(await accounts.countAttempt("a", 60)).toBe(1);
      await store.close();
    });

    test("keeps settings, raises what only grows, and gives a taken one to one caller", async () => {
      const { store, accounts } = await open();
      expect(await accounts.getSetting("x")).toBe(undefined);
      await accounts.setSetting("x", "1");
      await accounts.setSetting("x", "2");
      expect(await accounts.getSetting("x")).toBe("2");
      // The store's own settings are nobody else's.
      expect(await accounts.getSetting("epoch")).toBe(undefined);
      expect(await accounts.raiseSetting("lease", 5)).toBe(5);
      expect(await accounts.raiseSetting("lease", 3)).toBe(5);
      expect(await accounts.takeSetting("x", "1")).toBe(false);
      const taken = await Promise.all([
        accounts.takeSetting("x", "2"),
        accounts.takeSetting("x", "2"),
      ]);
      expect(taken.filter(Boolean)).toHaveLength(1);
      await store.close();
    });

    test("audits who comes and goes", async () => {
      const { store, accounts } = await open();
      await accounts.createPerson(ANN, ACTOR);
      await accounts.createSession("s1", "ann", { who: "ann", via: "page", from: "10.0.0.1" });
      await accounts.endSession("s1", { who: "ann", via: "page", from: "10.0.0.1" });
      const { items } = await store.rules.listAudit({ limit: 10 });
      expect(items.map(({ action, target }) => [action, target])).toEqual([
        ["session.end", "ann"],
        ["session.create", "ann"],
        ["person.create", "ann"],
      ]);
      await store.close();
    });
  });
}

/** A store whose clock the test sets. */
async function openWithClock(openStore: (nowMs: () => number) => Promise<OpenedStore>): Promise<{
  readonly store: OpenedStore;
  readonly accounts: AccountStore;
  readonly at: (seconds: number) => void;
}> {
  let now = NOW;
  const store = await openStore(() => now * 1000);
  return {
    store,
    accounts: store.accounts,
    at: (seconds) => {
      now = NOW + seconds;
    },
  };
}
