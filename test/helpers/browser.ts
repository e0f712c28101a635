/** A real Chromium for the page's tests; nothing of it reaches beyond this machine. */
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";

/** Chromium as Debian ships it, or CHROMIUM_BIN. */
export const CHROMIUM = process.env["CHROMIUM_BIN"] ?? "/usr/bin/chromium";

/** Starts it; it ends when `stack` is disposed. */
export async function startBrowser(stack: AsyncDisposableStack): Promise<Browser> {
  const browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
  stack.defer(() => browser.close());
  return browser;
}

/** One person at a computer of his own. */
export interface Seat {
  readonly context: BrowserContext;
  readonly page: Page;
  /** Errors that the page or the browser's console had; a test expects none. */
  readonly errors: readonly string[];
}

/** What a seat is like; wide, light, English and UTC unless told otherwise. */
export interface SeatOptions {
  readonly width?: number;
  readonly height?: number;
  readonly theme?: "light" | "dark";
  /** Status codes that a test brings about: the browser's console names each. */
  readonly expectedStatuses?: readonly number[];
}

/** Opens a fresh browser profile on an origin. */
export async function openSeat(
  browser: Browser,
  origin: string,
  options: SeatOptions = {},
): Promise<Seat> {
  const { width = 1280, height = 900, theme = "light", expectedStatuses = [401] } = options;
  const context = await browser.newContext({
    baseURL: origin,
    viewport: { width, height },
    colorScheme: theme,
    locale: "en-GB",
    timezoneId: "UTC",
    reducedMotion: "reduce",
    permissions: [],
  });
  context.setDefaultTimeout(10_000);
  const page = await context.newPage();
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(`page: ${error.message}`));
  page.on("console", (message) => {
    const text = message.text();
    const isExpected = expectedStatuses.some((status) => text.includes(`status of ${status} `));
    if (message.type() === "error" && !isExpected) errors.push(`console: ${text}`);
  });
  return { context, page, errors };
}
