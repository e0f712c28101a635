/** What the page's tests share: server, HAProxy, browser, and people who have logged in. */
import type { Browser, Page } from "playwright-core";
import { identityOf } from "./answer.ts";
import { createFirstAdmin, createPerson, logInOn, toOrigin } from "./admin-people.ts";
import { openSeat, type Seat, type SeatOptions, startBrowser } from "./browser.ts";
import { type Edge, type EdgeOptions, startEdge } from "./edge.ts";
import { waitFor } from "./wait-for.ts";

export interface Stage {
  readonly edge: Edge;
  readonly browser: Browser;
  readonly origin: string;
  /** Somebody who has logged in at a path, at a computer of his own. */
  readonly enter: (name: string, path?: string, options?: SeatOptions) => Promise<Seat>;
  /** Waits until HAProxy says this of a token: "ok" or the detail of a refusal. */
  readonly awaitVerdict: (token: string, expected: string) => Promise<void>;
}

/** Starts everything with the people root (admin), ops (operator) and vera (viewer). */
export async function startStage(
  stack: AsyncDisposableStack,
  options: EdgeOptions = {},
): Promise<Stage> {
  const edge = await startEdge(stack, { haproxyEnv: { JWT_CACHE_TTL: "1" }, ...options });
  await createFirstAdmin(edge.server);
  await createPerson(edge.server, "ops", "operator");
  await createPerson(edge.server, "vera", "viewer");
  const browser = await startBrowser(stack);
  const origin = toOrigin(edge.server);
  const verdictOf = async (token: string) => {
    const { valid, detail } = identityOf(await edge.ask(token));
    return valid === "1" ? "ok" : detail;
  };
  return {
    edge,
    browser,
    origin,
    enter: async (name, path = "/", seatOptions = {}) => {
      const seat = await openSeat(browser, origin, seatOptions);
      await logInOn(seat.page, name, path);
      return seat;
    },
    awaitVerdict: async (token, expected) => {
      await waitFor(`the verdict ${expected}`, async () => (await verdictOf(token)) === expected);
    },
  };
}

/** The strip that proves the last change. */
export function proofOn(page: Page) {
  return page.locator(".strip");
}

/** Waits for the proof of a change and gives its text. */
export async function awaitProof(page: Page, what: string): Promise<string> {
  const strip = proofOn(page);
  await strip.getByText("Enforced").waitFor();
  await strip.getByText(what).waitFor();
  return strip.innerText();
}
