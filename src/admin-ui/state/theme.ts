/** Light or dark: as the system says, or as chosen here. */
import { type ReadonlySignal, signal } from "@preact/signals";

export type Theme = "system" | "light" | "dark";

export interface ThemeChoice {
  readonly theme: ReadonlySignal<Theme>;
  /** The next of system, light, dark. */
  turn(): void;
}

const NAME = "haproxy-jwt-theme";
const ORDER: readonly Theme[] = ["system", "light", "dark"];

export function createTheme(
  root: HTMLElement,
  storage: Pick<Storage, "getItem" | "setItem">,
): ThemeChoice {
  const stored = readChoice(storage);
  const theme = signal<Theme>(ORDER.find((one) => one === stored) ?? "system");
  const show = () => {
    if (theme.value === "system") delete root.dataset["theme"];
    else root.dataset["theme"] = theme.value;
  };
  show();
  return {
    theme,
    turn() {
      theme.value = ORDER[(ORDER.indexOf(theme.value) + 1) % ORDER.length] ?? "system";
      show();
      try {
        storage.setItem(NAME, theme.value);
      } catch {
        // A browser that keeps nothing: the choice holds until the page is closed.
      }
    },
  };
}

function readChoice(storage: Pick<Storage, "getItem">): string | null {
  try {
    return storage.getItem(NAME);
  } catch {
    return null;
  }
}
