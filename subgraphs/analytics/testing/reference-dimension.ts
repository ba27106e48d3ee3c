import fc from "fast-check";
import { RE2JS } from "re2js";
import type { FilterInput } from "../src/domain/filter-input.ts";
import type { DimensionExpression, TextExpression } from "../src/domain/semantic/dimension-expression.ts";
import { numberOf, passes, textOf } from "./reference-filter.ts";
import type { TestEvent } from "./test-events.ts";

const LETTERS = {
  LOWER: (text: string) => text.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase()),
  UPPER: (text: string) => text.replaceAll(/[a-z]/g, (letter) => letter.toUpperCase()),
} as const;

const extracted = (text: string, pattern: string): string => {
  const matcher = RE2JS.compile(pattern, RE2JS.DOTALL).matcher(text);
  if (!matcher.find()) return "";
  return matcher.groupCount() > 0 ? (matcher.group(1) ?? "") : (matcher.group() ?? "");
};

const madeText = (event: TestEvent, { of, extract, trim, letters, otherwise }: TextExpression): string => {
  const sent = textOf(event, of) ?? "";
  const cut = extract === null || extract === undefined ? sent : extracted(sent, extract);
  const trimmed = trim === true ? cut.replaceAll(/^ +| +$/g, "") : cut;
  const made = letters === null || letters === undefined ? trimmed : LETTERS[letters](trimmed);
  return made === "" ? (otherwise ?? "") : made;
};

/** What a dimension is of an event, by the plain meaning of its expression; null where it is missing. */
export const dimensionOf = (event: TestEvent, expression: DimensionExpression, timeZone = "UTC"): string | null => {
  const { field, text, ranges, cases } = expression;
  const known = (value: string | null | undefined): string | null =>
    value === "" || value === undefined ? null : value;
  if (typeof field === "string") return textOf(event, field, timeZone);
  if (text) return known(madeText(event, text));
  if (ranges) {
    const number = numberOf(event, ranges.of, timeZone);
    if (number === null) return known(ranges.otherwise);
    return known(ranges.labels[ranges.bounds.filter((bound) => number >= bound).length]);
  }
  const first = cases?.cases.find(({ when }) => passes(event, when, timeZone));
  if (first !== undefined) return first.label;
  return cases?.otherwiseOf ? known(textOf(event, cases.otherwiseOf)) : known(cases?.otherwise);
};

/** An event with what a dimension is of it written into its property `hand`; missing where it is missing. */
export const withHand = <Event extends TestEvent>(event: Event, expression: DimensionExpression): Event => {
  const value = dimensionOf(event, expression);
  return value === null ? event : { ...event, properties: { ...event.properties, hand: value } };
};

const pick = (...values: readonly string[]): fc.Arbitrary<string> => fc.constantFrom(...values);
const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(value);

/** Tests of fields that the daily rollup holds. */
const heldFilter: fc.Arbitrary<FilterInput> = fc.oneof(
  fc.record({ field: pick("name"), in: fc.constantFrom(["view", "buy"], ["it's"]) }),
  fc.record({ not: fc.record({ field: pick("country", "device"), contains: pick("e", "D", "") }) }),
  fc.record({ field: pick("source", "currency"), exists: fc.boolean() }),
);

/** Tests of any fields. */
const anyTest: fc.Arbitrary<FilterInput> = fc.oneof(
  heldFilter,
  fc.record({ field: pick("revenue", "properties.amount"), gte: fc.integer({ min: -5, max: 40 }) }),
  fc.record({ field: pick("url.host", "properties.plan"), matches: pick("^s", "o", "(?i)PRO") }),
  fc.record({ field: pick("time.hourOfDay", "schemaVersion"), lt: fc.integer({ min: 1, max: 12 }) }),
  fc.record({ and: fc.tuple(heldFilter, heldFilter) }),
);

const casesOf = (test: fc.Arbitrary<FilterInput>): fc.Arbitrary<DimensionExpression> =>
  fc.record({
    cases: fc.record(
      {
        cases: fc.array(fc.record({ when: test, label: pick("one", "two", "it's", "\\ %") }), {
          minLength: 1,
          maxLength: 4,
        }),
        otherwise: maybe(pick("rest")),
      },
      { requiredKeys: ["cases"] },
    ),
  });

const patterns = maybe(pick("[a-z]+", "^(.)", "o(.)", "x(y)?", "^[^:]*://([^/]*)", " .* "));

/** Random dimensions over the fields of random events. */
export const anyExpression: fc.Arbitrary<DimensionExpression> = fc.oneof(
  fc.record({ field: pick("country", "properties.plan", "time.dayOfWeek", "revenue", "url.path.1", "synthetic") }),
  fc
    .record({
      of: pick("name", "url", "country", "properties.plan", "referrer.path"),
      extract: patterns,
      trim: fc.boolean(),
      letters: maybe(fc.constantFrom("LOWER", "UPPER")),
      otherwise: pick("none", "it's"),
    })
    .map((text) => ({ text })),
  fc
    .record({
      of: pick("revenue", "properties.amount", "properties.cart.total", "time.hourOfDay"),
      bounds: fc.uniqueArray(fc.integer({ min: -20, max: 40 }), { minLength: 1, maxLength: 4 }),
      otherwise: maybe(pick("none")),
    })
    .map(({ bounds, ...rest }) => ({
      ranges: {
        ...{ ...rest, bounds: bounds.toSorted((a, b) => a - b) },
        labels: [...bounds, 0].map((_bound, index) => `r${index}`),
      },
    })),
  casesOf(anyTest),
  fc
    .tuple(casesOf(anyTest), pick("country", "properties.plan", "url.host"))
    .map(([{ cases }, otherwiseOf]) => ({ cases: { cases: cases?.cases ?? [], otherwiseOf } })),
);

/** Random dimensions over nothing but what the daily rollup holds. */
export const heldExpression: fc.Arbitrary<DimensionExpression> = fc.oneof(
  fc.record({ field: pick("country", "name") }),
  fc.record({ text: fc.record({ of: pick("device", "name"), letters: fc.constant("UPPER"), trim: fc.boolean() }) }),
  casesOf(heldFilter),
);

/** {@link anyExpression} that is made of fields, no field by another name. */
export const anyMade: fc.Arbitrary<DimensionExpression> = anyExpression.filter(
  ({ field }) => typeof field !== "string",
);
