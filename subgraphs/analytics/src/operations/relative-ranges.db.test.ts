import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from "@jest/globals";
import type { Caller } from "@tessera/contracts/caller";
import { askSubgraph, callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { openTestResources, type TestResources } from "@tessera/platform/testing/test-resources";
import { z } from "zod";
import { buildAnalytics, type TestAnalytics } from "../../testing/build-analytics.ts";
import { storeEvents } from "../../testing/test-events.ts";

// Nothing here is about speed: a busy machine may take its time.
jest.setTimeout(120_000);

/** The clock of the subgraph: half past nine in the morning of the day summer time ends in Berlin. */
let nowMs = 0;
const NOW = Date.parse("2026-10-25T08:30:00Z");
const BERLIN = "Europe/Berlin";

let world: TestResources;
let analytics: TestAnalytics;
let caller: Caller;
beforeAll(async () => {
  world = openTestResources();
  await world.resources.eventLog.start();
  const ingest = () => Promise.resolve({ accepted: 0, duplicate: 0, rejected: 0, outcomes: [] });
  analytics = buildAnalytics({ ...world.resources, nowMs: () => nowMs }, { ingest });
  caller = callerWith(freshTenantId(), ["analytics:read", "analytics:define", "jobs:run", "jobs:read"]);
  // One event an hour, from six days before.
  const events = Array.from({ length: 144 }, (_event, hour) => ({
    ...{ id: randomUUID(), name: hour % 2 === 0 ? "view" : "buy", userId: `u${hour % 5}` },
    timeMs: NOW - hour * 3_600_000,
  }));
  await storeEvents(world.writer, caller.tenantId, events);
});
beforeEach(() => {
  nowMs = NOW;
});
afterAll(async () => {
  await analytics.close();
  await world.resources.eventLog.stop();
  await world.close();
});

const ask = async (source: string, variables: Record<string, unknown> = {}) => {
  const { data, errors } = await askSubgraph(analytics.subgraph, caller, source, variables);
  expect(errors).toBeUndefined();
  return z.record(z.string(), z.unknown()).parse(data);
};

/** Yesterday and today up to now, a day of 25 hours. */
const RELATIVE = { calendar: { unit: "DAY", count: 2, ending: "NOW" } };
const BERLIN_RANGE = { from: "2026-10-24T00:00:00+02:00", to: "2026-10-25T09:30:00+01:00" };
const UTC_RANGE = { from: "2026-10-24T00:00:00Z", to: "2026-10-25T08:30:00Z" };
const measures = [{ function: "COUNT" }];
const event = { events: ["view"] };
const TOTALS = "totals { name ... on IntegerColumn { integers } }";
const PROVENANCE = "provenance { tables { table from to } }";

describe("a range relative to now", () => {
  test.each<[string, string, string, Record<string, unknown>, object]>([
    ["olap", "OlapInput", `rowCount ${TOTALS}`, { measures, dimensions: ["name"], timeZone: BERLIN }, BERLIN_RANGE],
    [
      "timeSeries",
      "TimeSeriesInput",
      `buckets ${TOTALS}`,
      { measures, granularity: "HOUR", timeZone: BERLIN },
      BERLIN_RANGE,
    ],
    ["funnel", "FunnelInput", "result { entered converted }", { steps: [{ anyOf: [event] }] }, UTC_RANGE],
    [
      "attribution",
      "AttributionInput",
      "conversions",
      { conversion: { events: ["buy"] }, touchpoints: [event], models: [{ kind: "LAST" }] },
      UTC_RANGE,
    ],
    [
      "retention",
      "RetentionInput",
      "total { size }",
      { start: event, returning: {}, periods: 2, period: "DAY", timeZone: BERLIN },
      BERLIN_RANGE,
    ],
    ["stickiness", "StickinessInput", "total units", { event, timeZone: BERLIN }, BERLIN_RANGE],
    ["lifecycle", "LifecycleInput", "starts fresh", { event, period: "DAY", timeZone: BERLIN }, BERLIN_RANGE],
    ["activeUsers", "ActiveUsersInput", "days daily", { event, timeZone: BERLIN }, BERLIN_RANGE],
  ])(
    "of %s is taken once, and told with an answer that is the one for those moments",
    async (field, type, parts, input, expected) => {
      const source = `query ($input: ${type}!) { ${field}(input: $input) { range { from to } ${parts} ${PROVENANCE} } }`;
      const relative = await ask(source, { input: { ...input, range: RELATIVE } });
      expect(relative[field]).toMatchObject({ range: expected });
      expect(relative).toEqual(await ask(source, { input: { ...input, range: expected } }));
    },
  );

  test("pages of events, the events behind a cell and explanations take it too", async () => {
    const olap = { range: RELATIVE, measures };
    const pages = await ask(
      `query ($range: TimeRangeInput!, $olap: OlapInput!) {
        events(range: $range, first: 1000) { range { from to } edges { node { time } } }
        rowsBehind(input: $olap, cell: {}, first: 1000) { range { from to } edges { node { time } } }
        explain(input: $olap) { candidates { reads { from to } } }
        everything: events(first: 1) { range { from to } }
      }`,
      { range: RELATIVE, olap },
    );
    const utc = { from: "2026-10-24T00:00:00.000Z", to: "2026-10-25T08:30:00.000Z" };
    // Of the hours up to now, now is the first that is not in the range.
    expect(pages).toMatchObject({
      events: { range: utc },
      rowsBehind: { range: utc },
      everything: { range: null },
    });
    for (const field of ["events", "rowsBehind"])
      expect(z.object({ edges: z.array(z.unknown()) }).parse(pages[field]).edges).toHaveLength(32);
    expect(pages["explain"]).toMatchObject({ candidates: expect.arrayContaining([{ reads: [utc] }]) });
  });

  test("is kept by a saved query and taken when it is run; a range of one's own takes its place", async () => {
    const saved = await ask(
      `mutation ($input: SaveQueryInput!) { saveQuery(input: $input) { ... on QuerySaved { savedQuery { id question } } } }`,
      { input: { name: "today", olap: { range: { calendar: { unit: "DAY", ending: "NOW" } }, measures } } },
    );
    const { savedQuery } = z
      .object({ savedQuery: z.object({ id: z.string(), question: z.unknown() }) })
      .parse(saved["saveQuery"]);
    expect(savedQuery.question).toMatchObject({ range: { calendar: { unit: "DAY", ending: "NOW" } } });
    const run = async (range: object | null = null) =>
      (
        await ask(
          `query ($id: ID!, $range: TimeRangeInput) { runSavedQuery(id: $id, range: $range) { ... on OlapResult { range { from to } ${TOTALS} } } }`,
          { id: savedQuery.id, range },
        )
      )["runSavedQuery"];
    expect(await run()).toEqual({
      range: { from: "2026-10-25T00:00:00Z", to: "2026-10-25T08:30:00Z" },
      totals: [{ name: "count", integers: [8] }],
    });
    nowMs -= 86_400_000;
    expect(await run()).toEqual({
      range: { from: "2026-10-24T00:00:00Z", to: "2026-10-24T08:30:00Z" },
      totals: [{ name: "count", integers: [8] }],
    });
    expect(await run({ sliding: "PT2H" })).toMatchObject({ totals: [{ integers: [2] }] });
  });

  test("is refused where it stands when it is said in two ways", async () => {
    const { errors } = await askSubgraph(
      analytics.subgraph,
      caller,
      `query ($input: FunnelInput!) { funnel(input: $input) { cutUnits } }`,
      { input: { range: { ...UTC_RANGE, ...RELATIVE }, steps: [{ anyOf: [event] }] } },
    );
    expect(errors?.[0]?.extensions).toMatchObject({ code: "BAD_INPUT", field: "input.range" });
  });
});
