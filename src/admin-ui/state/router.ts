/** Where one is: the path and its query, in step with the browser's history. */
import { computed, type ReadonlySignal, signal } from "@preact/signals";
import { type Screen, toScreen } from "../logic/routes.ts";

export interface Router {
  readonly path: ReadonlySignal<string>;
  readonly query: ReadonlySignal<URLSearchParams>;
  readonly screen: ReadonlySignal<Screen>;
  /** Goes to a path; `replace` for filters, which Back should not walk through. */
  go(href: string, how?: "push" | "replace"): void;
}

/** Makes the router of a window and takes over its clicks on links of the page. */
export function createRouter(window: Window & typeof globalThis): Router {
  const here = () => window.location.pathname + window.location.search;
  const href = signal(here());
  const url = computed(() => new URL(href.value, window.location.origin));
  const path = computed(() => url.value.pathname);
  const go = (to: string, how: "push" | "replace" = "push") => {
    if (how === "replace") window.history.replaceState(null, "", to);
    else if (to !== here()) window.history.pushState(null, "", to);
    const isOther = new URL(to, window.location.origin).pathname !== path.value;
    href.value = here();
    if (isOther) window.scrollTo(0, 0);
  };
  window.addEventListener("popstate", () => {
    href.value = here();
  });
  window.document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = event.target instanceof Element ? event.target.closest("a") : null;
    if (link === null || link.origin !== window.location.origin) return;
    if (link.hasAttribute("download") || link.target !== "" || link.hash !== "") return;
    event.preventDefault();
    go(link.pathname + link.search);
  });
  return {
    path,
    query: computed(() => url.value.searchParams),
    screen: computed(() => toScreen(path.value)),
    go,
  };
}
