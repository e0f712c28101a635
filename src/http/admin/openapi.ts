/** Describes the API in OpenAPI 3.1, from the same declarations that the router runs by. */
import type { TSchema } from "@sinclair/typebox";
import type { AnswerSpec, Route } from "./route.ts";
import { API_ROOT } from "./api-root.ts";
import { ProblemShape } from "./answer-schemas.ts";
import { SESSION_COOKIE } from "./session-cookie.ts";

/** The document. Routes that only commands can call are left out. */
export function toOpenApi(routes: readonly Route[], version: string): object {
  const paths = new Map<string, Record<string, object>>();
  for (const route of routes) {
    if (route.access === "control") continue;
    const path = `${API_ROOT}${route.path.replace(/:(\w+)/g, "{$1}")}`;
    const item = paths.get(path) ?? {};
    item[route.method.toLowerCase()] = toOperation(route);
    paths.set(path, item);
  }
  return {
    openapi: "3.1.1",
    info: {
      title: "haproxy-jwt admin API",
      version,
      description: "Revoke tokens, and see who enforces it. Errors are RFC 9457 problems.",
    },
    security: [{ session: [] }, { token: [] }],
    paths: Object.fromEntries(paths),
    components: {
      schemas: { Problem: ProblemShape },
      responses: {
        Problem: {
          description: "What was wrong, without an echo of what was sent",
          content: {
            "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } },
          },
        },
      },
      securitySchemes: {
        session: { type: "apiKey", in: "cookie", name: SESSION_COOKIE },
        token: { type: "http", scheme: "bearer" },
      },
    },
  };
}

function toOperation(route: Route): object {
  const body = route.streams ?? (route.body === undefined ? undefined : "application/json");
  const answers = Object.entries(route.answers).map(([status, spec]) => [status, toResponse(spec)]);
  return {
    summary: route.summary,
    operationId: toOperationId(route),
    ...(route.access === "open" ? { security: [] } : { "x-least-role": route.access }),
    parameters: toParameters(route),
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            required: route.isBodyOptional !== true,
            content: { [body]: { schema: route.body ?? {} } },
          },
        }),
    responses: {
      ...Object.fromEntries(answers),
      default: { $ref: "#/components/responses/Problem" },
    },
  };
}

function toResponse({ description, schema, type = "application/json" }: AnswerSpec): object {
  if (schema === undefined && type === "application/json") return { description };
  return { description, content: { [type]: { schema: schema ?? {} } } };
}

function toParameters(route: Route): readonly object[] {
  const inPath = [...route.path.matchAll(/:(\w+)/g)].map(([, name]) => ({
    name,
    in: "path",
    required: true,
    schema: { type: "string" },
  }));
  const properties: Readonly<Record<string, TSchema>> = route.query?.properties ?? {};
  const inQuery = Object.entries(properties).map(([name, schema]) => ({
    name,
    in: "query",
    required: false,
    schema,
  }));
  const once = {
    name: "Idempotency-Key",
    in: "header",
    required: false,
    description: "The same key with the same request does it once, for a day.",
    schema: { type: "string", maxLength: 128 },
  };
  return [...inPath, ...inQuery, ...(route.isIdempotent === true ? [once] : [])];
}

function toOperationId({ method, path }: Route): string {
  const words = path.split(/[/.-]/).filter((part) => part !== "");
  const name = words.map((part) =>
    part.startsWith(":") ? `By${capital(part.slice(1))}` : capital(part),
  );
  return method.toLowerCase() + name.join("");
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
