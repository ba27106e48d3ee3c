import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { Caller } from "@tessera/contracts/caller";
import { askSubgraph, callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { openTestResources, type TestResources } from "@tessera/platform/testing/test-resources";
import fc from "fast-check";
import { buildAnalytics, type TestAnalytics } from "../../testing/build-analytics.ts";
import { storeEvents, type TestEvent } from "../../testing/test-events.ts";

// Nothing here is about speed: a busy machine may take its time.
jest.setTimeout(300_000);

const FROM = Date.parse("2026-11-01T00:00:00Z");
const HOUR_MS = 3_600_000;
const range = { from: "2026-11-01T00:00:00Z", to: "2026-11-03T00:00:00Z" };
/** Numbers that are near the ends of what there is, texts that read like numbers, and texts that read like none. */
const VALUES = [0, -0, 1, -1, 1e308, -1e308, 5e-324, 1e-308, "NaN", "inf", "-Infinity", "1e400", "0x1", "", "3", true];

let world: TestResources;
let analytics: TestAnalytics;
let caller: Caller;
beforeAll(async () => {
  world = openTestResources();
  await world.resources.eventLog.start();
  const ingest = () => Promise.resolve({ accepted: 0, duplicate: 0, rejected: 0, outcomes: [] });
  analytics = buildAnalytics(world.resources, { ingest });
  caller = callerWith(freshTenantId(), ["analytics:read"]);
  const events = VALUES.flatMap((v, index): readonly TestEvent[] =>
    [0, 7, 26].map((hours) => ({
      ...{
        id: randomUUID(),
        name: index % 3 === 0 ? "buy" : "view",
        userId: `u${index % 5}`,
        sessionId: `s${index % 4}`,
      },
      ...{ timeMs: FROM + hours * HOUR_MS + index, country: ["DE", "US", "FR"][index % 3] ?? "DE" },
      ...(index % 4 === 0 ? { revenue: "79228162514264.3375", currency: "EUR" } : {}),
      properties: { v, w: index === 0 ? 1e308 : 0 },
    })),
  );
  await storeEvents(world.writer, caller.tenantId, events);
});
afterAll(async () => {
  await analytics.close();
  await world.resources.eventLog.stop();
  await world.close();
});

const COLUMN =
  "name ... on NumberColumn { numbers } ... on IntegerColumn { integers } ... on DecimalColumn { decimals } ... on TextColumn { texts }";
const SET = `columns { ${COLUMN} } totals { ${COLUMN} }`;
const SELECTIONS: Readonly<Record<string, readonly [type: string, selection: string]>> = {
  olap: [
    "OlapInput",
    `${SET} others { ${COLUMN} } subtotals { columns { ${COLUMN} } } comparisons { columns { ${COLUMN} } changes { ${COLUMN} } totals { ${COLUMN} } totalChanges { ${COLUMN} } }`,
  ],
  timeSeries: ["TimeSeriesInput", `lines { columns { ${COLUMN} } totals { ${COLUMN} } } totals { ${COLUMN} }`],
};

const NOT_A_NUMBER = /\b(?:nan|-?inf(?:inity)?)\b/i;
/** What of an answer is no number though it stands where numbers do. */
const wrongIn = (value: unknown): readonly unknown[] => {
  if (Array.isArray(value)) return value.flatMap(wrongIn);
  if (typeof value === "number") return Number.isFinite(value) ? [] : [value];
  if (typeof value === "string") return NOT_A_NUMBER.test(value) ? [value] : [];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(wrongIn) : [];
};

const of = fc.constantFrom("revenue", "properties.v", "properties.w", "properties.never");
const measure = fc.oneof(
  fc.constant({ function: "COUNT" }),
  fc.record({ function: fc.constantFrom("SUM", "AVG", "MIN", "MAX"), of }),
  fc.record({ function: fc.constant("QUANTILES"), of, levels: fc.constantFrom([0], [0.5], [1]), exact: fc.boolean() }),
  fc.record({ function: fc.constant("COUNT"), filter: fc.constant({ field: "name", eq: "nothing" }) }),
);
const leaf = fc.oneof(fc.constantFrom("a", "b", "c"), fc.constantFrom("0", "1e308", "2", "1e-308"));
const formula = fc.letrec<{ node: string }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    leaf,
    fc
      .tuple(tie("node"), fc.constantFrom("+", "-", "*", "/"), tie("node"))
      .map(([left, sign, right]) => `(${left} ${sign} ${right})`),
  ),
})).node;
const NAMES = ["a", "b", "c"] as const;
const measures = fc
  .tuple(fc.array(measure, { minLength: 3, maxLength: 3 }), fc.array(formula, { minLength: 1, maxLength: 4 }))
  .map(([three, formulas]) => {
    const columns = NAMES.map((name, index) => {
      const one = three[index];
      return one !== undefined && "levels" in one ? `${name}_p${(one.levels[0] ?? 0) * 100}` : name;
    });
    const written = (text: string): string =>
      NAMES.reduce((all, name, index) => all.replaceAll(name, `<${index}>`), text);
    return [
      ...three.map((one, index) => ({
        ...{ ...one, name: NAMES[index] },
        ...("of" in one && one.of === "revenue" ? { currency: "EUR" } : {}),
      })),
      ...formulas.map((text, index) => ({
        ...{ function: "FORMULA", name: `f${index}` },
        formula: written(text).replaceAll(/<(\d)>/g, (_match, place: string) => columns[Number(place)] ?? ""),
      })),
    ];
  });

const ask = async (question: string, input: object) => {
  const [type = "", selection = ""] = SELECTIONS[question] ?? [];
  const source = `query ($input: ${type}!) { ${question}(input: $input) { ${selection} } }`;
  return askSubgraph(analytics.subgraph, caller, source, { input });
};

const NOBODY = { filter: { field: "country", eq: "nowhere" } };

describe("numbers of an answer", () => {
  test("are numbers, or nothing: whatever is divided, multiplied and added, in rows, totals, others, subtotals and changes", async () => {
    const wrong: unknown[] = [];
    const beside = fc.record({
      dimensions: fc.constantFrom([], ["country"], ["country", "name"]),
      granularity: fc.constantFrom("NONE", "DAY", "HOUR"),
      limit: fc.constantFrom(1, 100),
    });
    await fc.assert(
      fc.asyncProperty(measures, beside, async (several, { limit, ...rest }) => {
        const parts = {
          ...(rest.dimensions.length === 2 ? { subtotals: [["country"]] } : {}),
          ...{
            others: rest.dimensions.length > 0 && rest.granularity === "NONE",
            limit,
            compare: [{ period: "PREVIOUS_PERIOD" }],
          },
        };
        const input = { range, measures: several, ...rest, ...parts, allowUnknown: true };
        const { data, errors } = await ask("olap", input);
        wrong.push(...wrongIn(data), ...(errors ?? []).map(({ message }) => ({ message, input })));
      }),
      { numRuns: 30, endOnFailure: true },
    );
    expect(wrong).toEqual([]);
  });

  test("are nothing where a change from next to nothing is more than a number can tell", async () => {
    const measures = [
      { function: "SUM", of: "revenue", currency: "EUR", name: "a" },
      { function: "FORMULA", name: "f", formula: "a + 1e-308" },
    ];
    const compare = [{ period: "PREVIOUS_PERIOD" }];
    const { data, errors } = await ask("olap", { range, measures, compare });
    expect(errors).toBeUndefined();
    expect(data).toMatchObject({ olap: { comparisons: [{ changes: [{ numbers: [null] }, { numbers: [null] }] }] } });
  });

  test("are numbers, or nothing, along time and where buckets are filled between", async () => {
    const wrong: unknown[] = [];
    await fc.assert(
      fc.asyncProperty(measures, fc.constantFrom("HOUR", "DAY"), async (several, granularity) => {
        const input = { range, measures: several, granularity, splitBy: ["country"], allowUnknown: true };
        const { data, errors } = await ask("timeSeries", input);
        const filled = { range, measures: several, granularity, fill: "LINEAR", allowUnknown: true };
        const olap = await ask("olap", filled);
        wrong.push(...wrongIn(data), ...wrongIn(olap.data));
        wrong.push(...[...(errors ?? []), ...(olap.errors ?? [])].map(({ message }) => ({ message, input })));
      }),
      { numRuns: 15, endOnFailure: true },
    );
    expect(wrong).toEqual([]);
  });

  const CELLS = "size eligible returned rate low high value cumulativeValue cumulativeValuePerStart";
  const VALUE = { of: "properties.v" };
  test.each([
    [
      "RetentionInput",
      "retention",
      { start: {}, returning: {}, value: VALUE },
      `total { ${CELLS} } groups { total { ${CELLS} } }`,
    ],
    ["RetentionInput", "retention", { start: NOBODY, returning: {}, value: VALUE }, `total { ${CELLS} }`],
    ["StickinessInput", "stickiness", { event: NOBODY }, "total"],
    [
      ...(["AttributionInput", "attribution"] as const),
      {
        ...{ conversion: { events: ["buy"] }, touchpoints: [{}], value: VALUE, dimensions: ["country"] },
        models: [{ kind: "LINEAR" }, { kind: "TIME_DECAY", halfLife: "PT1S" }, { kind: "MARKOV" }, { kind: "SHAPLEY" }],
      },
      "conversions value attributedValue breakdowns { models { credits { label conversions value share removalEffect roas cpa } } }",
    ],
    [
      ...(["AttributionInput", "attribution"] as const),
      { conversion: NOBODY, touchpoints: [{}], value: VALUE, models: [{ kind: "MARKOV" }, { kind: "SHAPLEY" }] },
      "conversions value breakdowns { models { credits { label conversions value share } } }",
    ],
    [
      ...(["FunnelInput", "funnel"] as const),
      {
        steps: [{ anyOf: [NOBODY] }, { anyOf: [{}] }],
        breakdown: { field: "country" },
        correlation: { fields: ["country"] },
      },
      "result { conversion conversionInterval { low high } timeToConvert { meanSeconds quantilesSeconds } steps { fromPrevious fromFirst } } groupsTest { chiSquare p } correlation { oddsRatio p }",
    ],
    [
      ...(["FunnelInput", "funnel"] as const),
      {
        steps: [{ anyOf: [{}] }, { anyOf: [{ events: ["buy"] }] }],
        breakdown: { field: "country" },
        correlation: { fields: ["country"] },
      },
      "result { conversion conversionInterval { low high } timeToConvert { meanSeconds quantilesSeconds } steps { fromPrevious fromFirst } } groupsTest { chiSquare p } correlation { oddsRatio p }",
    ],
    [
      ...(["SessionMetricsInput", "sessionMetrics"] as const),
      { filter: { field: "country", eq: "nowhere" } },
      "total { sessions eventsPerSession pagesPerSession meanDurationSeconds durationQuantilesSeconds bounceRate engagementRate conversionRate revenuePerSession }",
    ],
    [
      "PathsInput",
      "paths",
      { start: { event: NOBODY } },
      "paths conversion nodes { share } links { share medianSeconds }",
    ],
    [
      ...(["DriftInput", "drift"] as const),
      { field: "properties.v", kind: "NUMERIC", reference: { trailing: "P1D" }, minSamples: 10 },
      "psi p jensenShannon bins { over upTo referenceShare share contribution }",
    ],
    [
      ...(["EventQualityInput", "eventQuality"] as const),
      { event: NOBODY, expect: [{ name: "a", holds: { field: "properties.v", gt: 1 }, atLeast: 0.5 }] },
      "met expectations { share atLeast }",
    ],
  ])("of `%s` in `%s` are numbers, or nothing: %j", async (type, question, part, selection) => {
    const source = `query ($input: ${type}!) { ${question}(input: $input) { ${selection} } }`;
    const { data, errors } = await askSubgraph(analytics.subgraph, caller, source, {
      input: { range, allowUnknown: true, ...part },
    });
    expect({ errors, wrong: wrongIn(data) }).toEqual({ errors: undefined, wrong: [] });
  });
});
