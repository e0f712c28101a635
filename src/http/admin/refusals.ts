/** The refusals that do not depend on what a route does. */
import { AppError } from "../../core/app-error.ts";
import { problem, problemOf } from "../problem.ts";
import { API_ROOT } from "./api-root.ts";
import type { Route } from "./route.ts";

export function unauthenticated(): Response {
  return problem(
    401,
    "Log in first",
    "Show a session's cookie, or an API token as Authorization: Bearer.",
  );
}

export function forbidden(title: string): Response {
  return problem(403, title);
}

export function tooManyAttempts(): Response {
  const response = problem(429, "Too many attempts", "Wait a minute, then try again.");
  response.headers.set("retry-after", "60");
  return response;
}

/** Nothing is wrong and nothing was done: not logged, else whoever asks too often would fill the log. */
export function tooManyAtOnce(): Response {
  const response = problem(503, "Too many of these are being asked for at once", "Try again soon.");
  response.headers.set("retry-after", "1");
  return response;
}

/** 405 for a path that takes other methods, else 404. */
export function noRoute(request: Request, routes: readonly Route[]): Response {
  const { pathname } = new URL(request.url);
  const methods = routes.filter(({ path }) => isPath(path, pathname)).map(({ method }) => method);
  if (methods.length === 0) return problem(404, "There is nothing here");
  const response = problem(405, "Not this method");
  response.headers.set("allow", methods.join(", "));
  return response;
}

/** An operator's or user's failure in its own words; ours is told to the log only. */
export function answerFailure(error: unknown, onFailure: (error: unknown) => void): Response {
  if (!(error instanceof AppError)) {
    onFailure(error);
    return problem(500, "The server failed");
  }
  if (error.code === "unavailable" || error.code === "unknown") onFailure(error);
  // A cursor is not part of what was asked, but a broken link to more of it (contract: 400).
  if (error.path !== "/cursor") return problemOf(withoutPlace(error));
  return problem(400, "The cursor is not one of this list", "Begin again without it.");
}

/** Path and expectation are members of a problem: its title need not say them again. */
function withoutPlace(error: AppError): AppError {
  const { code, path, expected } = error;
  if (path === undefined) return error;
  const said = error.message.replace(/^at \/\S*: /, "");
  const title = expected === undefined ? said : said.replace(`; expected ${expected}`, "");
  return new AppError(code, title.startsWith("expected ") ? "A member is not right" : title, {
    cause: error,
    path,
    ...(expected === undefined ? {} : { expected }),
  });
}

function isPath(pattern: string, pathname: string): boolean {
  const parts = `${API_ROOT}${pattern}`.split("/");
  const shown = pathname.split("/");
  return (
    parts.length === shown.length &&
    parts.every((part, index) =>
      part.startsWith(":") ? shown[index] !== "" : part === shown[index],
    )
  );
}
