import { describe, expect, it } from "@jest/globals";
import { randomUUID } from "node:crypto";
import { prepareEvent } from "./validate-event.ts";
const context = { nowMs: Date.UTC(2026, 10, 20, 12), newId: () => randomUUID() };
const id = "0199aaaa-bbbb-7ccc-8ddd-eeeeffff0001";

describe("validation of one event", () => {
  it("a complete event passes and keeps every field", () => {
    const raw = {
      id: id.toUpperCase(),
      name: "purchase",
      time: "2026-11-20T11:59:59.5+01:00",
      userId: "u1",
      revenue: "12.5",
      currency: "EUR",
      properties: { a: { b: [1, "x"] } },
    };
    const prepared = prepareEvent(raw, context);
    expect(prepared).toEqual({
      event: {
        eventId: id,
        idGenerated: false,
        timeMs: Date.UTC(2026, 10, 20, 10, 59, 59, 500),
        fields: raw,
        propertiesLength: expect.any(Number),
        revenueScaled: 125_000,
        flags: [],
      },
    });
  });

  it("null means the same as leaving an optional field out", () => {
    const prepared = prepareEvent(
      { name: "n", id: null, time: null, revenue: null, properties: null, userId: null },
      context,
    );
    expect(prepared).toMatchObject({
      event: {
        idGenerated: true,
        timeMs: context.nowMs,
        revenueScaled: null,
        propertiesLength: 2,
        flags: ["ID_GENERATED", "TIME_DEFAULTED"],
      },
    });
  });

  const rejected: readonly (readonly [string, unknown, string, string])[] = [
    ["a number", 5, "NOT_AN_OBJECT", ""],
    ["null", null, "NOT_AN_OBJECT", ""],
    ["an array", [], "NOT_AN_OBJECT", ""],
    ["no name", {}, "MISSING_FIELD", "/name"],
    ["an empty name", { name: "" }, "TOO_SHORT", "/name"],
    ["a control character in the name", { name: "a\nb" }, "WRONG_FORMAT", "/name"],
    ["a long name", { name: "x".repeat(129) }, "TOO_LONG", "/name"],
    ["an id that is no UUID", { name: "n", id: "42" }, "WRONG_FORMAT", "/id"],
    ["a UUID with a prefix", { name: "n", id: `urn:uuid:${id}` }, "TOO_LONG", "/id"],
    ["a wrong type", { name: "n", userId: 5 }, "WRONG_TYPE", "/userId"],
    ["an unknown field", { name: "n", user_id: "u" }, "UNKNOWN_FIELD", "/user_id"],
    ["a day that does not exist", { name: "n", time: "2026-02-30T00:00:00Z" }, "WRONG_FORMAT", "/time"],
    ["a time without an offset", { name: "n", time: "2026-02-20T00:00:00.000" }, "WRONG_FORMAT", "/time"],
    ["a time before 1990", { name: "n", time: "1989-12-31T23:59:59Z" }, "TOO_OLD", "/time"],
    ["a time too far ahead", { name: "n", time: "2026-11-21T12:00:01Z" }, "TOO_FAR_AHEAD", "/time"],
    ["a currency that does not exist", { name: "n", currency: "XQQ" }, "WRONG_VALUE", "/currency"],
    ["revenue with five places", { name: "n", revenue: "1.00001" }, "WRONG_FORMAT", "/revenue"],
    ["revenue out of range", { name: "n", revenue: 1e13 }, "OUT_OF_RANGE", "/revenue"],
    [
      "a property that is no finite number",
      { name: "n", properties: { a: Number.POSITIVE_INFINITY } },
      "OUT_OF_RANGE",
      "/properties/a",
    ],
    [
      "properties too deep",
      { name: "n", properties: { a: { b: { c: { d: { e: { f: { g: 1 } } } } } } } },
      "TOO_DEEP",
      "/properties/a/b/c/d/e/f",
    ],
    [
      "too many properties",
      { name: "n", properties: Object.fromEntries(Array.from({ length: 257 }, (_, n) => [`k${n}`, "v"])) },
      "TOO_MANY_PROPERTIES",
      "/properties",
    ],
    [
      "two values for one path",
      { name: "n", properties: { "a.b": 1, a: { b: 2 } } },
      "DUPLICATE_PROPERTY",
      "/properties",
    ],
    ["half a surrogate pair", { name: "n", properties: { a: "\ud800" } }, "WRONG_VALUE", "/properties"],
    ["an empty key", { name: "n", properties: { "": 1 } }, "TOO_SHORT", "/properties/"],
    ["a fraction as schema version", { name: "n", schemaVersion: 1.5 }, "WRONG_TYPE", "/schemaVersion"],
  ];
  it.each(rejected)("%s is rejected with its code and place", (_title, raw, code, path) => {
    expect(prepareEvent(raw, context)).toMatchObject({ rejection: { code, path } });
  });

  it("an unknown field comes with the name that was meant", () => {
    expect(prepareEvent({ name: "n", sesionId: "s" }, context)).toMatchObject({
      rejection: { reason: 'There is no field "sesionId". Did you mean "sessionId"?' },
    });
  });

  it.each([
    ["2026-11-20T12:05:00Z", []],
    ["2026-11-20T12:05:00.001Z", ["FUTURE"]],
    ["2026-11-21T12:00:00Z", ["FUTURE"]],
    ["2026-11-19T12:00:00Z", []],
    ["2026-11-19T11:59:59.999Z", ["LATE"]],
    ["1990-01-01T00:00:00Z", ["LATE"]],
  ])("an event of %s, received at noon of 2026-11-20, is flagged %j", (time, flags) => {
    expect(prepareEvent({ id, name: "n", time }, context)).toMatchObject({ event: { flags } });
  });
});
