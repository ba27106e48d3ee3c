import { readFileSync } from "node:fs";
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { Caller } from "@tessera/contracts/caller";
import { callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { buildASTSchema, getNamedType, isObjectType, parse } from "graphql";
import { z } from "zod";
import { openDashboardRoom } from "../../testing/dashboard-room.ts";
import { storeEvents, type TestEvent } from "../../testing/test-events.ts";

// Nothing here is about speed: a busy machine may take its time.
jest.setTimeout(180_000);

const HOUR_MS = 3_600_000;
const FROM_MS = Date.parse("2026-10-26T00:00:00Z");
const at = (hours: number): string => new Date(FROM_MS + hours * HOUR_MS).toISOString();
const RANGE = { from: at(0), to: at(48) };
const caller: Caller = callerWith(freshTenantId(), [
  ...(["analytics:read", "analytics:define", "analytics:personal-data"] as const),
  "cohorts:manage",
]);

let room: ReturnType<typeof openDashboardRoom>;
const made = { cohort: "", rule: "", saved: "" };
const idIn = (path: readonly string[], answer: unknown): string => {
  let part: unknown = answer;
  for (const name of path) part = z.record(z.string(), z.unknown()).parse(part)[name];
  return z.string().parse(part);
};

const events = (): readonly TestEvent[] =>
  Array.from({ length: 40 }, (_, index) => ({
    ...{ id: randomUUID(), name: index % 3 === 0 ? "buy" : "view", userId: `u${index % 5}` },
    ...{ country: index % 2 === 0 ? "DE" : "US", device: `d${index % 4}`, timeMs: FROM_MS + index * HOUR_MS },
  }));

beforeAll(async () => {
  room = openDashboardRoom();
  await room.open();
  await storeEvents(room.world.writer, caller.tenantId, events());
  const define = (field: string, type: string, input: object, shown = "__typename") =>
    room.ask(caller, `mutation ($input: ${type}!) { ${field}(input: $input) { ${shown} } }`, { input });
  const land = {
    cases: { cases: [{ when: { field: "country", eq: "none" }, label: "none" }], otherwiseOf: "country" },
  };
  await define("defineDimension", "DefineDimensionInput", { name: "land", expression: { field: "country" } });
  await define("defineDimension", "DefineDimensionInput", { name: "land", expression: land });
  await define("defineHierarchy", "DefineHierarchyInput", { name: "place", levels: ["dimensions.land", "device"] });
  const german = { name: "german", filter: { field: "dimensions.land", in: ["DE", "US"] } };
  await define("defineSegment", "DefineSegmentInput", german);
  const measure = { function: "COUNT", filter: { field: "name", eq: "buy" } };
  await define("defineMetric", "DefineMetricInput", { name: "orders", measure });
  await define("defineMetric", "DefineMetricInput", { name: "twice", formula: "orders * 2" });
  const definition = { did: { event: { events: ["buy"] } } };
  const cohort = { name: "buyers", definition };
  made.cohort = idIn(
    ["createCohort", "cohort", "id"],
    await define("createCohort", "CreateCohortInput", cohort, "... on CohortSaved { cohort { id } }"),
  );
  const parts = [{ name: "bought", events: ["buy"], key: ["person"] }];
  const rule = { name: "often", pattern: { kind: "COUNT", parts, atLeast: 2, window: "PT12H" } };
  made.rule = idIn(
    ["defineCorrelationRule", "rule", "id"],
    await define(
      "defineCorrelationRule",
      "DefineCorrelationRuleInput",
      rule,
      "... on CorrelationRuleDefined { rule { id } }",
    ),
  );
  const olap = { range: RANGE, metrics: [{ name: "twice" }], segments: [{ name: "german" }] };
  made.saved = idIn(
    ["saveQuery", "savedQuery", "id"],
    await define("saveQuery", "SaveQueryInput", { name: "kept", olap }, "... on QuerySaved { savedQuery { id } }"),
  );
});
afterAll(() => room.close());

const PROVENANCE = "provenance { definitions { kind name version } cohorts { id name version named } }";
const LAND = ["DIMENSION land 2"];
const NAMED = [...LAND, "METRIC orders 1", "METRIC twice 1", "SEGMENT german 1"];
/** Lets every event of the cohort's people through, and names the dimension and the cohort. */
const filter = () => ({
  and: [{ field: "dimensions.land", in: ["DE", "US"] }, { inCohort: { cohort: made.cohort } }],
});
const [view, buy] = [{ events: ["view"] }, { events: ["buy"] }];
const mine = () => ({ ...buy, filter: filter() });
const named = () => ({
  ...{ range: RANGE, metrics: [{ name: "twice" }], segments: [{ name: "german" }], filter: filter() },
});

interface Asked {
  /** What is asked; `P` stands for the provenance. */
  readonly text: string;
  readonly variables: () => Record<string, unknown>;
  /** Definitions that are told; the dimension alone when left out. */
  readonly told?: readonly string[];
  /** Whether it names the cohort; true when left out. */
  readonly cohort?: boolean;
}

const ofInput = (field: string, type: string, input: () => object, more: Partial<Asked> = {}): Asked => ({
  text: `query ($input: ${type}!) { ${field}(input: $input) { P } }`,
  variables: () => ({ input: input() }),
  ...more,
});
const watched = (question: () => object, more: Partial<Asked> = {}): Asked =>
  ofInput("watchedSeries", "WatchedSeriesInput", () => ({ question: question(), ...RANGE, granularity: "DAY" }), more);
const behind = (of: () => object, more: Partial<Asked> = {}): Asked => ({
  text: "query ($of: BehindInput!) { behind(of: $of) { counts { P } events(first: 1) { P } people(first: 1) { P } } }",
  variables: () => ({ of: of() }),
  ...more,
});
const retention = () => ({ range: RANGE, start: mine(), returning: view, periods: 1 });
const funnel = () => ({ range: RANGE, window: "P1D", steps: [{ anyOf: [mine()] }, { anyOf: [view] }] });
const activity = () => ({ range: RANGE, event: { filter: filter() } });
const sessions = () => ({ range: RANGE, filter: filter() });

/** Every question whose answer tells where it comes from, by the field it is asked by and what is asked of it. */
const QUESTIONS: Readonly<Record<string, Asked>> = {
  olap: ofInput("olap", "OlapInput", named, { told: NAMED }),
  "olap, its parts": {
    text: "query ($input: OlapInput!) { olap(input: $input) { P pivot { P } subtotals { P } } }",
    variables: () => ({
      input: { ...named(), dimensions: ["device", "country"], subtotals: [["device"]], pivot: { by: ["name"] } },
    }),
    told: NAMED,
  },
  timeSeries: ofInput("timeSeries", "TimeSeriesInput", () => ({ ...named(), granularity: "DAY" }), { told: NAMED }),
  olapPage: {
    text: "query ($input: OlapInput!) { olapPage(input: $input, rows: 1) { P } }",
    variables: () => ({ input: { ...named(), dimensions: ["name"] } }),
    told: NAMED,
  },
  runSavedQuery: {
    text: "query ($id: ID!) { runSavedQuery(id: $id) { ... on OlapResult { P } } }",
    variables: () => ({ id: made.saved }),
    ...{ told: [...NAMED, "SAVED_QUERY kept 1"], cohort: false },
  },
  drillDown: {
    text: `query ($input: OlapInput!) { drillDown(input: $input, along: { by: "dimensions.land", hierarchy: "place" }) { result { P } } }`,
    variables: () => ({ input: { ...named(), dimensions: ["dimensions.land"] } }),
    told: [...NAMED, "HIERARCHY place 1"],
  },
  rollUp: {
    text: `query ($input: OlapInput!) { rollUp(input: $input, along: { by: "device", hierarchy: "place" }) { result { P } } }`,
    variables: () => ({ input: { ...named(), dimensions: ["device"] } }),
    told: [...NAMED, "HIERARCHY place 1"],
  },
  rowsBehind: {
    text: "query ($input: OlapInput!) { rowsBehind(input: $input, cell: {}) { P } }",
    variables: () => ({ input: named() }),
    told: NAMED,
  },
  events: {
    text: "query ($filter: EventFilterInput) { events(filter: $filter, first: 1) { P } }",
    variables: () => ({ filter: filter() }),
  },
  funnel: ofInput("funnel", "FunnelInput", funnel),
  "funnel by segments and cohorts": ofInput(
    "funnel",
    "FunnelInput",
    () => ({
      ...{ range: RANGE, steps: [{ anyOf: [buy] }] },
      breakdown: { cohorts: [made.cohort], segments: [{ name: "german" }] },
    }),
    { told: [...LAND, "SEGMENT german 1"] },
  ),
  attribution: ofInput("attribution", "AttributionInput", () => ({
    ...{ range: RANGE, conversion: buy, touchpoints: [{ ...view, filter: filter() }], models: [{ kind: "LINEAR" }] },
  })),
  paths: ofInput("paths", "PathsInput", () => ({ range: RANGE, steps: [{ filter: filter() }] })),
  funnelOfPath: {
    text: `query ($input: PathsInput!) { funnelOfPath(input: $input, path: ["DE"]) { answer { P } } }`,
    variables: () => ({ input: { range: RANGE, label: ["dimensions.land"], steps: [{ filter: filter() }] } }),
    // The funnel is of the label alone.
    cohort: false,
  },
  sessions: {
    text: "query ($input: SessionsInput!) { sessions(input: $input, first: 1) { P } }",
    variables: () => ({ input: sessions() }),
  },
  sessionMetrics: ofInput("sessionMetrics", "SessionMetricsInput", sessions),
  velocity: ofInput("velocity", "VelocityInput", () => ({
    ...{ range: RANGE, event: mine(), by: "device", within: "PT12H", moreThan: 2 },
  })),
  rings: ofInput("rings", "RingsInput", () => ({ range: RANGE, event: mine(), through: ["device"] })),
  eventQuality: ofInput("eventQuality", "EventQualityInput", () => ({
    ...{ range: RANGE, event: mine(), expect: [{ name: "has a country", present: { field: "country" } }] },
  })),
  drift: ofInput("drift", "DriftInput", () => ({
    ...{ range: RANGE, event: mine(), field: "country", kind: "CATEGORICAL", reference: { trailing: "P1D" } },
  })),
  retention: ofInput("retention", "RetentionInput", retention),
  "retention of a cohort": {
    text: "query ($id: ID!, $input: RetentionInput!) { cohort(id: $id) { retention(input: $input) { P } } }",
    variables: () => ({ id: made.cohort, input: { range: RANGE, start: {}, returning: {}, periods: 1 } }),
    told: [],
  },
  stickiness: ofInput("stickiness", "StickinessInput", activity),
  lifecycle: ofInput("lifecycle", "LifecycleInput", activity),
  activeUsers: ofInput("activeUsers", "ActiveUsersInput", activity),
  previewCohort: ofInput("previewCohort", "PreviewCohortInput", () => ({
    definition: { union: [{ cohort: made.cohort }, { latest: { field: "dimensions.land", eq: "DE" } }] },
  })),
  people: {
    text: "query ($input: PeopleInput!) { people(input: $input, first: 1) { P } }",
    variables: () => ({ input: { range: RANGE, event: { filter: filter() } } }),
  },
  backtestCorrelationRule: ofInput(
    "backtestCorrelationRule",
    "BacktestCorrelationRuleInput",
    () => ({ rule: made.rule, range: RANGE }),
    { told: ["CORRELATION_RULE often 1"], cohort: false },
  ),
  liveWindows: ofInput(
    "liveWindows",
    "LiveWindowsInput",
    () => ({ kind: "TUMBLING", size: "PT1M", keyBy: "dimensions.land" }),
    { cohort: false },
  ),
  watchedSeries: watched(() => ({ olap: named() }), { told: NAMED }),
  "watchedSeries of a saved query": watched(() => ({ savedQuery: { name: "kept" } }), {
    ...{ told: [...NAMED, "SAVED_QUERY kept 1"], cohort: false },
  }),
  "watchedSeries of retention": watched(() => ({ retention: { ...retention(), periods: 2 } })),
  explainChange: ofInput(
    "explainChange",
    "ExplainChangeInput",
    () => ({ question: { olap: named() }, from: at(24), to: at(48), dimensions: ["device"] }),
    { told: NAMED },
  ),
  "explainChange of a funnel": ofInput("explainChange", "ExplainChangeInput", () => ({
    ...{ question: { funnel: funnel() }, from: at(24), to: at(48), dimensions: ["device"] },
  })),
  "behind olap": behind(() => ({ olap: { input: named(), cell: {} } }), { told: NAMED }),
  "behind funnel": behind(() => ({ funnel: { input: funnel(), cell: { step: 1 } } })),
  "behind retention": behind(() => ({ retention: { input: retention(), cell: { outcome: "STARTED" } } })),
  "behind stickiness": behind(() => ({ stickiness: { input: activity(), cell: { periods: 1, orMore: true } } })),
  "behind sessions": behind(() => ({ sessions: { input: sessions(), cell: {} } })),
};

/** Fields whose questions name nothing that has versions, with what they name. */
const NAMES_NOTHING: Readonly<Record<string, string>> = {
  realtimeMetrics: "the last minutes of everything",
  apiExecutions: "executions, of which nobody has defined anything",
  groups: "a type of groups",
  cohortSizes: "one cohort, in every version it was computed in: told-cohorts.db.test.ts",
};

const shape = z.object({
  definitions: z.array(z.object({ kind: z.string(), name: z.string(), version: z.number() })),
  cohorts: z.array(z.object({ id: z.string(), name: z.string(), version: z.number(), named: z.boolean() })),
});
/** Every provenance in an answer, wherever it stands. */
const provenancesIn = (part: unknown): readonly z.infer<typeof shape>[] => {
  if (typeof part !== "object" || part === null) return [];
  return Object.entries(part).flatMap(([name, member]: [string, unknown]) =>
    name === "provenance" ? [shape.parse(member)] : provenancesIn(member),
  );
};

describe("provenance tells the version of everything of the tenant's own that an answer was computed by", () => {
  test.each(Object.entries(QUESTIONS))("of %s", async (_title, { text, variables, told = LAND, cohort = true }) => {
    const answer = await room.ask(caller, text.replaceAll(/\bP\b/g, PROVENANCE), variables());
    const provenances = provenancesIn(answer);
    expect(provenances.length).toBeGreaterThan(0);
    for (const { definitions, cohorts } of provenances) {
      expect(definitions.map(({ kind, name, version }) => `${kind} ${name} ${version}`).toSorted()).toEqual(
        [...told].toSorted(),
      );
      // Each bucket of a series is computed by itself, as of a moment of its own.
      const different = [...new Set(cohorts.map((one) => JSON.stringify(one)))];
      const buyers = JSON.stringify({ id: made.cohort, name: "buyers", version: 1, named: true });
      expect(different).toEqual(cohort ? [buyers] : []);
    }
  });

  test("of an answer that is given again, and of each of its pages, as of the first", async () => {
    const page = `query ($input: OlapInput!, $after: Cursor) { olapPage(input: $input, rows: 1, after: $after) { endCursor P } }`;
    const kept = `query ($input: OlapInput!) { olap(input: $input, maxStaleness: "PT1H") { P } }`;
    const input = { ...named(), dimensions: ["name", "device"] };
    const ask = (text: string, more: object = {}) =>
      room.ask(caller, text.replaceAll(/\bP\b/g, PROVENANCE), { input, ...more });
    const first = await ask(page);
    const after = idIn(["olapPage", "endCursor"], first);
    const told = [first, await ask(page, { after }), await ask(kept), await ask(kept)].map(provenancesIn);
    expect(told.map(([one]) => one?.definitions.length)).toEqual([4, 4, 4, 4]);
    expect(told[1]).toEqual(told[0]);
    expect(told[3]).toEqual(told[2]);
  });

  test("of every field that tells provenance: each is walked here, or names nothing", () => {
    const schema = buildASTSchema(parse(readFileSync(new URL("../../schema.graphql", import.meta.url), "utf8")), {
      assumeValidSDL: true,
    });
    const telling = Object.values(schema.getQueryType()?.getFields() ?? {}).flatMap(({ name, type }) => {
      const answered = getNamedType(type);
      return isObjectType(answered) && "provenance" in answered.getFields() ? [name] : [];
    });
    const looked = new Set(Object.values(QUESTIONS).map(({ text }) => /\{ (\w+)\(/.exec(text)?.[1]));
    expect(telling.filter((name) => !looked.has(name) && NAMES_NOTHING[name] === undefined)).toEqual([]);
    expect(telling.length).toBeGreaterThan(20);
  });
});
