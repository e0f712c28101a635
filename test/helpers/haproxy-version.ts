/** The version of the HAProxy under test. */
import { HAPROXY } from "./haproxy.ts";

/** As a number to compare: 2.6 is 206, 3.2 is 302. */
export function haproxyVersion(): number {
  const said = Bun.spawnSync([HAPROXY, "-v"]).stdout.toString();
  const [, major = "0", minor = "0"] = /version (\d+)\.(\d+)/.exec(said) ?? [];
  return Number(major) * 100 + Number(minor);
}
