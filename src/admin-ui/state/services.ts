/** What every screen is given: made once, by main.tsx. */
import type { ReadonlySignal } from "@preact/signals";
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Api } from "../api/client.ts";
import type { Changes } from "./changes.ts";
import type { Live } from "./live.ts";
import type { Router } from "./router.ts";
import type { Session } from "./session.ts";
import type { ThemeChoice } from "./theme.ts";

export interface Services {
  readonly api: Api;
  readonly session: Session;
  readonly live: Live;
  readonly router: Router;
  readonly changes: Changes;
  readonly theme: ThemeChoice;
  /** Unix seconds, growing. */
  readonly now: ReadonlySignal<number>;
}

export const ServicesContext = createContext<Services | undefined>(undefined);

/** @throws TypeError outside of the page */
export function useServices(): Services {
  const services = useContext(ServicesContext);
  if (services === undefined) throw new TypeError("used outside of the page");
  return services;
}
