/** The line's words where nothing is heard. */
import { describe, expect, test } from "bun:test";
import { toEndedLine, toLostLine } from "../../../src/admin-ui/logic/contact.ts";
import { formatClock } from "../../../src/admin-ui/logic/time.ts";

const NOW = 1_795_446_912;

describe("without contact", () => {
  test("says since when, of when everything is, and what HAProxy does", () => {
    expect(toLostLine(NOW - 9, NOW)).toMatchObject({
      tone: "bad",
      text: "No contact with the server for 9\u202fs",
      more: `what you see is of ${formatClock(NOW - 9)} · HAProxy goes on by what it knows, then asks or refuses`,
    });
  });

  test("counts nothing from a moment that never was", () => {
    expect(toLostLine(undefined, NOW).text).toBe("No contact with the server");
    expect(toLostLine(undefined, NOW).more).not.toContain("what you see");
  });

  test("says that the session has ended where that is why", () => {
    expect(toEndedLine(NOW)).toMatchObject({
      tone: "warn",
      text: "Your session has ended",
      more: `what you see is of ${formatClock(NOW)}`,
    });
  });
});
