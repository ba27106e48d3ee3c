import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { Caller } from "@tessera/contracts/caller";
import { z } from "zod";
import { BOX, openDashboardRoom, person } from "../../../testing/dashboard-room.ts";
import { storeEvents, type TestEvent } from "../../../testing/test-events.ts";

// Nothing here is about speed: a busy machine may take its time.
jest.setTimeout(120_000);

const HOUR_MS = 3_600_000;
const FROM_MS = Date.parse("2026-10-26T00:00:00Z");
const at = (hours: number): string => new Date(FROM_MS + hours * HOUR_MS).toISOString();
const RANGE = { from: at(0), to: at(96) };

/** Events of some weeks, of which those of the last fall in one country. */
const shopEvents = (): readonly TestEvent[] =>
  Array.from({ length: 600 }, (_, index): TestEvent => {
    const country = ["DE", "US", "", "FR"][(index * 7) % 4] ?? "";
    const days = index % 35;
    return {
      ...{
        id: randomUUID(),
        name: ["view", "buy"][index % 5 === 0 ? 1 : 0] ?? "view",
        userId: `u${index % 30}`,
        country,
      },
      timeMs: FROM_MS + 4 * 24 * HOUR_MS - days * 24 * HOUR_MS - (1 + (index % 20)) * HOUR_MS,
      properties: { amount: index % 9 },
    };
  }).filter(({ timeMs, country }) => country !== "DE" || timeMs < FROM_MS || timeMs % (3 * HOUR_MS) === 0);

let room: ReturnType<typeof openDashboardRoom>;
const caller = person();
const DEFINE = `mutation ($input: DefineDimensionInput!) { defineDimension(input: $input) { __typename
  ... on DimensionDefined { changed dimension { id name version expression { field text { of extract trim letters otherwise }
    ranges { of bounds labels otherwise } cases { cases { when { parts { field in and eq } } label } otherwise otherwiseOf } } } } } }`;
const define = (name: string, expression: object, by: Caller = caller): Promise<unknown> =>
  room.ask(by, DEFINE, { input: { name, expression } });

/** Made of cases, one of which no event passes, so that it is the country of every event by a way of its own. */
const LAND = {
  cases: { cases: [{ when: { field: "country", eq: "nowhere" }, label: "nowhere" }], otherwiseOf: "country" },
};

beforeAll(async () => {
  room = openDashboardRoom();
  await room.open();
  await storeEvents(room.world.writer, caller.tenantId, shopEvents());
  await define("land", LAND);
});
afterAll(() => room.close());

const [view, buy] = [{ events: ["view"] }, { events: ["buy"] }];
const N = { name: "n", function: "COUNT" };
const held = (field: string) => ({
  or: [
    { field, in: ["DE", "FR"] },
    { field, exists: false },
  ],
});
const spans = { from: at(72), to: at(96) };

/** Questions of every kind by a field: their text, and what they ask. */
const QUESTIONS: Readonly<Record<string, readonly [string, (field: string) => Record<string, unknown>]>> = {
  "olap with a pivot, subtotals and others": [
    `query ($input: OlapInput!) { olap(input: $input) { columns { name ... on TextColumn { texts } ... on IntegerColumn { integers } }
      totals { ... on IntegerColumn { integers } } subtotals { columns { name ... on TextColumn { texts } } }
      pivot { by columns { values } } } }`,
    (field) => ({
      input: {
        ...{ range: RANGE, measures: [N, { name: "lands", function: "UNIQUES", of: field, exact: true }] },
        ...{ dimensions: [field, "time.dayOfWeek"], subtotals: [[field]], pivot: { by: ["name"] } },
        ...{ filter: held(field), orderBy: [{ column: field, direction: "ASC" }, { column: "time.dayOfWeek" }] },
      },
    }),
  ],
  timeSeries: [
    `query ($input: TimeSeriesInput!) { timeSeries(input: $input) { lines { values columns { ... on IntegerColumn { integers } } } } }`,
    (field) => ({ input: { range: RANGE, granularity: "DAY", measures: [N], splitBy: [field], maxLines: 10 } }),
  ],
  rowsBehind: [
    `query ($input: OlapInput!, $cell: CellInput!) { rowsBehind(input: $input, cell: $cell, first: 100) { edges { node { id } } } }`,
    (field) => ({ input: { range: RANGE, measures: [N], dimensions: [field] }, cell: { dimensions: ["FR"] } }),
  ],
  events: [
    `query ($filter: EventFilterInput) { events(filter: $filter, first: 100) { edges { node { id } } } }`,
    (field) => ({ filter: held(field) }),
  ],
  funnel: [
    `query ($input: FunnelInput!) { funnel(input: $input) { groups { value result { entered converted } } result { entered } } }`,
    (field) => ({
      input: {
        ...{ range: RANGE, window: "P2D", breakdown: { field } },
        steps: [{ anyOf: [{ ...view, filter: held(field) }] }, { anyOf: [buy] }],
      },
    }),
  ],
  retention: [
    `query ($input: RetentionInput!) { retention(input: $input) { groups { dimensions total { size eligible } } } }`,
    (field) => ({ input: { range: RANGE, start: view, returning: buy, periods: 2, splitBy: [field] } }),
  ],
  attribution: [
    `query ($input: AttributionInput!) { attribution(input: $input) { conversions breakdowns { models { credits { label conversions } } } } }`,
    (field) => ({
      input: { range: RANGE, conversion: buy, touchpoints: [view], models: [{ kind: "LINEAR" }], dimensions: [field] },
    }),
  ],
  paths: [
    `query ($input: PathsInput!) { paths(input: $input) { nodes { depth label paths } } }`,
    (field) => ({ input: { range: RANGE, label: [field], steps: [{ filter: held(field) }], maxDepth: 3 } }),
  ],
  sessionMetrics: [
    `query ($input: SessionMetricsInput!) { sessionMetrics(input: $input) { groups { values measures { sessions } } } }`,
    (field) => ({ input: { range: RANGE, breakdown: [field], filter: held(field) } }),
  ],
  velocity: [
    `query ($input: VelocityInput!) { velocity(input: $input) { entities top { entity peak: events } } }`,
    (field) => ({ input: { range: RANGE, event: view, by: field, within: "PT12H", moreThan: 2 } }),
  ],
  watchedSeries: [
    `query ($input: WatchedSeriesInput!) { watchedSeries(input: $input) { series { group { value } values } } }`,
    (field) => ({
      input: { question: { olap: { range: RANGE, measures: [N], dimensions: [field] } }, ...RANGE, granularity: "DAY" },
    }),
  ],
  "watchedSeries of retention": [
    `query ($input: WatchedSeriesInput!) { watchedSeries(input: $input) { series { group { value } values } } }`,
    (field) => ({
      input: {
        question: { retention: { range: RANGE, start: view, returning: view, splitBy: [field] } },
        ...{ ...RANGE, granularity: "DAY" },
      },
    }),
  ],
  explainChange: [
    `query ($input: ExplainChangeInput!) { explainChange(input: $input) { outcome actual expected slices { conditions { values } actual
      events(first: 3) { events { id } } } } }`,
    (field) => ({
      input: { question: { olap: { range: RANGE, measures: [N] } }, ...spans, dimensions: [field, "name"] },
    }),
  ],
  "explainChange held to it, of a funnel": [
    `query ($input: ExplainChangeInput!) { explainChange(input: $input) { outcome actual expected slices { actual } } }`,
    (field) => ({
      input: {
        question: { funnel: { range: RANGE, window: "P1D", steps: [{ anyOf: [view] }, { anyOf: [buy] }] } },
        ...{
          ...spans,
          value: { name: "entered" },
          where: [{ dimension: field, values: ["DE"] }],
          dimensions: ["name"],
        },
      },
    }),
  ],
};

describe("a dimension of the tenant's own in the graph", () => {
  test.each(Object.entries(QUESTIONS))(
    "stands for a field in %s, with the same answer",
    async (_name, [text, asked]) => {
      const plain = JSON.stringify(await room.ask(caller, text, asked("country")));
      const own = JSON.stringify(await room.ask(caller, text, asked("dimensions.land")));
      expect(own.replaceAll("dimensions.land", "country")).toBe(plain);
      expect(plain.length).toBeGreaterThan(60);
    },
  );

  test("is told as it was defined, listed in pages, and found by its id from other rooms, but by no other tenant", async () => {
    const someone = person();
    const text = { of: "name", extract: "^(.)", trim: false, letters: "UPPER", otherwise: null };
    const none = { field: null, text: null, ranges: null, cases: null };
    expect(await define("initial", { text: { of: "name", extract: "^(.)", letters: "UPPER" } }, someone)).toMatchObject(
      {
        defineDimension: { changed: true, dimension: { version: 1, expression: { ...none, text } } },
      },
    );
    const ranges = { of: "revenue", bounds: [10, 100], labels: ["small", "middle", "large"], otherwise: "none" };
    const answer = await define("tier", { ranges }, someone);
    expect(answer).toMatchObject({ defineDimension: { dimension: { expression: { ...none, ranges } } } });
    const when = { parts: [{ field: "country", in: ["DE", "AT"], and: null, eq: null }] };
    expect(
      await define(
        "area",
        { cases: { cases: [{ when: { field: "country", in: ["DE", "AT"] }, label: "DACH" }] } },
        someone,
      ),
    ).toMatchObject({
      defineDimension: { dimension: { expression: { cases: { cases: [{ when, label: "DACH" }], otherwise: null } } } },
    });
    const list = `query ($after: Cursor) { ownDimensions(first: 2, after: $after) { edges { node { name } } pageInfo { endCursor hasNextPage } }
      dimension(name: "tier") { name version usedBy { __typename } } dimensions { own { name } builtIn { name } } }`;
    const shape = z.object({ ownDimensions: z.object({ pageInfo: z.object({ endCursor: z.string() }) }) });
    const first = await room.ask(someone, list);
    expect(first).toMatchObject({
      ownDimensions: {
        edges: [{ node: { name: "area" } }, { node: { name: "initial" } }],
        pageInfo: { hasNextPage: true },
      },
      dimension: { name: "tier", version: 1, usedBy: [] },
      dimensions: { own: ["area", "initial", "tier"].map((name) => ({ name })), builtIn: [{ name: "channel" }] },
    });
    const after = shape.parse(first).ownDimensions.pageInfo.endCursor;
    expect(await room.ask(someone, list, { after })).toMatchObject({
      ownDimensions: { edges: [{ node: { name: "tier" } }] },
    });
    expect(await room.ask(person(), list, { after })).toMatchObject({ ownDimensions: { edges: [] }, dimension: null });
    const { id } = z.object({ defineDimension: z.object({ dimension: z.object({ id: z.string() }) }) }).parse(answer)
      .defineDimension.dimension;
    const refer = `query ($refs: [_Any!]!) { _entities(representations: $refs) { ... on Dimension { name } ... on Metric { name } } }`;
    const refs = [
      { __typename: "Dimension", id },
      { __typename: "Metric", id },
    ];
    expect(await room.ask(someone, refer, { refs })).toEqual({ _entities: [{ name: "tier" }, null] });
    expect(await room.ask(person(), refer, { refs })).toEqual({ _entities: [null, null] });
  });

  test("stands in dashboards, in their questions and filters, and is refused there while nobody has defined it", async () => {
    const id = await room.create(caller);
    const operation = (name: string) => ({
      addWidget: {
        id: randomUUID(),
        title: "By land",
        box: BOX,
        question: { retention: { range: RANGE, start: view, returning: buy, splitBy: [name] } },
      },
    });
    const filter = { setFilter: { filter: { field: "dimensions.land", eq: "FR" } } };
    const outcome = await room.edit(caller, id, 1, [operation("dimensions.land"), filter]);
    expect(outcome.outcomes.map(({ kind }) => kind)).toEqual(["APPLIED", "APPLIED"]);
    const data = `query ($id: ID!) { dashboardData(id: $id) { widgets { error { code } answer { ... on RetentionResult { groups { dimensions } } } } } }`;
    expect(await room.ask(caller, data, { id })).toMatchObject({
      dashboardData: { widgets: [{ error: null, answer: { groups: [{ dimensions: ["FR"] }] } }] },
    });
    const { errors } = await room.tryEdit(caller, id, 2, [operation("dimensions.lnd")]);
    expect(errors?.[0]?.message).toBe("There is no dimension `lnd`. Did you mean `land`?");
  });
});
