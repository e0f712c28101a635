import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { encrypt } from "../helpers/decryption-keys.ts";
import { type Edge, startEdge } from "../helpers/edge.ts";
import { expectRefused, expectValid } from "../helpers/expect-verdict.ts";
import { mint } from "../helpers/mint.ts";
import { toRequest } from "../helpers/raw-client.ts";
import { claims, createKeys, forgedToken } from "../helpers/tokens.ts";

const keys = createKeys();
const good = mint(keys.rs, claims());
const other = mint(keys.rs, claims({ sub: "root" }));

describe("a token in a cookie or a query, where the operator allows that", () => {
  const stack = new AsyncDisposableStack();
  let edge: Edge;
  beforeAll(async () => {
    edge = await startEdge(stack, {
      keys,
      haproxyEnv: { JWT_COOKIE: "session", JWT_QUERY: "access_token" },
    });
    // Tokens in queries are the ones that logs like to show.
    for (const part of `${good}.${other}`.split(".")) edge.keepSecret(part);
  });
  afterAll(() => stack.disposeAsync());

  const send = (lines: readonly string[], target = "/") => edge.send(toRequest(lines, target));

  test.each([
    ["the cookie alone", [`cookie: session=${good}`]],
    ["the cookie among others", [`cookie: a=b; session=${good}; c=d`]],
    ["Authorization, with other cookies", [`authorization: Bearer ${good}`, "cookie: a=b"]],
  ])("is accepted from %s", async (_, lines) => {
    expectValid(await send(lines));
  });

  test.each([
    ["alone", `/?access_token=${good}`, "/"],
    ["first", `/path?access_token=${good}&a=b`, "/path?a=b"],
    ["last", `/path?a=b&access_token=${good}`, "/path?a=b"],
    ["between others", `/?a=b&access_token=${good}&c=d`, "/?a=b&c=d"],
  ])("is accepted from the query, %s, and taken out of it", async (_, target, expected) => {
    const answer = await send([], target);
    expectValid(answer);
    expect(answer.delivered?.startLine).toBe(`GET ${expected} HTTP/1.1`);
    expect(answer.delivered?.bytes.toString("latin1").split("x-tkn-")[0]).not.toContain(good);
  });

  test.each([
    ["blanks", `a=b;${" ".repeat(16_000)}x`, "missing"],
    ["blanks in the token's place", `session=x${" ".repeat(16_000)}x`, "too_large"],
  ])("takes no time to look for in a cookie of %s", async (_, cookie, detail) => {
    expectValid(await send([`cookie: session=${good}`]));
    // Within the second that everything has to be answered in; HAProxy's watchdog would end it after two.
    const answer = await edge.send(toRequest([`cookie: ${cookie}`]), 1000);
    expectRefused(answer, { detail });
    expectValid(await send([`cookie: session=${good}`]));
  });

  test("is taken out of the query when it is refused too", async () => {
    const forged = forgedToken(keys);
    for (const part of forged.split(".")) edge.keepSecret(part);
    const answer = await send([], `/?access_token=${forged}&a=b`);
    expectRefused(answer, { detail: "signature" });
    expect(answer.delivered?.startLine).toBe("GET /?a=b HTTP/1.1");
  });

  test.each([
    [
      "Authorization and the cookie",
      [`authorization: Bearer ${good}`, `cookie: session=${other}`],
      "/",
    ],
    [
      "Authorization and the cookie, the same",
      [`authorization: Bearer ${good}`, `cookie: session=${good}`],
      "/",
    ],
    ["Authorization and the query", [`authorization: Bearer ${good}`], `/?access_token=${other}`],
    ["the cookie and the query", [`cookie: session=${good}`], `/?access_token=${other}`],
    ["the cookie twice", [`cookie: session=${good}; session=${other}`], "/"],
    ["two cookie fields", [`cookie: session=${good}`, `cookie: session=${other}`], "/"],
    ["the query twice", [], `/?access_token=${good}&access_token=${other}`],
  ])("is ambiguous in %s", async (_, lines, target) => {
    const answer = await send(lines, target);
    expectRefused(answer, { detail: "ambiguous" }, good);
    expect(answer.delivered?.startLine).not.toContain("access_token");
  });

  test.each([
    ["a cookie whose name ends alike", [`cookie: xsession=${good}`], "/"],
    ["a cookie whose name begins alike", [`cookie: session2=${good}`], "/"],
    ["a cookie in other letters", [`cookie: SESSION=${good}`], "/"],
    ["a parameter whose name ends alike", [], `/?xaccess_token=${good}`],
    ["the path", [], "/access_token=a.b.c"],
  ])("is missing in %s", async (_, lines, target) => {
    expectRefused(await send(lines, target), { detail: "missing" }, good);
  });
});

describe("JWT_BODY_ENCODING=base64url", () => {
  const stack = new AsyncDisposableStack();
  let edge: Edge;
  beforeAll(async () => {
    const haproxyEnv = { JWT_BODY_ENCODING: "base64url" };
    edge = await startEdge(stack, { keys, haproxyEnv, threads: 1 });
  });
  afterAll(() => stack.disposeAsync());

  test("carries the claims as they were signed, line breaks and all", async () => {
    for (const text of [
      JSON.stringify(claims()),
      `{\r\n"sub":"Zoë",\n\t"exp":${String(claims()["exp"])}}`,
    ]) {
      for (const token of [mint(keys.hs, text), await encrypt(keys.dir, text)]) {
        // New, and known.
        for (let i = 0; i < 2; i += 1) {
          const { body = "" } = expectValid(await edge.ask(token));
          expect(body).toMatch(/^[\w-]+$/);
          expect(Buffer.from(body, "base64url").toString()).toBe(text);
        }
      }
    }
  });
});
