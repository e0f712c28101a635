import { describe, expect, test } from "bun:test";
import { parseJsonObject } from "../../../src/core/json-parse.ts";
import type { Judge } from "../../../src/core/token/judge.ts";
import { refused } from "../../../src/core/token/verdict.ts";
import { VERIFIER_TYPE } from "../../../src/http/token-server/answer.ts";
import {
  ACCEPTED,
  FOR_VERIFIERS,
  KEY,
  TRUSTED,
  asked,
  beginEachAnew,
  clock,
  createRoute,
  failures,
  json,
  post,
  verdicts,
} from "./judge-route-stage.ts";

beginEachAnew();

describe("POST /", () => {
  test("judges the body as it came and answers contract's JSON", async () => {
    const response = await createRoute()(post());
    expect(response.headers.get("content-type")).toBe("application/json");
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(await response.text()).toBe(
      '{"valid":"1","reason":"ok","body":{"sub":"bob"},"stateless":"1"}',
    );
    expect(asked).toEqual([{ token: "a.b.c", options: { verifiedWith: undefined } }]);
    expect(verdicts).toEqual([ACCEPTED]);
  });

  test.each([
    ["text/plain", 200],
    ["Text/Plain; charset=UTF-8", 200],
    ["APPLICATION/JWT", 200],
    ["application/jwt;x=y", 200],
    ["", 415],
    ["application/json", 415],
    ["application/x-www-form-urlencoded", 415],
    ["multipart/form-data; boundary=x", 415],
    ["text/html", 415],
    ["text/plainx", 415],
    ["application/jwt, text/html", 415],
    ["constructor", 415],
  ])("answers the type %p with %p", async (type, status) => {
    const response = await createRoute()(post({ "content-type": type }));
    expect(response.status).toBe(status);
    expect(asked).toHaveLength(status === 200 ? 1 : 0);
  });

  test.each([
    ["a byte order mark", Buffer.from("\ufeffa.b.c")],
    ["a line break", Buffer.from("a.b.c\n")],
    ["a space", Buffer.from(" a.b.c")],
    ["NUL", Buffer.from("a.b.c\u0000")],
    ["bytes that are not UTF-8", Buffer.from([0x61, 0xff, 0xfe])],
    ["nothing", Buffer.alloc(0)],
  ])("hands %s on to the judge, byte for byte", async (_, body) => {
    await createRoute()(post({}, new Uint8Array(body)));
    expect(asked.map(({ token }) => token)).toEqual([body.toString("latin1")]);
  });

  test.each(["-1", "1.5", "1e3", " 3", "", "3s", "301", "999999", "NaN", "٣", "3, 4"])(
    "refuses the ttl %p, and judges nothing",
    async (ttl) => {
      // Fetch trims values; a header with spaces around comes so from the wire.
      const headers = new Headers({ "content-type": "application/jwt" });
      if (ttl !== "٣") headers.set("x-jwt-ttl", ttl);
      const request = post(
        ttl === "٣" ? { "x-jwt-ttl": "\u00d9\u00a3" } : Object.fromEntries(headers),
      );
      const trimmed = ttl.trim();
      const response = await createRoute()(request);
      expect(response.status).toBe(trimmed === "3" ? 200 : 422);
      expect(asked).toHaveLength(trimmed === "3" ? 1 : 0);
    },
  );

  test.each([
    [
      "throws",
      () => {
        throw new Error("secret text");
      },
    ],
    ["rejects", () => Promise.reject(new Error("secret text"))],
  ] as const)(
    "answers unavailable where the judge %s, and tells nothing of it",
    async (_, judge) => {
      const route = createRoute({ judge });
      const response = await route(post(FOR_VERIFIERS));
      expect(response.status).toBe(200);
      const text = await response.text();
      expect(JSON.parse(text)).toEqual({
        valid: "0",
        reason: "E_BACKEND_UNAVAIL",
        detail: "internal",
        seq: 12,
        epoch: "e",
      });
      expect(text).not.toContain("secret");
      expect(failures).toHaveLength(1);
    },
  );

  test("lets only a trusted caller vouch for a signature", async () => {
    const route = createRoute();
    const named = { "x-jwt-key": "thumb" };
    await route(post(named));
    await route(post({ ...named, authorization: `Bearer ${KEY}x` }));
    await route(post({ ...named, authorization: `Basic ${KEY}` }));
    await route(post({ ...named, ...TRUSTED }));
    await route(post(TRUSTED));
    expect(asked.map(({ options }) => options.verifiedWith)).toEqual([
      undefined,
      undefined,
      undefined,
      "thumb",
      undefined,
    ]);
  });

  test("answers for verifiers only who asks for exactly that", async () => {
    const route = createRoute();
    for (const accept of [
      "*/*",
      "application/json",
      `${VERIFIER_TYPE}, */*`,
      `${VERIFIER_TYPE};q=1`,
    ]) {
      const response = await route(post({ accept }));
      expect(response.headers.get("content-type")).toBe("application/json");
    }
    const response = await route(post({ ...FOR_VERIFIERS, "x-jwt-claims": "sub" }));
    expect(response.headers.get("content-type")).toBe(VERIFIER_TYPE);
    expect(await response.json()).toMatchObject({ vars: { sub: "bob" }, seq: 12 });
  });

  test("reads the claims asked for as UTF-8, of which a header's characters are the bytes", async () => {
    const claimsText = '{"Ã©":"1","é":"2"}';
    const token = { ...ACCEPTED.token, claimsText, claims: parseJsonObject(claimsText) };
    const route = createRoute({}, { ...ACCEPTED, token });
    const bytes = Buffer.from("é").toString("latin1");
    const answer = await json(route(post({ ...FOR_VERIFIERS, "x-jwt-claims": bytes })));
    expect(answer["vars"]).toEqual({ _: "2" });
  });

  test("keeps the claims asked for apart, however many are asked for", async () => {
    const route = createRoute();
    for (let turn = 0; turn < 40; turn += 1) {
      const claims = turn % 2 === 0 ? `x${turn}` : `sub,x${turn}`;
      const answer = await json(route(post({ ...FOR_VERIFIERS, "x-jwt-claims": claims })));
      expect(answer["vars"]).toEqual(turn % 2 === 0 ? {} : { sub: "bob" });
    }
  });

  test("asks again with fresh keys for an unknown one, once", async () => {
    let refreshes = 0;
    const unknown = refused("unknown_key");
    const answers = [unknown, ACCEPTED, unknown, unknown, unknown];
    const judge: Judge = () => answers.shift() ?? unknown;
    const route = createRoute({
      judge,
      refreshKeys: async () => {
        refreshes += 1;
        return refreshes < 3;
      },
    });
    expect(await json(route(post()))).toMatchObject({ valid: "1" });
    expect(await json(route(post()))).toMatchObject({ detail: "unknown_key" });
    expect(await json(route(post()))).toMatchObject({ detail: "unknown_key" });
    expect([refreshes, answers.length]).toEqual([3, 0]);
  });

  test("says of a verdict given with fresh keys that it knows what changed meanwhile", async () => {
    let seq = 12;
    const answers = [refused("unknown_key"), ACCEPTED, refused("unknown_key")];
    const route = createRoute({
      judge: () => answers.shift() ?? ACCEPTED,
      judgedAt: () => ({ seq, epoch: "e" }),
      refreshKeys: async () => {
        seq += 1;
        return seq === 13;
      },
    });
    expect(await json(route(post(FOR_VERIFIERS)))).toMatchObject({ valid: "1", seq: 13 });
    expect(await json(route(post(FOR_VERIFIERS)))).toMatchObject({ valid: "0", seq: 13 });
  });

  test.each(["signature", "algorithm", "expired", "decrypt"] as const)(
    "does not ask for keys because of %s",
    async (detail) => {
      const route = createRoute(
        { refreshKeys: () => Promise.reject(new Error("asked")) },
        refused(detail),
      );
      expect(await json(route(post()))).toMatchObject({ detail });
      expect(failures).toEqual([]);
    },
  );

  test("gives up on a body that does not come, and goes on with others", async () => {
    const route = createRoute();
    const never = new ReadableStream({
      pull: () => new Promise<void>(() => undefined),
    });
    const slow = route(post({}, never));
    clock.ms = 1999;
    expect((await route(post())).status).toBe(200);
    clock.ms = 2000;
    expect((await slow).status).toBe(408);
    expect(asked).toHaveLength(1);
  });

  test("answers 400 to a body that breaks off", async () => {
    const broken = new ReadableStream({
      pull: (controller) => controller.error(new Error("reset")),
    });
    expect((await createRoute()(post({}, broken))).status).toBe(400);
    expect(asked).toEqual([]);
  });
});
