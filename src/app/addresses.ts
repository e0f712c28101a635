/** From configured addresses to bound ones, and to the names under which people reach them. */
import type { Listen } from "../config/values.ts";
import type { Address, Listener } from "../http/listen.ts";

const UNIX_SOCKET_MODE = 0o660;

/** An address to listen on; a shared one other threads listen on too. */
export function toAddress(address: Listen, isShared: boolean): Address {
  return address.kind === "unix"
    ? { ...address, mode: UNIX_SOCKET_MODE }
    : { ...address, isShared };
}

/** The origin of a page that is served here without TLS. */
export function toOrigin(host: string, port: number): string {
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** The TCP addresses with the ports that were bound. */
export function boundAddresses(addresses: readonly Listen[], listeners: readonly Listener[]) {
  return addresses.flatMap((one, index) =>
    one.kind === "tcp" ? [{ host: one.host, port: listeners[index]?.port ?? one.port }] : [],
  );
}

/** The hosts that the listen addresses name; an address for all interfaces names none. */
export function namedHosts(addresses: readonly Listen[]): readonly string[] {
  const everywhere = ["0.0.0.0", "::", "*"];
  return addresses.flatMap((one) =>
    one.kind === "tcp" && !everywhere.includes(one.host) ? [one.host] : [],
  );
}
