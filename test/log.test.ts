import { describe, expect, test } from "bun:test";
import { createLog, describeError, type LogLevel, withFacts } from "../src/log.ts";

function capture(level: LogLevel) {
  const lines: string[] = [];
  let least = level;
  const log = createLog(
    () => least,
    (line) => lines.push(line),
  );
  const read = () => lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  return { log, lines, read, setLevel: (next: LogLevel) => void (least = next) };
}

describe("the log", () => {
  test("writes one JSON object a line, with time, level, message and facts", () => {
    const { log, lines, read } = capture("info");
    log.warn("key source failed", { source: "/keys.json", count: 2 });
    expect(lines[0]?.endsWith("\n")).toBe(true);
    const [line] = read();
    expect(line).toMatchObject({
      level: "warn",
      message: "key source failed",
      source: "/keys.json",
      count: 2,
    });
    expect(String(line?.["time"])).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  });

  test("leaves out what is below its level, and follows a new level at once", () => {
    const { log, read, setLevel } = capture("warn");
    log.info("one");
    setLevel("debug");
    log.debug("two");
    expect(read().map(({ message }) => message)).toEqual(["two"]);
  });

  test("keeps a line break in a fact inside its line", () => {
    const { log, lines } = capture("info");
    log.info("a", { fact: 'x\n{"level":"error"}\r\n' });
    expect(lines).toHaveLength(1);
    expect(lines[0]?.slice(0, -1)).not.toContain("\n");
  });

  test("adds the facts of the moment; a line's own go over them", () => {
    const { log, read } = capture("debug");
    const inRequest = withFacts(log, () => ({ requestId: "r1", source: "moment" }));
    inRequest.error("failed", { source: "line" });
    expect(read()[0]).toMatchObject({ requestId: "r1", source: "line" });
  });

  test("does not gather facts for a line that is not written", () => {
    const { log } = capture("error");
    let asked = 0;
    const inRequest = withFacts(log, () => ({ n: ++asked }));
    inRequest.debug("nothing");
    expect(asked).toBe(0);
  });
});

describe("an error's description", () => {
  test("has its kind, code and places, not its message", () => {
    const error = Object.assign(new TypeError("eyJhbGciOi.secret"), { code: "E1" });
    const facts = describeError(error);
    expect(facts["error"]).toBe("TypeError");
    expect(facts["code"]).toBe("E1");
    expect(JSON.stringify(facts)).not.toContain("secret");
  });

  test("has the type alone of what is no error", () => {
    expect(describeError("a secret text")).toEqual({ error: "string" });
  });
});
