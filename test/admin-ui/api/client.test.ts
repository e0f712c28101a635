import { describe, expect, test } from "bun:test";
import { createApi, toUrl } from "../../../src/admin-ui/api/client.ts";
import { ApiProblem, toFieldWords, toProblem } from "../../../src/admin-ui/api/problem.ts";

const problemOf = (promise: Promise<unknown>) =>
  promise.then(
    () => new Error("it was answered"),
    (error: unknown) => toProblem(error),
  );

describe("the client", () => {
  test("waits where the session has ended, then sends the same once more", async () => {
    const answers = [new Response(null, { status: 401 }), Response.json({ id: 7 })];
    const sent: RequestInit[] = [];
    let logins = 0;
    const api = createApi({
      fetch: (_, init) => {
        sent.push(init);
        return Promise.resolve(answers[sent.length - 1] ?? Response.error());
      },
      onSessionEnd: () => {
        logins += 1;
        return Promise.resolve();
      },
      sessionCount: () => logins,
    });
    const body = { user: "bob" };
    const headers = { "idempotency-key": "k" };
    expect(await api.call<unknown>("/revocations", { method: "POST", body, headers })).toEqual({
      id: 7,
    });
    expect(logins).toBe(1);
    expect(sent[1]?.body).toBe(sent[0]?.body ?? "");
    expect(sent[1]?.headers).toEqual(sent[0]?.headers);
  });

  test("asks for no password where the refusal is about a session before this one", async () => {
    let sessions = 1;
    let asked = 0;
    const refused = Promise.withResolvers<Response>();
    const api = createApi({
      fetch: () => {
        asked += 1;
        return asked === 1 ? refused.promise : Promise.resolve(Response.json({ id: 7 }));
      },
      onSessionEnd: () => Promise.reject(new Error("there is a session")),
      sessionCount: () => sessions,
    });
    const answer = api.call<unknown>("/rules/preview", { method: "POST", body: {} });
    sessions += 1;
    refused.resolve(new Response(null, { status: 401 }));
    expect(await answer).toEqual({ id: 7 });
  });

  test("takes a wrong password for an answer, not for the end of a session", async () => {
    const api = createApi({
      fetch: () =>
        Promise.resolve(Response.json({ title: "Name or password is wrong" }, { status: 401 })),
      onSessionEnd: () => Promise.reject(new Error("nobody had a session")),
      sessionCount: () => 0,
    });
    const problem = await problemOf(api.call("/session", { method: "POST", isOpen: true }));
    expect(problem).toMatchObject({ status: 401, message: "Name or password is wrong" });
  });

  test.each([
    [
      "a problem",
      Response.json({ title: "T", detail: "D", path: "/p", expected: "E" }, { status: 422 }),
      { status: 422, message: "T", detail: "D", path: "/p", expected: "E" },
    ],
    [
      "a proxy's page",
      new Response("<html>", { status: 502 }),
      { status: 502, message: "The server answered 502" },
    ],
    [
      "an empty answer",
      new Response(null, { status: 500 }),
      { status: 500, message: "The server answered 500" },
    ],
    [
      "members of other types",
      Response.json({ title: 5, path: {} }, { status: 400 }),
      { status: 400, path: undefined },
    ],
  ])("tells %s", async (_, response, expected) => {
    const api = createApi({
      fetch: () => Promise.resolve(response),
      onSessionEnd: () => Promise.resolve(),
      sessionCount: () => 0,
    });
    expect(await problemOf(api.call("/rules"))).toMatchObject(expected);
  });

  test("says that the server cannot be reached", async () => {
    const api = createApi({
      fetch: () => Promise.reject(new TypeError("failed to fetch")),
      onSessionEnd: () => Promise.resolve(),
      sessionCount: () => 0,
    });
    expect(await problemOf(api.call("/rules"))).toMatchObject({
      status: 0,
      message: "The server cannot be reached",
    });
  });

  test("leaves out what is not asked for", () => {
    expect(toUrl("/rules", { q: "a b", state: "", cursor: undefined, limit: 50 })).toBe(
      "/api/v1/rules?q=a+b&limit=50",
    );
  });

  test.each([
    ["a reason and what is expected", "Too common", "long", "Too common. Expected: long."],
    ["what is expected alone", "A member is not right", "long", "long"],
    ["a reason alone", "It is taken", undefined, "It is taken"],
  ])("says at a field %s", (_, message, expected, words) => {
    const more = expected === undefined ? {} : { expected };
    expect(toFieldWords(new ApiProblem(422, message, more))).toBe(words);
  });

  test("shows no fault of its own as the server's", () => {
    expect(toProblem(new TypeError("x"))).toMatchObject({
      status: -1,
      message: "This page failed",
    });
    expect(toProblem(new ApiProblem(409, "C")).status).toBe(409);
  });
});
