/** The one-time link by which the first admin is made. */
import { randomBytes } from "node:crypto";
import type { AccountStore } from "../../core/revocation/accounts.ts";
import { hashSecret } from "./session-cookie.ts";

const SETTING = "first_run";
const LIFETIME_SECONDS = 15 * 60;
const MAX_AHEAD_SECONDS = 60;

/**
 * Makes a new link while there is no admin; an earlier one no longer holds. The secret is in the
 * fragment, which browsers send to nobody; its hash is kept, with its end.
 *
 * @param origin where people reach the page
 * @returns undefined once there is an admin
 */
export async function createFirstRunLink(
  accounts: AccountStore,
  origin: string,
  nowSeconds: number,
): Promise<string | undefined> {
  if (await hasAdmin(accounts)) return undefined;
  const secret = randomBytes(32).toString("base64url");
  const end = Math.floor(nowSeconds) + LIFETIME_SECONDS;
  await accounts.setSetting(SETTING, `${hashSecret(secret)} ${end}`);
  return `${origin}/#first-run=${secret}`;
}

/** Tells whether a secret is the link's and still holds; nothing is used up. */
export async function isFirstRunSecret(
  accounts: AccountStore,
  secret: string,
  nowSeconds: number,
): Promise<boolean> {
  const [hash, end] = (await accounts.getSetting(SETTING))?.split(" ") ?? [];
  // Hashes of 256 random bits: where a comparison of them stops tells nothing of use.
  if (hash !== hashSecret(secret)) return false;
  const leftSeconds = Number(end) - nowSeconds;
  // More than it ever had: the clock was set back.
  if (!(leftSeconds > 0 && leftSeconds <= LIFETIME_SECONDS + MAX_AHEAD_SECONDS)) return false;
  return !(await hasAdmin(accounts));
}

/** Uses the link up: true for the one caller who does. */
export async function takeFirstRunSecret(accounts: AccountStore, secret: string): Promise<boolean> {
  const setting = await accounts.getSetting(SETTING);
  if (setting?.split(" ", 1)[0] !== hashSecret(secret)) return false;
  return accounts.takeSetting(SETTING, setting);
}

async function hasAdmin(accounts: AccountStore): Promise<boolean> {
  return (await accounts.listPeople()).some(({ role }) => role === "admin");
}
