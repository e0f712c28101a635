/** What a running server takes up of a configuration that was read again. */
import type { Config } from "./load.ts";
import { SETTING_ENTRIES, type Settings } from "./settings.ts";

export interface TakenUp {
  /** In force from now on: what may change while running as it was read, everything else as it was. */
  readonly config: Config;
  /** Names of the settings that were read with another value and count from the next start on. */
  readonly waiting: readonly string[];
}

/** @param running what the server goes by so far, not what was read last */
export function takeUp(running: Config, read: Config): TakenUp {
  const settings: Partial<Record<keyof Settings, unknown>> = { ...read.settings };
  const [texts, origins] = [new Map(read.texts), new Map(read.origins)];
  const waiting: string[] = [];
  for (const [key, { name, isLive }] of SETTING_ENTRIES) {
    if (isLive) continue;
    const [text, origin] = [running.texts.get(key), running.origins.get(key)];
    if (text !== read.texts.get(key)) waiting.push(name);
    settings[key] = running.settings[key];
    if (text !== undefined) texts.set(key, text);
    if (origin !== undefined) origins.set(key, origin);
  }
  return {
    config: { settings: settings as Settings, issuers: read.issuers, texts, origins },
    waiting,
  };
}
