/** The routes of logging in and out, of one's own sessions and password, and of the first admin. */
import { AppError } from "../../core/app-error.ts";
import { problem } from "../problem.ts";
import { isFirstRunSecret, takeFirstRunSecret } from "./first-run.ts";
import { json } from "./json-answer.ts";
import type { AdminOptions } from "./options.ts";
import { checkPassword } from "./password-rules.ts";
import { tooManyAttempts } from "./refusals.ts";
import { parseRoute, type Call, type Route } from "./route.ts";
import { SessionShape, SessionsShape } from "./answer-schemas.ts";
import { FirstRunBody, LinkBody, LoginBody, OwnPasswordBody } from "./request-schemas.ts";
import {
  createSessionId,
  hashSecret,
  parseSessionCookie,
  SESSION_LIMITS,
  toClearCookie,
  toSetCookie,
} from "./session-cookie.ts";
import type { Throttle } from "./throttle.ts";

export function createSessionRoutes(options: AdminOptions, throttle: Throttle): readonly Route[] {
  const { accounts, passwords, rules, nowSeconds } = options;

  /** Begins a session under a new id; the one the browser had, if any, ends. */
  const begin = async (
    call: Pick<Call<unknown, unknown>, "request" | "from">,
    person: { readonly name: string; readonly role: string },
    status: 200 | 201,
  ): Promise<Response> => {
    const actor = { who: person.name, via: "page", from: call.from } as const;
    const former = parseSessionCookie(call.request.headers.get("cookie"));
    if (former !== undefined) await accounts.endSession(hashSecret(former), actor);
    const id = createSessionId();
    await accounts.createSession(hashSecret(id), person.name, actor);
    const body = { name: person.name, role: person.role, ...SESSION_LIMITS };
    return json(body, { status, headers: { "set-cookie": toSetCookie(id) } });
  };

  return [
    parseRoute({
      method: "POST",
      path: "/session",
      summary: "Log in by name and password",
      access: "open",
      body: LoginBody,
      answers: {
        201: { description: "Logged in; the session is in a cookie", schema: SessionShape },
        401: { description: "Name or password is wrong" },
        429: { description: "More than ten attempts in a minute" },
      },
      async handle(call) {
        const { name, password } = call.body;
        const attempt = { address: call.from, person: name };
        if (!(await throttle.mayTry(attempt))) return tooManyAttempts();
        const person = await accounts.findPerson(name);
        const isRight = await passwords.verify(password, person?.passwordHash);
        if (person === undefined || !isRight) {
          // An unknown name may be a password in the wrong field: it is not written down.
          const target = person?.name ?? "an unknown name";
          const actor = { who: "nobody", via: "page", from: call.from } as const;
          const entry = {
            action: "session.create",
            target,
            reason: undefined,
            outcome: "refused",
          } as const;
          await rules.appendAudit(entry, actor);
          return problem(401, "Name or password is wrong");
        }
        await throttle.succeeded(attempt);
        return begin(call, person, 201);
      },
    }),
    parseRoute({
      method: "GET",
      path: "/session",
      summary: "Who one is",
      access: "viewer",
      answers: { 200: { description: "The caller", schema: SessionShape } },
      handle({ identity }) {
        const { kind, role, actor } = identity;
        return json({ name: actor.who, role, kind, ...(kind === "session" ? SESSION_LIMITS : {}) });
      },
    }),
    parseRoute({
      method: "DELETE",
      path: "/session",
      summary: "Log out",
      access: "viewer",
      answers: { 204: { description: "The session is over" } },
      async handle({ identity, actor }) {
        if (identity.session !== undefined)
          await accounts.endSession(identity.session.idHash, actor);
        return ended();
      },
    }),
    parseRoute({
      method: "GET",
      path: "/sessions",
      summary: "One's own sessions",
      access: "viewer",
      answers: { 200: { description: "Sessions that are open", schema: SessionsShape } },
      async handle({ identity }) {
        const person = ownName(identity);
        const sessions = await accounts.listSessions(person, SESSION_LIMITS);
        const items = sessions.map(({ id, createdAt, lastSeenAt, from }) => ({
          id,
          createdAt,
          lastSeenAt,
          from,
          isThis: id === identity.session?.id,
        }));
        return json({ items });
      },
    }),
    parseRoute({
      method: "DELETE",
      path: "/sessions",
      summary: "Log out everywhere",
      access: "viewer",
      answers: { 204: { description: "All of one's own sessions are over" } },
      async handle({ identity, actor }) {
        await accounts.endSessions(ownName(identity), actor);
        return ended();
      },
    }),
    parseRoute({
      method: "PUT",
      path: "/session/password",
      summary: "Change one's own password; all sessions but a new one end",
      access: "viewer",
      body: OwnPasswordBody,
      answers: {
        200: { description: "Changed", schema: SessionShape },
        429: { description: "More than ten attempts in a minute" },
      },
      async handle(call) {
        const name = ownName(call.identity);
        const attempt = { address: call.from, person: name };
        if (!(await throttle.mayTry(attempt))) return tooManyAttempts();
        const person = await accounts.findPerson(name);
        if (
          !(await passwords.verify(call.body.current, person?.passwordHash)) ||
          person === undefined
        ) {
          throw new AppError("invalid", "The present password is wrong", { path: "/current" });
        }
        checkPassword(call.body.password, name);
        await throttle.succeeded(attempt);
        await accounts.setPassword(name, await passwords.hash(call.body.password), call.actor);
        return begin(call, person, 200);
      },
    }),
    parseRoute({
      method: "POST",
      path: "/first-run/check",
      summary: "Whether the one-time link holds; nothing is used up",
      access: "open",
      body: LinkBody,
      answers: {
        204: { description: "It holds" },
        401: { description: "The link does not hold" },
      },
      async handle({ body, from }) {
        if (!(await throttle.mayTry({ address: from }))) return tooManyAttempts();
        if (!(await isFirstRunSecret(accounts, body.secret, nowSeconds()))) return noLink();
        await throttle.succeeded({ address: from });
        return new Response(null, { status: 204 });
      },
    }),
    parseRoute({
      method: "POST",
      path: "/first-run",
      summary: "Make the first admin, with the secret of the one-time link",
      access: "open",
      body: FirstRunBody,
      answers: {
        201: { description: "There is an admin, and he is logged in", schema: SessionShape },
        401: { description: "The link does not hold" },
      },
      async handle(call) {
        const { secret, name, password } = call.body;
        const attempt = { address: call.from };
        if (!(await throttle.mayTry(attempt))) return tooManyAttempts();
        if (!(await isFirstRunSecret(accounts, secret, nowSeconds()))) return noLink();
        // Everything that can be wrong with the answer is found before the link is used up.
        checkPassword(password, name);
        const passwordHash = await passwords.hash(password);
        if (!(await takeFirstRunSecret(accounts, secret))) return noLink();
        const actor = { who: name, via: "page", from: call.from } as const;
        await accounts.createPerson({ name, role: "admin", passwordHash }, actor);
        await throttle.succeeded(attempt);
        return begin(call, { name, role: "admin" }, 201);
      },
    }),
  ];
}

function ended(): Response {
  return new Response(null, { status: 204, headers: { "set-cookie": toClearCookie() } });
}

function noLink(): Response {
  return problem(
    401,
    "This link does not hold any more",
    "A restart of the server makes a new one while there is no admin.",
  );
}

/** A person's own name; API tokens and commands have no sessions. @throws AppError forbidden */
function ownName({ kind, actor }: Call<unknown, unknown>["identity"]): string {
  if (kind === "session") return actor.who;
  throw new AppError("forbidden", "This is for people who have logged in");
}
