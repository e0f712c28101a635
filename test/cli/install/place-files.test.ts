import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { InstalledFile } from "../../../src/cli/install/installed-files.ts";
import { placeFile, placeProgram, Receipt } from "../../../src/cli/install/place-files.ts";
import { AppError } from "../../../src/core/app-error.ts";
import { createTempFolder } from "../../helpers/temp-folder.ts";

let stack: AsyncDisposableStack;
let folder: string;
beforeEach(() => {
  stack = new AsyncDisposableStack();
  folder = createTempFolder(stack);
});
afterEach(() => stack.disposeAsync());

function file(text: string): InstalledFile {
  return { path: join(folder, "etc", "a.cfg"), mode: 0o644, text, isConfig: true };
}

function receipt(): Receipt {
  return new Receipt(join(folder, "installed.json"));
}

/** Installs as one run of the command does. */
function install(text: string): string {
  const kept = receipt();
  const { outcome } = placeFile(file(text), kept);
  kept.save();
  return outcome;
}

function read(name = "etc/a.cfg"): string {
  return readFileSync(join(folder, name), "utf8");
}

describe("placing a file", () => {
  test("writes one that is not there, with its mode whatever the umask", () => {
    const before = process.umask(0o077);
    try {
      expect(install("one")).toBe("written");
    } finally {
      process.umask(before);
    }
    expect(statSync(join(folder, "etc/a.cfg")).mode & 0o777).toBe(0o644);
  });

  test("leaves one alone that is the same", () => {
    install("one");
    expect(install("one")).toBe("same");
  });

  test("brings one up to date that nobody has edited", () => {
    install("one");
    expect(install("two")).toBe("updated");
    expect(read()).toBe("two");
  });

  test("keeps an edited one, and puts the new one beside it", () => {
    install("one");
    writeFileSync(join(folder, "etc/a.cfg"), "one, edited");
    expect(install("two")).toBe("kept");
    expect([read(), read("etc/a.cfg.new")]).toEqual(["one, edited", "two"]);
    expect(install("three")).toBe("kept");
    expect([read(), read("etc/a.cfg.new")]).toEqual(["one, edited", "three"]);
  });

  test("keeps one that was there before any installation", () => {
    mkdirSync(join(folder, "etc"));
    writeFileSync(join(folder, "etc/a.cfg"), "mine");
    expect(install("one")).toBe("kept");
    expect(read()).toBe("mine");
  });

  test("keeps an edited one also when the receipt was lost or is nonsense", () => {
    install("one");
    writeFileSync(join(folder, "installed.json"), "[]");
    expect(install("two")).toBe("kept");
    expect(read()).toBe("one");
  });

  test("leaves no half-written file behind, and names the path that cannot be written", () => {
    mkdirSync(join(folder, "etc", "a.cfg"), { recursive: true });
    let failure: unknown;
    try {
      install("one");
    } catch (error) {
      failure = error;
    }
    expect(failure).toBeInstanceOf(AppError);
    expect(String(failure)).toContain("etc/a.cfg");
    expect(existsSync(join(folder, "etc/a.cfg.installing"))).toBe(false);
  });
});

describe("placing the program", () => {
  test("replaces it by a new file: what runs keeps the old one", () => {
    const source = join(folder, "source");
    const target = join(folder, "bin", "program");
    writeFileSync(source, "v1");
    expect(placeProgram(source, target).outcome).toBe("written");
    const { ino } = statSync(target);
    expect(placeProgram(source, target).outcome).toBe("same");
    writeFileSync(source, "v2");
    chmodSync(source, 0o600);
    expect(placeProgram(source, target).outcome).toBe("updated");
    expect(statSync(target).ino).not.toBe(ino);
    expect(statSync(target).mode & 0o777).toBe(0o755);
  });
});
