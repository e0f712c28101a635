/** All routes of the admin API: its site map. */
import { json } from "./json-answer.ts";
import { toOpenApi } from "./openapi.ts";
import type { AdminOptions } from "./options.ts";
import { createPasswords } from "./passwords.ts";
import { parseRoute, type Route } from "./route.ts";
import { createPeopleRoutes } from "./routes-people.ts";
import { createRevocationRoutes } from "./routes-revocations.ts";
import { createRuleRoutes } from "./routes-rules.ts";
import { createSessionRoutes } from "./routes-session.ts";
import { createStateRoutes } from "./routes-state.ts";
import { createTokenRoutes } from "./routes-tokens.ts";
import { createThrottle } from "./throttle.ts";

/** Makes the routes over one store. */
export function createRoutes(options: AdminOptions): readonly Route[] {
  const passwords = createPasswords();
  const throttle = createThrottle(options.accounts);
  const described = [
    ...createRuleRoutes(options),
    ...createRevocationRoutes(options),
    ...createTokenRoutes(options),
    ...createStateRoutes(options),
    ...createSessionRoutes(options, passwords, throttle),
    ...createPeopleRoutes(options, passwords),
  ];
  const document = toOpenApi(described, options.version);
  return [
    ...described,
    parseRoute({
      method: "GET",
      path: "/openapi.json",
      summary: "This description",
      access: "viewer",
      answers: { 200: { description: "OpenAPI 3.1" } },
      handle: () => json(document),
    }),
  ];
}
