import { beforeEach, describe, expect, it } from "@jest/globals";
import { Value } from "typebox/value";
import { bridgeOfTests } from "../../testing/bridge-of-tests.ts";
import { provenanceAnswer } from "../../testing/provenance-answer.ts";
import { cohortDescription } from "./description.ts";
import { toRetentionInput } from "./route.ts";

const ID = "0195e2a0-0000-7000-8000-000000000001";
const path = (search = ""): string => `/api/v2/analytics/cohort/${ID}${search}`;

const bridge = bridgeOfTests();

const cells = {
  ...{
    __typename: "RetentionCells",
    size: 3,
    sizeError: null,
    eligible: [3, 0],
    returned: [2, 0],
    returnedErrors: null,
    rate: [0.5, null],
    low: [0.1, null],
  },
  ...{ high: [0.9, null], complete: [true, false], returnedSoFar: [2, 1], value: null, cumulativeValue: null },
  cumulativeValuePerStart: null,
};
const cohort = {
  ...{
    __typename: "Cohort",
    id: ID,
    name: "Buyers",
    description: "",
    version: 2,
    unit: "ACCOUNTS",
    group: "company",
    recomputeEvery: "PT24H",
    definitions: [{ __typename: "DefinitionUse", kind: "DIMENSION", name: "plan", version: 3 }],
    size: 3,
  },
  definition: {
    __typename: "CohortDefinition",
    parts: [
      { except: { __typename: "CohortExcept", of: 1, without: 2 }, did: null, list: null },
      { did: { event: { events: ["buy"], filter: null }, within: { lastPeriods: 3, last: null } }, except: null },
      { union: [3, 4], did: null },
      { list: true, traits: null },
      { traits: [{ __typename: "TraitTest", trait: "plan", eq: "pro", exists: null }] },
    ],
  },
  computation: {
    ...{ __typename: "CohortComputation", state: "IDLE", runs: 1, asOf: "2026-11-20T12:00:00.000Z", version: 2 },
    ...{ dueAt: null, error: null },
  },
  history: [{ asOf: "2026-11-20T12:00:00.000Z", version: 2, size: 3, entered: 1, left: 0 }],
  retention: {
    range: { from: "2026-11-01T00:00:00Z", to: "2026-12-01T00:00:00Z" },
    columns: [
      { from: 0, to: 1 },
      { from: 1, to: 2 },
    ],
    groups: [{ dimensions: [], cohort: null, rows: [{ start: "2026-11-16T00:00:00Z", cells }], total: cells }],
    ...{ hasMoreGroups: false, total: cells },
    provenance: provenanceAnswer,
  },
  ...{ createdAt: "2026-11-20T12:00:00.000Z", updatedAt: "2026-11-20T12:00:00.000Z" },
};
beforeEach(() => {
  bridge.graph.calls.length = 0;
  bridge.graph.decide(() => ({ data: { cohort }, rateLimit: {} }));
});
const answerOf = async (address: string) => {
  const answer = await bridge.ask(address);
  const body: unknown = await answer.json();
  return { status: answer.status, body };
};

describe("GET /api/v2/analytics/cohort/{cohort_id}", () => {
  it("answers the graph's cohort in snake case, as its description says; a definition keeps its own words", async () => {
    const { status, body } = await answerOf(path());
    expect({ status, errors: [...Value.Errors(cohortDescription.answers[200].schema, body)] }).toEqual({
      ...{ status: 200, errors: [] },
    });
    expect(body).toMatchObject({
      definition: {
        parts: [
          { except: { of: 1, without: 2 } },
          { did: { event: { events: ["buy"] }, within: { lastPeriods: 3 } } },
          { union: [3, 4] },
          { list: true },
          { traits: [{ trait: "plan", eq: "pro" }] },
        ],
      },
      definitions: [{ kind: "dimension", name: "plan", version: 3 }],
      ...{ unit: "accounts", group: "company" },
      computation: { state: "idle", as_of: "2026-11-20T12:00:00.000Z" },
      retention: { has_more_groups: false, total: { returned_so_far: [2, 1] }, provenance: { exactness: "exact" } },
    });
  });

  it("asks the graph what it was asked", async () => {
    const search =
      "?from=2026-01-01T00:00:00Z&to=2026-02-01T00:00:00Z&start_events=sign%20up,view&return_events=buy&start_at=every" +
      "&kind=on_or_after&period=day&clock=elapsed&time_zone=Europe/Berlin&periods=30&minimum=2&currency=EUR&split_by=utm_source&history=5";
    await answerOf(path(search));
    expect(bridge.graph.calls[0]?.variables).toEqual({
      ...{ id: ID, history: 5 },
      retention: {
        range: { from: "2026-01-01T00:00:00Z", to: "2026-02-01T00:00:00Z" },
        ...{ start: { events: ["sign up", "view"] }, returning: { events: ["buy"] }, startAt: "EVERY" },
        ...{ kind: "ON_OR_AFTER", period: "DAY", clock: "ELAPSED", timeZone: "Europe/Berlin", periods: 30 },
        ...{ minimum: 2, value: { of: "revenue", currency: "EUR" }, splitBy: ["utmSource"] },
      },
    });
  });

  it("asks for brackets, filters, groups, the value of a property, a confidence and a moment where they are said", () => {
    const filter = { field: "utm_source", eq: "mail" };
    const asked = toRetentionInput(
      {
        ...{ brackets: "0,1,7", value_of: "properties.points", max_groups: "3", cohorts: `${ID}, ${ID}` },
        ...{ confidence: "0.9", as_of: "2026-11-01T00:00:00Z" },
        ...{
          start_filter: JSON.stringify(filter),
          return_events: "buy",
          return_filter: JSON.stringify({ not: filter }),
        },
      },
      Date.UTC(2026, 10, 21),
    );
    const inGraph = { field: "utmSource", eq: "mail" };
    expect(asked).toMatchObject({
      ...{ brackets: [0, 1, 7], value: { of: "properties.points" }, maxGroups: 3, cohorts: [ID, ID] },
      ...{ confidence: 0.9, asOf: "2026-11-01T00:00:00Z", start: { filter: inGraph } },
      returning: { events: ["buy"], filter: { not: inGraph } },
      range: { from: "2026-10-03T00:00:00.000Z" },
    });
  });

  it.each([
    ["?start_filter=x", "start_filter"],
    ["?return_filter=%7B%22x%22%3A1%7D", "return_filter"],
    ["?as_of=then", "as_of"],
  ])("refuses %s, naming %s", async (search, field) => {
    expect(await answerOf(path(search))).toMatchObject({ status: 400, body: { code: "BAD_INPUT", field } });
  });

  it("takes a range relative to now, and how old the answer may be", async () => {
    await answerOf(
      path("?calendar_unit=month&calendar_count=3&calendar_ending=with_current&calendar_ago=1&max_staleness=PT5M"),
    );
    expect(bridge.graph.calls[0]?.variables).toMatchObject({
      retention: { range: { calendar: { unit: "MONTH", count: 3, ending: "WITH_CURRENT", ago: 1 } } },
      maxStaleness: "PT5M",
    });
    expect(toRetentionInput({ sliding: "P30D" }, 0)["range"]).toEqual({ sliding: "P30D" });
    const both = toRetentionInput({ sliding: "P30D", from: "2026-01-01T00:00:00Z" }, 0);
    expect(both["range"]).toEqual({ sliding: "P30D", from: "2026-01-01T00:00:00Z" });
    const { status, body } = await answerOf(path("?calendar_count=3"));
    expect([status, body]).toEqual([400, expect.objectContaining({ code: "BAD_INPUT", field: "calendar_count" })]);
  });

  it("asks for a part of the people, and refuses one that is no part", async () => {
    expect(toRetentionInput({ sample: "0.25" }, 0)).toMatchObject({ sample: 0.25 });
    expect(toRetentionInput({ fast: "true" }, 0)).toMatchObject({ fast: true });
    expect(await answerOf(path("?sample=2"))).toMatchObject({ status: 400, body: { field: "sample" } });
  });

  it("asks for twelve weeks up to now of any events when nothing else is said", () => {
    expect(toRetentionInput({}, Date.UTC(2026, 10, 21))).toMatchObject({
      range: { from: "2026-08-29T00:00:00.000Z", to: "2026-11-21T00:00:00.000Z" },
      ...{ start: {}, returning: {}, periods: 12, period: "WEEK", kind: "EXACT", clock: "CALENDAR", value: null },
    });
  });

  it("says of an unknown cohort, and of another tenant's, that there is none", async () => {
    bridge.graph.decide(() => ({ data: { cohort: null }, rateLimit: {} }));
    expect(await answerOf(path())).toMatchObject({ status: 404, body: { code: "NOT_FOUND", field: "cohort_id" } });
  });

  it.each([
    ["?period=year", "period"],
    ["?periods=x", "periods"],
    ["?from=yesterday", "from"],
    ["?more=1", "more"],
  ])("refuses %s with 400, naming %s, before the graph is asked", async (search, field) => {
    expect(await answerOf(path(search))).toMatchObject({ status: 400, body: { code: "BAD_INPUT", field } });
    expect(bridge.graph.calls).toEqual([]);
  });

  it.each([
    ["input.range.from", "from"],
    ["input.timeZone", "time_zone"],
    ["input.start.events", "start_events"],
    ["input.value.currency", "currency"],
    ["input.splitBy.0", "split_by.0"],
    ["input.start.filter.field", "start_filter"],
    ["input.value.of", "value_of"],
    ["input.asOf", "as_of"],
  ])("says the graph's %s as %s", async (field, said) => {
    const errors = [{ message: "So it is.", extensions: { code: "BAD_INPUT", field } }];
    bridge.graph.decide(() => ({ data: null, errors, rateLimit: {} }));
    expect(await answerOf(path())).toMatchObject({ status: 400, body: { field: said } });
  });
});
