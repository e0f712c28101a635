/** People of the admin page in tests: the first one by the one-time link, others by the command line. */
import type { Page } from "playwright-core";
import type { Appliance } from "./appliance.ts";
import { waitFor } from "./wait-for.ts";

/** A password that the rules for passwords take. */
export const PASSWORD = "quartz umbrella notebook velvet";

/** Reads the one-time link that the server printed. */
export async function readFirstRunLink(server: Appliance): Promise<string> {
  return waitFor(
    "the one-time link",
    () => /https?:\/\/\S+#first-run=[\w-]+/.exec(server.program().output())?.[0],
  );
}

/** Makes the first admin through the API, as the page would. */
export async function createFirstAdmin(server: Appliance, name = "root"): Promise<void> {
  const link = await readFirstRunLink(server);
  const secret = link.split("#first-run=")[1] ?? "";
  const response = await post(server, "/first-run", { secret, name, password: PASSWORD });
  if (response.status !== 201) throw new Error(`first run: ${response.status}`);
}

/** Lets somebody else in, in the first admin's name. */
export async function createPerson(
  server: Appliance,
  name: string,
  role: "viewer" | "operator" | "admin",
  by = "root",
): Promise<void> {
  const cookie = await login(server, by);
  const response = await post(server, "/people", { name, role, password: PASSWORD }, cookie);
  if (response.status !== 201)
    throw new Error(`person: ${response.status} ${await response.text()}`);
}

/** A session's cookie, for asking the API beside the page. */
export async function login(server: Appliance, name: string): Promise<string> {
  const response = await post(server, "/session", { name, password: PASSWORD });
  if (response.status !== 201) throw new Error(`login: ${response.status}`);
  return response.headers.getSetCookie()[0]?.split(";")[0] ?? "";
}

/** Posts JSON to the API. */
export async function post(
  server: Appliance,
  path: string,
  body: object,
  cookie = "",
): Promise<Response> {
  return fetch(`${toOrigin(server)}/api/v1${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", cookie },
    body: JSON.stringify(body),
  });
}

export function toOrigin(server: Appliance): string {
  return `http://127.0.0.1:${server.adminPort}`;
}

/** Logs in on the page, as a person does. */
export async function logInOn(page: Page, name: string, path = "/"): Promise<void> {
  await page.goto(path);
  await page.getByLabel("Name").fill(name);
  await page.getByLabel("Password").fill(PASSWORD);
  await page.keyboard.press("Enter");
  await page.getByRole("navigation", { name: "Screens" }).waitFor();
}
