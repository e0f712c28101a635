import { describe, expect, test } from "bun:test";
import { loadConfig } from "../../src/config/load.ts";
import { takeUp } from "../../src/config/take-up.ts";

function load(environment: Readonly<Record<string, string>>) {
  return loadConfig({
    flags: new Map(),
    environment,
    file: undefined,
    defaultFile: "/none/none.toml",
  });
}

const running = load({ JWT_DATA_DIR: "/own", JWT_CLOCK_SKEW: "1" });
const OTHER = { JWT_DATA_DIR: "/other", JWT_WORKERS: "4", JWT_CLOCK_SKEW: "2" };

describe("takeUp", () => {
  test("takes what may change, and keeps the rest with its text and origin", () => {
    const { config, waiting } = takeUp(running, load(OTHER));
    expect(config.settings).toEqual({ ...running.settings, clockSkew: 2 });
    expect(config.texts).toEqual(new Map([...running.texts, ["clockSkew", "2"]]));
    expect(config.origins).toEqual(running.origins);
    expect(waiting).toEqual(["JWT_DATA_DIR", "JWT_WORKERS"]);
  });

  test("names what waits again, until it is as it was", () => {
    const first = takeUp(running, load(OTHER)).config;
    expect(takeUp(first, load(OTHER)).waiting).toEqual(["JWT_DATA_DIR", "JWT_WORKERS"]);
    expect(takeUp(first, load({ JWT_DATA_DIR: "/own" })).waiting).toEqual([]);
  });
});
