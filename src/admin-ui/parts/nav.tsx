/** The way to each screen; below 720 px a bar at the bottom. */
import { mayAct } from "../logic/roles.ts";
import type { Screen } from "../logic/routes.ts";
import { useServices } from "../state/services.ts";
import { Icon, type IconName } from "./icon.tsx";

const PLACES: readonly {
  readonly href: string;
  readonly text: string;
  readonly icon: IconName;
  readonly screens: readonly Screen["name"][];
  readonly isAdmins?: boolean;
}[] = [
  { href: "/", text: "Overview", icon: "overview", screens: ["overview"] },
  { href: "/revoke", text: "Revoke", icon: "revoke", screens: ["revoke"] },
  { href: "/rules", text: "Rules", icon: "rules", screens: ["rules", "rule"] },
  { href: "/inspect", text: "Inspect", icon: "inspect", screens: ["inspect"] },
  { href: "/keys", text: "Keys", icon: "keys", screens: ["keys"] },
  { href: "/audit", text: "Audit", icon: "audit", screens: ["audit"] },
  { href: "/people", text: "People", icon: "people", screens: ["people"], isAdmins: true },
];

export function Nav() {
  const { router, session } = useServices();
  const here = router.screen.value.name;
  const role = session.me.value?.role ?? "viewer";
  return (
    <nav class="nav" aria-label="Screens">
      <div>
        <div class="brand">
          <Icon name="shield" />
          haproxy-jwt
        </div>
        <ul>
          {PLACES.filter(({ isAdmins }) => isAdmins !== true || mayAct(role, "admin")).map(
            (place) => (
              <li key={place.href}>
                <a
                  href={place.href}
                  {...(place.screens.includes(here) ? { "aria-current": "page" as const } : {})}
                >
                  <Icon name={place.icon} />
                  {place.text}
                </a>
              </li>
            ),
          )}
        </ul>
      </div>
    </nav>
  );
}
