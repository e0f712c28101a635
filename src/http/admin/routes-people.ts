/** The routes of people and API tokens: for admins, and for the command line. */
import { randomBytes } from "node:crypto";
import { AppError } from "../../core/app-error.ts";
import type { ApiToken, Person } from "../../core/revocation/accounts.ts";
import { json } from "./json-answer.ts";
import type { AdminOptions } from "./options.ts";
import { checkPassword } from "./password-rules.ts";
import { parseRoute, type Route } from "./route.ts";
import { ApiTokenShape, ApiTokensShape, PeopleShape, PersonShape } from "./answer-schemas.ts";
import { NewApiTokenBody, NewPersonBody, PasswordBody, RoleBody } from "./request-schemas.ts";
import { hashSecret } from "./session-cookie.ts";

/** Their names come in the path, percent-encoded. */
function nameOf(params: ReadonlyMap<string, string>): string {
  return params.get("name") ?? "";
}

export function createPeopleRoutes(options: AdminOptions): readonly Route[] {
  const { accounts, passwords } = options;
  return [
    parseRoute({
      method: "GET",
      path: "/people",
      summary: "List people",
      access: "admin",
      answers: { 200: { description: "Everybody who may log in", schema: PeopleShape } },
      handle: async () => json({ items: (await accounts.listPeople()).map(toPersonView) }),
    }),
    parseRoute({
      method: "POST",
      path: "/people",
      summary: "Let somebody log in",
      access: "admin",
      body: NewPersonBody,
      answers: { 201: { description: "May log in now", schema: PersonShape } },
      async handle({ body, actor }) {
        const { name, role, password } = body;
        checkPassword(password, name);
        await accounts.createPerson(
          { name, role, passwordHash: await passwords.hash(password) },
          actor,
        );
        return json({ name, role }, { status: 201 });
      },
    }),
    parseRoute({
      method: "PUT",
      path: "/people/:name/password",
      summary: "Give somebody a new password; all of his sessions end",
      access: "admin",
      body: PasswordBody,
      answers: { 204: { description: "Changed" } },
      async handle({ params, body, actor }) {
        const name = nameOf(params);
        checkPassword(body.password, name);
        if ((await accounts.findPerson(name)) === undefined) throw nobody();
        await accounts.setPassword(name, await passwords.hash(body.password), actor);
        return new Response(null, { status: 204 });
      },
    }),
    parseRoute({
      method: "PUT",
      path: "/people/:name/role",
      summary: "Change what somebody may do, from his next request on",
      access: "admin",
      body: RoleBody,
      answers: { 204: { description: "Changed" } },
      async handle({ params, body, actor }) {
        await accounts.setRole(nameOf(params), body.role, actor);
        return new Response(null, { status: 204 });
      },
    }),
    parseRoute({
      method: "DELETE",
      path: "/people/:name",
      summary: "Let somebody in no more; all of his sessions end",
      access: "admin",
      answers: { 204: { description: "Gone" } },
      async handle({ params, actor }) {
        await accounts.removePerson(nameOf(params), actor);
        return new Response(null, { status: 204 });
      },
    }),
    parseRoute({
      method: "GET",
      path: "/api-tokens",
      summary: "List API tokens, those revoked too",
      access: "admin",
      answers: { 200: { description: "The tokens, without what gets in", schema: ApiTokensShape } },
      handle: async () => json({ items: (await accounts.listApiTokens()).map(toTokenView) }),
    }),
    parseRoute({
      method: "POST",
      path: "/api-tokens",
      summary: "Make an API token; it is shown this once",
      access: "admin",
      body: NewApiTokenBody,
      answers: { 201: { description: "The token", schema: ApiTokenShape } },
      async handle({ body, actor }) {
        // A mark that scanners for lost secrets can find, and 256 random bits.
        const token = `hjwt_${randomBytes(32).toString("base64url")}`;
        const made = await accounts.createApiToken(
          { ...body, secretHash: hashSecret(token) },
          actor,
        );
        return json({ ...toTokenView(made), token }, { status: 201 });
      },
    }),
    parseRoute({
      method: "DELETE",
      path: "/api-tokens/:name",
      summary: "Revoke an API token",
      access: "admin",
      answers: { 204: { description: "It gets in no more" } },
      async handle({ params, actor }) {
        await accounts.revokeApiToken(nameOf(params), actor);
        return new Response(null, { status: 204 });
      },
    }),
  ];
}

function toPersonView({ name, role, createdAt, passwordChangedAt }: Person) {
  return { name, role, createdAt, passwordChangedAt };
}

function toTokenView({ id, name, role, createdAt, createdBy, revokedAt, lastUsedAt }: ApiToken) {
  return { id, name, role, createdAt, createdBy, revokedAt, lastUsedAt };
}

function nobody(): AppError {
  return new AppError("not_found", "There is nobody of this name");
}
