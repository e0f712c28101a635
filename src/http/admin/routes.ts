/** All routes of the admin API: its site map. */
import { json } from "./json-answer.ts";
import { toOpenApi } from "./openapi.ts";
import type { AdminOptions } from "./options.ts";
import { createEventRoutes } from "./routes-events.ts";
import { parseRoute, type Route } from "./route.ts";
import { createNodeRoutes } from "./routes-nodes.ts";
import { createPeopleRoutes } from "./routes-people.ts";
import { createRevocationRoutes } from "./routes-revocations.ts";
import { createRuleRoutes } from "./routes-rules.ts";
import { createSessionRoutes } from "./routes-session.ts";
import { createStateRoutes } from "./routes-state.ts";
import { createTokenRoutes } from "./routes-tokens.ts";
import { createTransferRoutes } from "./routes-transfer.ts";
import { createThrottle } from "./throttle.ts";

/** Makes the routes over one store. */
export function createRoutes(options: AdminOptions): readonly Route[] {
  const throttle = createThrottle(options.accounts);
  const described = [
    ...createRuleRoutes(options),
    ...createRevocationRoutes(options),
    ...createTokenRoutes(options),
    ...createStateRoutes(options),
    ...createNodeRoutes(options),
    ...createEventRoutes(options),
    ...createSessionRoutes(options, throttle),
    ...createPeopleRoutes(options),
    ...createTransferRoutes(options),
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
