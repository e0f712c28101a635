import { describe, expect, test } from "bun:test";
import { Command } from "commander";
import { leaves, ownOptions, toManPage } from "../../src/cli/man-page.ts";
import { createProgram } from "../../src/cli/program.ts";
import { SETTING_ENTRIES } from "../../src/config/settings.ts";

const page = toManPage(createProgram(), "1.2.3", [{ path: "/etc/x", meaning: "a file" }]);

describe("the man page", () => {
  test("has every command, setting, exit code and file", () => {
    for (const words of ["serve", "rules add", "revoke user", "admin token create", "install"]) {
      expect(page).toContain(`\\fB${words}\\fR`);
    }
    for (const [, { name }] of SETTING_ENTRIES) expect(page).toContain(`\\fB${name}\\fR`);
    for (const code of [0, 1, 2, 3, 78]) expect(page).toContain(`\n\\fB${code}\\fR\n`);
    expect(page).toContain("\\fI/etc/x\\fR");
  });

  test("has a command's own option also where a setting is called the same", () => {
    const commands = leaves(createProgram()).map(({ command, path }) => ({
      name: path.join(" "),
      flags: ownOptions(command).map(({ long }) => long),
    }));
    const withIssuer = commands.filter(({ flags }) => flags.includes("--issuer"));
    expect(withIssuer.map(({ name }) => name)).toEqual([
      "rules add",
      "rules preview",
      "revoke user",
      "revoke block",
      "revoke family",
    ]);
    expect(commands.find(({ name }) => name === "serve")?.flags).toEqual(["--config"]);
    expect(commands.flatMap(({ flags }) => flags)).not.toContain("--data-dir");
  });

  test("has no text that roff would take for a request or an escape", () => {
    const odd = new Command("odd").description(".so /etc/passwd \\n(.v 'x");
    odd.command("child").description("'quoted \\*[x] -x");
    const text = toManPage(odd, "1", []);
    expect(text).toContain("\\&'quoted \\e*[x] \\-x");
    expect(text).not.toMatch(/^\.so/m);
  });

  test("has no line that says nothing", () => {
    expect(page.split("\n").slice(0, -1)).not.toContain("");
    expect(page).not.toContain("undefined");
  });
});
