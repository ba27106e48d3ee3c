import fc from "fast-check";
import type { Granularity } from "../src/domain/calendar.ts";
import type { FilterInput } from "../src/domain/filter-input.ts";
import type { MeasureInput } from "../src/domain/measures.ts";
import type { OlapInput } from "../src/domain/query.ts";
import type { TestEvent } from "./test-events.ts";

const HOUR_MS = 3_600_000;

/** Moments around which random events lie: clock changes in spring and autumn, ends of weeks, months, quarters, years and leap days. */
const BASES = [
  "2026-03-29T01:00:00Z",
  "2026-10-25T01:00:00Z",
  "2026-03-08T07:00:00Z",
  "2026-11-01T06:00:00Z",
  "2025-12-31T23:00:00Z",
  "2024-02-29T12:00:00Z",
  "2026-06-30T22:00:00Z",
].map((text) => Date.parse(text));

/** Zones with and without clock changes, with half-hour and quarter-hour offsets, with half-hour clock changes. */
const ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe"];

/** Addresses of every form, and texts that are none. */
export const ADDRESSES = [
  ...["/", "/a?b=1", "/%_", "/a//b/ü/d/e/f", "https://Shop.example/", "https://shop.example", "//shop.example/a/b#c"],
  ...["http://u:p@Shop.EXAMPLE:8080/a/../b?x=//y", "http://[::1]:80/a", "app://shop/a", "mailto:a@b.c", "no address"],
  ...["?q=/a", "//", "http:///a", "https://shop.example?x/y"],
];

const NAMES = ["view", "buy", "it's", 'back\\slash "quote"'];
const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(value, { nil: undefined });
const pick = (...values: readonly string[]): fc.Arbitrary<string> => fc.constantFrom(...values);

const properties = fc.record(
  {
    plan: fc.oneof(pick("free", "pro", "", "it's"), fc.integer({ min: 0, max: 3 }), fc.boolean()),
    amount: fc.oneof(fc.integer({ min: -50, max: 50 }), fc.constantFrom(0.5, 2.25, "7", "1e2", "nan", "x", "")),
    cart: fc.record({ total: fc.integer({ min: 0, max: 9 }) }),
    "we-ird key": pick("a", "b"),
  },
  { requiredKeys: [] },
);

const defined = <T extends object>(value: T): T =>
  // boundary: leaves out undefined entries, which exact optional properties ask for.
  Object.fromEntries(Object.entries(value).filter(([, entry]) => entry !== undefined)) as T;

/** Random events within two days around one of the bases. */
export const anyEvents = (baseMs: number, count: { min: number; max: number }): fc.Arbitrary<readonly TestEvent[]> =>
  fc.array(
    fc
      .record({
        id: fc.uuid(),
        name: pick(...NAMES),
        timeMs: fc.oneof(
          fc.integer({ min: -48, max: 48 }).map((hours) => baseMs + hours * HOUR_MS),
          fc.integer({ min: -48 * HOUR_MS, max: 48 * HOUR_MS }).map((ms) => baseMs + ms),
        ),
        userId: maybe(pick("u1", "u2", "u3")),
        anonymousId: maybe(pick("a1", "a2", "u1")),
        sessionId: maybe(pick("s1", "s2", "s3")),
        source: maybe(pick("web", "ios")),
        country: maybe(pick("DE", "US", "")),
        device: maybe(pick("mobile", "desktop")),
        url: maybe(pick(...ADDRESSES)),
        referrer: maybe(pick(...ADDRESSES)),
        revenue: maybe(fc.integer({ min: -20_000, max: 1_000_000 }).map((value) => (value / 10_000).toFixed(4))),
        currency: maybe(pick("EUR", "USD")),
        schemaVersion: fc.integer({ min: 1, max: 3 }),
        synthetic: fc.boolean(),
        qualityFlags: fc.subarray(["LATE", "ID_GENERATED"]),
        properties,
      })
      // boundary: the record's optional keys are left out when undefined, as TestEvent asks.
      .map((event) => defined(event) as TestEvent),
    { minLength: count.min, maxLength: count.max },
  );

const leaf: fc.Arbitrary<FilterInput> = fc.oneof(
  fc.record({ field: pick("name"), eq: pick(...NAMES, "nothing") }),
  fc.record({ field: pick("country", "source", "device", "url"), eq: pick("DE", "web", "/", "' OR 1=1 --", "") }),
  fc.record({ field: pick("currency"), in: fc.constantFrom(["EUR"], ["EUR", "USD"]) }),
  fc.record({ field: pick("name", "url", "country", "properties.plan"), contains: pick("i", "%", "'", "\\", "_") }),
  fc.record({ field: pick("name", "url", "properties.plan"), startsWith: pick("v", "/", "p") }),
  fc.record({
    field: pick("name", "url", "country", "properties.plan"),
    matches: pick("^v", "i.*$", "", "(?i)PRO|a", "'", "\\\\", "^$", "[[:alpha:]]{3}"),
  }),
  fc.record({
    field: pick("country", "userId", "revenue", "properties.plan", "properties.cart.total", "qualityFlags"),
    exists: fc.boolean(),
  }),
  fc.record({
    field: pick("revenue", "properties.amount", "properties.cart.total"),
    gt: fc.integer({ min: -5, max: 20 }),
  }),
  fc.record({ field: pick("properties.amount", "schemaVersion"), gte: fc.constant(1), lt: fc.constant(7) }),
  fc.record({ field: pick("properties.plan", "properties.we-ird key"), eq: pick("pro", "2", "true", "", "a") }),
  fc.record({
    field: pick("url.host", "referrer.path", "url.path.1"),
    in: fc.constantFrom(["shop.example"], ["/", "a"]),
  }),
  fc.record({ field: pick("url.host", "url.path.2", "referrer.host"), exists: fc.boolean() }),
  fc.record({ field: pick("time.hourOfDay", "time.dayOfWeek"), gte: fc.constant(2), lt: fc.constant(6) }),
  fc.record({ field: pick("time.monthOfYear", "time.dayOfMonth"), eq: pick("3", "29", "12") }),
  fc.record({ field: pick("synthetic"), eq: pick("true", "false") }),
  fc.record({ field: pick("qualityFlags"), eq: pick("LATE") }),
);

/** Random filters over the fields of {@link anyEvents}. */
const anyFilter: fc.Arbitrary<FilterInput> = fc.letrec<{ node: FilterInput }>((tie) => ({
  node: fc.oneof(
    { depthSize: "small", maxDepth: 6, withCrossShrink: true },
    leaf,
    fc.record({ not: tie("node") }),
    fc.record({ and: fc.array(tie("node"), { minLength: 1, maxLength: 3 }) }),
    fc.record({ or: fc.array(tie("node"), { minLength: 1, maxLength: 3 }) }),
  ),
})).node;

/** Filters that rollups can apply: over the fields they hold. */
const rollupFilter: fc.Arbitrary<FilterInput> = fc.oneof(
  fc.record({ field: pick("name"), in: fc.constantFrom(["view", "buy"], ["it's"]) }),
  fc.record({ not: fc.record({ field: pick("name"), contains: pick("i") }) }),
  fc.record({ field: pick("country", "device", "source"), exists: fc.boolean() }),
  fc.record({ field: pick("currency"), eq: pick("EUR") }),
);

const measure = (input: MeasureInput): fc.Arbitrary<MeasureInput> => fc.constant(input);

const rollupMeasures: readonly fc.Arbitrary<MeasureInput>[] = [
  measure({ function: "COUNT" }),
  measure({ function: "UNIQUES", of: "persons" }),
  measure({ function: "UNIQUES", of: "sessions" }),
  measure({ function: "SUM", of: "revenue", currency: "EUR" }),
  measure({ function: "AVG", of: "revenue", currency: "USD" }),
];

const rawMeasures: readonly fc.Arbitrary<MeasureInput>[] = [
  measure({ function: "UNIQUES", of: "persons", exact: true, name: "people" }),
  measure({ function: "UNIQUES", of: "properties.plan" }),
  measure({ function: "UNIQUES", of: "url.host" }),
  measure({ function: "UNIQUES", of: "time.hourOfDay", exact: true }),
  measure({ function: "UNIQUES", of: "country", exact: true }),
  measure({ function: "MIN", of: "revenue", currency: "EUR" }),
  measure({ function: "MAX", of: "revenue", currency: "USD" }),
  measure({ function: "SUM", of: "properties.amount" }),
  measure({ function: "AVG", of: "properties.amount" }),
  measure({ function: "MIN", of: "properties.cart.total" }),
  measure({ function: "QUANTILES", of: "properties.amount", levels: [0.5, 0.9, 0.99], exact: true }),
];

const range = (baseMs: number): fc.Arbitrary<OlapInput["range"]> =>
  fc
    .tuple(fc.integer({ min: -60, max: 60 }), fc.integer({ min: 1, max: 120 }), fc.integer({ min: 0, max: 2 }))
    .map(([start, hours, ragged]) => {
      const fromMs = baseMs + start * HOUR_MS + ragged * 754_321;
      return {
        from: new Date(fromMs).toISOString(),
        to: new Date(fromMs + hours * HOUR_MS - ragged * 111).toISOString(),
      };
    });

/** All that random events lie in. */
const wholeRange = (baseMs: number): OlapInput["range"] => ({
  from: new Date(baseMs - 60 * HOUR_MS).toISOString(),
  to: new Date(baseMs + 60 * HOUR_MS).toISOString(),
});

const GRANULARITIES: readonly Granularity[] = ["NONE", "MINUTE", "HOUR", "DAY", "WEEK", "MONTH", "QUARTER", "YEAR"];

interface QueryParts {
  readonly measures: readonly fc.Arbitrary<MeasureInput>[];
  readonly dimensions: readonly string[];
  readonly filter: fc.Arbitrary<FilterInput>;
  readonly measureFilter: fc.Arbitrary<FilterInput | null>;
}

/** Formulas over two columns `x` and `y`. */
const FORMULAS = ["x / y", "(x - y) * 100 / (x + y)", "-x + 0.5 * y", "x / (x + y) - 1"];

/** Distinct measures by names of their own, some with filters, and perhaps a formula over two of them. */
const anyMeasures = ({ measures, measureFilter }: QueryParts): fc.Arbitrary<MeasureInput[]> =>
  fc
    .record({
      inputs: fc.uniqueArray(fc.oneof(...measures), {
        minLength: 1,
        maxLength: 4,
        selector: (input) => JSON.stringify(input),
      }),
      filters: fc.array(fc.option(measureFilter, { nil: null, freq: 2 }), { minLength: 4, maxLength: 4 }),
      formula: fc.option(pick(...FORMULAS), { nil: null }),
    })
    .map(({ inputs, filters, formula }) => {
      const named = inputs.map((input, index) => ({ ...input, name: `c${index}`, filter: filters[index] ?? null }));
      const [x, y = x] = named.filter((input) => input.function !== "QUANTILES").map(({ name }) => name);
      if (formula === null || x === undefined || y === undefined) return named;
      const text = formula.replaceAll("x", x).replaceAll("y", y);
      return [...named, { function: "FORMULA", name: "formula", formula: text } as const];
    });

/** Of minutes two hours at most, so that there are no more buckets than an answer may have. */
const boundedMinutes = (input: OlapInput): OlapInput => {
  const { from, to } = input.range;
  const end = Math.min(Date.parse(to), Date.parse(from) + 2 * HOUR_MS);
  return input.granularity === "MINUTE" ? { ...input, range: { from, to: new Date(end).toISOString() } } : input;
};

const anyQuery = (baseMs: number, parts: QueryParts): fc.Arbitrary<OlapInput> =>
  fc
    .record({
      range: range(baseMs),
      measures: anyMeasures(parts),
      dimensions: fc.subarray([...parts.dimensions], { maxLength: 3 }),
      filter: fc.option(parts.filter, { nil: null }),
      granularity: fc.constantFrom(...GRANULARITIES),
      timeZone: fc.constantFrom(...ZONES),
    })
    .map(boundedMinutes);

/** Random events with random questions about them: anything an event can be asked. */
export const anyWorld = fc.constantFrom(...BASES).chain((baseMs) =>
  fc.record({
    events: anyEvents(baseMs, { min: 0, max: 60 }),
    queries: fc.array(
      anyQuery(baseMs, {
        measures: [...rollupMeasures, ...rawMeasures],
        dimensions: [
          "name",
          "country",
          "currency",
          "url",
          "url.host",
          "referrer.path",
          "url.path.2",
          "time.hourOfDay",
          "time.dayOfWeek",
          "time.weekOfYear",
          "time.minuteOfHour",
          "time.dayOfMonth",
          "time.quarterOfYear",
          "synthetic",
          "schemaVersion",
          "revenue",
          "qualityFlags",
          "userId",
          "time",
          "properties.plan",
          "properties.cart.total",
        ],
        filter: anyFilter,
        measureFilter: anyFilter,
      }),
      { minLength: 6, maxLength: 6 },
    ),
  }),
);

/** Random events with questions about all of them that have many rows: by some dimensions, perhaps over time. */
export const wideWorld = fc.constantFrom(...BASES).chain((baseMs) =>
  fc.record({
    events: anyEvents(baseMs, { min: 25, max: 60 }),
    queries: fc.array(
      anyQuery(baseMs, {
        measures: [...rollupMeasures, ...rawMeasures],
        dimensions: [
          ...["name", "country", "url", "url.path.1", "time.hourOfDay", "synthetic", "schemaVersion", "revenue"],
          ...["qualityFlags", "userId", "time", "id", "properties.plan", "properties.cart.total"],
        ],
        filter: fc.constant({ field: "name", in: NAMES }),
        measureFilter: anyFilter,
      }).map((query) => ({
        ...query,
        range: wholeRange(baseMs),
        dimensions: query.dimensions?.length === 0 ? ["userId", "revenue"] : (query.dimensions ?? []),
        granularity: query.granularity === "MINUTE" ? ("HOUR" as const) : (query.granularity ?? "NONE"),
      })),
      { minLength: 2, maxLength: 2 },
    ),
  }),
);

/** Random events with random questions of the kind that rollups are made for. */
export const rollupWorld = fc.constantFrom(...BASES).chain((baseMs) =>
  fc.record({
    events: anyEvents(baseMs, { min: 20, max: 80 }),
    queries: fc.array(
      anyQuery(baseMs, {
        measures: rollupMeasures,
        dimensions: [
          "name",
          "currency",
          "country",
          "device",
          "source",
          "time.hourOfDay",
          "time.dayOfWeek",
          "time.year",
        ],
        filter: rollupFilter,
        measureFilter: fc.constant(null),
      }),
      { minLength: 6, maxLength: 6 },
    ),
  }),
);
