/** What a parsed JSON text is inside this program: exact integers, members by name, nothing inherited. */

/**
 * A JSON value. An integer literal beyond ±(2^53 − 1) is a `bigint`, every other number a `number`
 * (an overflowing one, such as `1e999`, is ±Infinity: check before using it as a time).
 */
export type JsonValue = null | boolean | number | bigint | string | JsonArray | JsonObject;
export type JsonArray = readonly JsonValue[];
/** Members by name, in the order of the text; the parser refuses a name that occurs twice. */
export type JsonObject = ReadonlyMap<string, JsonValue>;
