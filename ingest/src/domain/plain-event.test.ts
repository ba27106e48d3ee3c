import { describe, expect, it } from "@jest/globals";
import { Ajv } from "ajv";
import addFormatsModule from "ajv-formats";
import fc from "fast-check";
import { EVENT_FIELDS, eventSchema } from "./event-schema.ts";
import { isPlainEvent } from "./plain-event.ts";

const ajv = new Ajv({ allErrors: false, strict: true, allowUnionTypes: true, unicode: false, logger: false });
addFormatsModule.default(ajv, { mode: "fast", formats: ["uuid"] });
const matchesSchema = ajv.compile(eventSchema);

const odd = fc.oneof(
  fc.constantFrom(null, "", "x", "EUR", 0, -1, 1.5, 2 ** 32, 2 ** 32 - 1, Infinity, NaN, true, [], {}, [1], { a: 1 }),
  fc.constantFrom(
    "a\nb",
    "\u007f",
    "2026-01-01T00:00:00Z",
    `urn:uuid:0199aaaa-bbbb-7ccc-8ddd-eeeeffff0001`,
    "É".repeat(129),
  ),
  fc.uuid(),
  fc.uuid().map((id) => id.toUpperCase()),
  fc.uuid().map((id) => id.replace("-", "0")),
  fc.uuid().map((id) => id.replace(/[0-9]/, "é")),
  fc.integer({ min: 0, max: 9_000 }).map((length) => "x".repeat(length)),
  fc
    .constantFrom(2, 3, 4, 19, 20, 24, 25, 40, 41, 128, 129, 256, 257, 8_192, 8_193)
    .map((length) => "x".repeat(length)),
);
const right = {
  id: fc.uuid(),
  name: fc.string({ minLength: 1, maxLength: 20 }),
  userId: fc.string(),
  revenue: fc.oneof(fc.double(), fc.constant("1.5")),
  properties: fc.object(),
  schemaVersion: fc.nat(),
  synthetic: fc.boolean(),
};
const event = fc
  .tuple(
    fc.record(right, { requiredKeys: [] }),
    fc.dictionary(fc.oneof(fc.constantFrom(...EVENT_FIELDS), fc.string()), odd, { maxKeys: 3 }),
  )
  .map(([fields, others]) => ({ ...fields, ...others }));

describe("the schema by hand", () => {
  it("says of every event of JSON values what the compiled schema says", () => {
    fc.assert(
      fc.property(event, (raw) => {
        expect(isPlainEvent(raw)).toBe(matchesSchema(raw));
      }),
      { numRuns: 3_000, endOnFailure: true },
    );
  });

  it.each(EVENT_FIELDS)("says of every kind of value in %s what the compiled schema says", (field) => {
    fc.assert(
      fc.property(odd, (value) => {
        const raw = { name: "n", [field]: value };
        expect(isPlainEvent(raw)).toBe(matchesSchema(raw));
      }),
      { numRuns: 300, endOnFailure: true },
    );
  });

  it.each([[null], [5], ["x"], [[]], [{}]])("takes %j for no event", (raw) => {
    expect(isPlainEvent(raw)).toBe(false);
    expect(matchesSchema(raw)).toBe(false);
  });

  it("leaves a field without a value to the compiled schema", () => {
    expect(isPlainEvent({ name: "n", userId: undefined })).toBe(false);
    expect(matchesSchema({ name: "n", userId: undefined })).toBe(true);
  });
});
