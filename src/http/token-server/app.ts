/** The token-server's routes (contract §5): a site map; what they do stands in the files they name. */
import { Elysia } from "elysia";
import type { KeyRing } from "../../core/jwks/key-ring.ts";
import { toJwks, toSeedKeys } from "../../core/jwks/publish.ts";
import { healthResponse, type Health } from "../health.ts";
import { isBareProbe, type IsAllowedHost } from "../host-check.ts";
import { problem } from "../problem.ts";
import { routable } from "../routable.ts";
import type { IsVerifier } from "../verifier-key.ts";
import type { Feed } from "./feed-route.ts";
import { createJudgeRoute, type JudgeRouteOptions } from "./judge-route.ts";

export interface TokenServerOptions extends JudgeRouteOptions {
  readonly isVerifier: IsVerifier;
  readonly isAllowedHost: IsAllowedHost;
  readonly ring: () => KeyRing;
  readonly health: Health;
  readonly feed: Feed;
  /** The metrics in Prometheus' text format. */
  readonly metrics: () => Promise<string>;
}

/** How a request came in; secrets leave only to this machine. */
export type Arrival = "loopback" | "unix" | "network";

/** Makes the handler of one listener. */
export function createTokenServer(
  options: TokenServerOptions,
): (request: Request, arrival: () => Arrival, server: Server) => Response | Promise<Response> {
  const judge = createJudgeRoute(options);
  const arrivals = new WeakMap<Request, Arrival>();
  const withSecrets = (request: Request): boolean =>
    arrivals.get(request) !== "network" && options.isVerifier(request.headers.get("authorization"));
  const ready = () => options.health.ready().then(healthResponse);

  const app = new Elysia({ normalize: false })
    .get("/generic/health", ready)
    .get("/readyz", ready)
    .get("/livez", () => healthResponse(options.health.live()))
    .get("/keys.json", ({ request }) =>
      Response.json(toSeedKeys(options.ring(), withSecrets(request)), {
        headers: { "cache-control": "no-store" },
      }),
    )
    .get("/.well-known/jwks.json", () =>
      Response.json(toJwks(options.ring()), {
        headers: { "content-type": "application/jwk-set+json", "cache-control": "max-age=60" },
      }),
    )
    .get("/metrics", async () => {
      const text = await options.metrics();
      return new Response(text, {
        headers: { "content-type": "text/plain; version=0.0.4; charset=utf-8" },
      });
    })
    .onError(({ code, error }) => {
      if (code === "NOT_FOUND") return problem(404, "There is nothing here");
      options.onFailure(error);
      return problem(500, "The server failed");
    });

  return (request, arrival, server) => {
    const { headers } = request;
    // Whoever shows the verifier key is no browser that was lured here.
    if (!options.isAllowedHost(headers.get("host")) && !isBareProbe(request)) {
      if (arrival() !== "unix" && !options.isVerifier(headers.get("authorization"))) {
        return refuseHost();
      }
    }
    // The one hot route goes past the router.
    if (request.method === "POST" && isRoot(request.url)) return judge(request);
    if (request.method !== "GET" && request.method !== "HEAD") return notThisMethod(request.url);
    if (isFeed(request.url)) {
      // A held poll is silent for longer than an idle connection may be.
      server.timeout(request, 0);
      return options.feed.poll(request);
    }
    const routed = routable(request);
    arrivals.set(routed, arrival());
    return app.handle(routed);
  };
}

/** The answer to a request for a host that is not served here (RFC 9110 §15.5.20). */
export function refuseHost(): Response {
  return problem(421, "This host is not served here", "Name it in JWT_HOSTS.");
}

/** What this needs of Bun's server. */
export interface Server {
  timeout(request: Request, seconds: number): void;
}

function notThisMethod(url: string): Response {
  const response = problem(405, "Not this method");
  response.headers.set("allow", isRoot(url) ? "POST" : "GET, HEAD");
  return response;
}

function isFeed(url: string): boolean {
  return new URL(url).pathname === "/feed";
}

/** Tells whether a URL's path is `/`, without parsing it. */
export function isRoot(url: string): boolean {
  const slash = url.indexOf("/", url.indexOf("://") + 3);
  return slash === -1 || slash === url.length - 1 || url[slash + 1] === "?";
}
