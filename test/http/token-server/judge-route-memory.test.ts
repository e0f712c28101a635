import { describe, expect, test } from "bun:test";
import { refused, type Verdict } from "../../../src/core/token/verdict.ts";
import { type JudgedAt } from "../../../src/http/token-server/answer.ts";
import {
  ACCEPTED,
  FOR_VERIFIERS,
  asked,
  beginEachAnew,
  createRoute,
  failures,
  json,
  post,
} from "./judge-route-stage.ts";

beginEachAnew();

describe("POST / by whoever remembers the answer without a lease", () => {
  test("notes how long a valid verdict is remembered, and at which sequence", async () => {
    const noted: unknown[] = [];
    const noteMemory = (ttl: number, { seq, epoch }: JudgedAt) => {
      noted.push([ttl, seq, epoch, asked.length]);
      return undefined;
    };
    const route = createRoute({ noteMemory });
    await route(post({ "x-jwt-ttl": "3" }));
    await route(post({ "x-jwt-ttl": "300" }));
    await route(post({ "x-jwt-ttl": "0" }));
    await route(post());
    expect(noted).toEqual([
      [3, 12, "e", 1],
      [300, 12, "e", 2],
    ]);
  });

  test("notes what a verdict that took its time was judged at, not what is in force by then", async () => {
    const judged = Promise.withResolvers<Verdict>();
    const noted: JudgedAt[] = [];
    let present: JudgedAt = { seq: 12, epoch: "former" };
    const asking = Promise.withResolvers<void>();
    const route = createRoute({
      judge: () => {
        asking.resolve();
        return judged.promise;
      },
      judgedAt: () => present,
      noteMemory: (_, judgedAt) => {
        noted.push(judgedAt);
        return undefined;
      },
    });
    const answer = route(post({ "x-jwt-ttl": "3", ...FOR_VERIFIERS }));
    await asking.promise;
    present = { seq: 5, epoch: "present" };
    judged.resolve(ACCEPTED);
    expect(await json(answer)).toMatchObject(present);
    expect(noted).toEqual([{ seq: 12, epoch: "former" }]);
  });

  test.each([
    ["at once", refused("malformed")],
    ["later", Promise.resolve(refused("decrypt"))],
  ])(
    "notes nothing for a token that is refused %s: no stranger puts off a confirmation",
    async (_, verdict) => {
      const noted: number[] = [];
      const noteMemory = (ttl: number) => {
        noted.push(ttl);
        return undefined;
      };
      const route = createRoute({ noteMemory, judge: () => verdict });
      expect(await json(route(post({ "x-jwt-ttl": "300" })))).toMatchObject({ valid: "0" });
      expect(noted).toEqual([]);
    },
  );

  test("judges again once that is on record: a change in between must count", async () => {
    const recorded = Promise.withResolvers<void>();
    const noting = Promise.withResolvers<void>();
    let seq = 4;
    const route = createRoute({
      noteMemory: () => {
        noting.resolve();
        return recorded.promise;
      },
      judgedAt: () => ({ seq, epoch: "e" }),
    });
    const answer = route(post({ "x-jwt-ttl": "3", ...FOR_VERIFIERS }));
    await noting.promise;
    expect(asked).toHaveLength(1);
    seq = 5;
    recorded.resolve();
    expect(await json(answer)).toMatchObject({ valid: "1", seq: 5 });
    expect(asked).toHaveLength(2);
  });

  test("lets no verdict out that cannot be put on record", async () => {
    const full = Promise.reject(new Error("full"));
    const route = createRoute({ noteMemory: () => full });
    expect(await json(route(post({ "x-jwt-ttl": "3" })))).toEqual({
      valid: "0",
      reason: "E_BACKEND_UNAVAIL",
      detail: "internal",
    });
    expect(failures).toHaveLength(1);
  });
});
