/**
 * The admin API (contract §7): takes a request from its host check to its answer. Who calls is found
 * out before anything of the request is looked at; what he may do stands in the routes' declaration.
 */
import { Elysia } from "elysia";
import { createIsAllowedHost } from "../host-check.ts";
import { problem } from "../problem.ts";
import { routable } from "../routable.ts";
import { API_ROOT } from "./api-root.ts";
import { authenticate } from "./authenticate.ts";
import { anonymous, type Caller } from "./caller.ts";
import { createClientAddress } from "./client-address.ts";
import type { AdminOptions } from "./options.ts";
import { answerFailure, forbidden, noRoute, unauthenticated } from "./refusals.ts";
import { callRoute, isPermitted } from "./call-route.ts";
import type { Route } from "./route.ts";
import { createRoutes } from "./routes.ts";
import { createIsSameOrigin } from "./same-origin.ts";
import { secure } from "./security-headers.ts";

/** Handles one request of a caller. Never rejects. */
export type AdminApp = (request: Request, caller: Caller) => Promise<Response>;

/** Makes the handler of the admin listener, of the control socket, and of commands without a server. */
export function createAdminApp(options: AdminOptions): AdminApp {
  const { accounts, origin, onFailure } = options;
  const isAllowedHost = createIsAllowedHost(origin === undefined ? [] : [new URL(origin).hostname]);
  const isSameOrigin = createIsSameOrigin(origin);
  const clientAddress = createClientAddress(options.trustedProxies);
  const isHttps = origin?.startsWith("https:") === true;
  const routes = createRoutes(options);
  const callers = new WeakMap<Request, Caller>();

  const run = async (
    request: Request,
    route: Route | undefined,
    params: Readonly<Record<string, string>>,
  ): Promise<Response> => {
    const caller = callers.get(request) ?? { kind: "network", address: "" };
    const { headers } = request;
    const from =
      caller.kind === "control"
        ? caller.from
        : clientAddress(caller.address, headers.get("x-forwarded-for"));
    const shown = await authenticate(request, caller, from, accounts);
    if (shown === undefined && route?.access !== "open") return unauthenticated();
    if (caller.kind === "network" && !isRead(request) && !isSameOrigin(headers)) {
      return forbidden("A request from another site is not taken");
    }
    if (route === undefined) return noRoute(request, routes);
    const identity = shown ?? anonymous(from);
    if (!isPermitted(route, identity)) return forbidden("This needs more rights than you have");
    return callRoute(route, {
      request,
      caller,
      from,
      identity,
      params: new Map(Object.entries(params)),
    });
  };

  const guarded = async (work: () => Response | Promise<Response>): Promise<Response> => {
    try {
      return await work();
    } catch (error) {
      return answerFailure(error, onFailure);
    }
  };

  const router = new Elysia({ normalize: false }).onError(({ code, error, request }) =>
    code === "NOT_FOUND"
      ? guarded(() => run(request, undefined, {}))
      : answerFailure(error, onFailure),
  );
  for (const route of routes) {
    const path = `${API_ROOT}${route.path}`;
    // A path without parameters has no `params` at all, whatever the types say.
    const handle = ({ request, params }: Matched) =>
      guarded(() => run(request, route, params ?? {}));
    router.route(route.method, path, handle, { parse: "none" });
    // Left to itself the router asks for a GET's answer, and reads that to its end for its length.
    if (route.isEndless === true) router.route("HEAD", path, handle, { parse: "none" });
  }

  return async (request, caller) => {
    if (caller.kind === "network" && !isAllowedHost(request.headers.get("host"))) {
      const hint = "Reach it by a loopback address, or name its origin in JWT_ADMIN_ORIGIN.";
      return secure(problem(421, "This host is not served here", hint), isHttps);
    }
    const routed = routable(request);
    callers.set(routed, caller);
    const { pathname } = new URL(request.url);
    const response = await guarded(async () => {
      if (pathname === "/api" || pathname.startsWith("/api/")) return router.handle(routed);
      const page = isRead(request) ? await options.page(request, pathname) : undefined;
      return page ?? problem(404, "There is nothing here");
    });
    return secure(response, isHttps);
  };
}

interface Matched {
  readonly request: Request;
  readonly params?: Readonly<Record<string, string>>;
}

function isRead({ method }: Request): boolean {
  return method === "GET" || method === "HEAD";
}
