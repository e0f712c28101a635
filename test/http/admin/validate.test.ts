import { describe, expect, test } from "bun:test";
import { Type } from "@sinclair/typebox";
import { AppError } from "../../../src/core/app-error.ts";
import { parseJsonObject } from "../../../src/core/json-parse.ts";
import { checkBody, checkQuery, MAX_BODY_MEMBERS } from "../../../src/http/admin/validate.ts";
import {
  leastRatio,
  namesOfManyHashes,
  namesOfOneHash,
  objectTextOf,
} from "../../helpers/one-hash.ts";

const SCHEMA = Type.Object({ rule: Type.Unknown() }, { additionalProperties: false });

function check(text: string): unknown {
  return checkBody(SCHEMA, parseJsonObject(text).object);
}

/** What it takes to check a body that is refused. */
function refusalCostMs(text: string): number {
  const { object } = parseJsonObject(text);
  const started = performance.now();
  expect(() => checkBody(SCHEMA, object)).toThrow(AppError);
  return performance.now() - started;
}

describe("a body's members", () => {
  // One of them is `rule`.
  const most = MAX_BODY_MEMBERS - 1;

  test("may be as many as the largest rule's", () => {
    expect(check(`{"rule":${objectTextOf(namesOfManyHashes(most))}}`)).toContainKey("rule");
  });

  test.each([
    ["in one object", (object: string) => `{"rule":${object}}`],
    ["in a list", (object: string) => `{"rule":[[${object}]]}`],
    ["beside it", (object: string) => `{"rule":{},${object.slice(1)}`],
  ])("are too many %s above that", (_, make) => {
    expect(() => check(make(objectTextOf(namesOfManyHashes(most + 1))))).toThrow("members");
  });

  test("are too many in several objects together", () => {
    const half = objectTextOf(namesOfManyHashes(MAX_BODY_MEMBERS / 2));
    expect(() => check(`{"rule":[${half},${half}]}`)).toThrow("members");
  });

  test("cost no more where their names were chosen to have one hash", () => {
    // As many as 256 KiB hold.
    const [chosen, usual] = [namesOfOneHash(11_000), namesOfManyHashes(11_000)].map(objectTextOf);
    const ratio = leastRatio(
      () => refusalCostMs(chosen ?? ""),
      () => refusalCostMs(usual ?? ""),
    );
    expect(ratio).toBeLessThan(3);
  });
});

function queryOf(count: number): URLSearchParams {
  return new URLSearchParams(Array.from({ length: count }, (_, n) => [`p${n}`, "x"]));
}

describe("a query's parameters", () => {
  const schema = Type.Object(
    Object.fromEntries(
      Array.from({ length: 60 }, (_, n) => [`p${n}`, Type.Optional(Type.String())]),
    ),
  );

  test("may be fifty and no more", () => {
    expect(checkQuery(schema, queryOf(50))).toContainKeys(["p0", "p49"]);
    expect(() => checkQuery(schema, queryOf(51))).toThrow("over 50 parameters");
  });
});
