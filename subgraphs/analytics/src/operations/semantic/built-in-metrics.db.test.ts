import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { Caller } from "@tessera/contracts/caller";
import { askSubgraph, callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { openTestResources, type TestResources } from "@tessera/platform/testing/test-resources";
import { z } from "zod";
import { buildAnalytics, type TestAnalytics } from "../../../testing/build-analytics.ts";
import { storeEvents, type TestEvent } from "../../../testing/test-events.ts";
import { BUILT_IN_METRICS, builtInMetric } from "../../domain/semantic/built-in-metrics.ts";

// Nothing here is about speed: a busy machine may take its time.
jest.setTimeout(300_000);

const DAY_MS = Date.parse("2026-11-19T00:00:00Z");
const range = { from: "2026-11-19T00:00:00Z", to: "2026-11-20T00:00:00Z" };
const EUR = { field: "currency", eq: "EUR" };
let world: TestResources;
let analytics: TestAnalytics;
let caller: Caller;
beforeAll(async () => {
  world = openTestResources();
  await world.resources.eventLog.start();
  const ingest = () => Promise.resolve({ accepted: 0, duplicate: 0, rejected: 0, outcomes: [] });
  analytics = buildAnalytics(world.resources, { ingest });
  caller = callerWith(freshTenantId(), ["analytics:read", "analytics:define"]);
  const events = [
    ["ada", "s1", "10", 3],
    ["ada", "s2", "20", 5],
    ["bob", "s3", undefined, 4],
    ["bob", "s3", "6", undefined],
  ] as const;
  const stored = events.map(([userId, sessionId, revenue, value], index): TestEvent => ({
    ...{ id: randomUUID(), name: "buy", userId, sessionId, timeMs: DAY_MS + index, currency: "EUR" },
    ...(revenue === undefined ? {} : { revenue }),
    ...(value === undefined ? {} : { properties: { cart: { value } } }),
  }));
  await storeEvents(world.writer, caller.tenantId, stored);
});
afterAll(async () => {
  await analytics.close();
  await world.resources.eventLog.stop();
  await world.close();
});

const send = (source: string, variables: Record<string, unknown>) =>
  askSubgraph(analytics.subgraph, caller, source, variables);
const OLAP = `query ($input: OlapInput!) { olap(input: $input) { definitions { name } totals { name
  ... on IntegerColumn { integers } ... on NumberColumn { numbers } ... on DecimalColumn { decimals } } } }`;
const column = z.looseObject({ name: z.string() });
const answer = z.object({ olap: z.object({ definitions: z.array(z.unknown()), totals: z.array(column) }) });
const totals = async (input: Record<string, unknown>) => {
  const { data, errors } = await send(OLAP, { input: { range, filter: EUR, ...input } });
  expect({ input, errors }).toEqual({ input, errors: undefined });
  const { olap } = answer.parse(data);
  const values = olap.totals.map(({ name, ...rest }): [string, unknown] => [name, Object.values(rest).flat()[0]]);
  return { ...olap, values: Object.fromEntries(values) };
};
const named = (...names: readonly string[]) => ({ metrics: names.map((name) => ({ name })) });

describe("metrics that every tenant has", () => {
  test("are the numbers that their measures and formulas are, and no definition of the tenant's", async () => {
    const { values, definitions } = await totals(named(...BUILT_IN_METRICS.map(({ name }) => name)));
    expect(definitions).toEqual([]);
    expect(values).toEqual({
      ...{ events: 4, persons: 2, sessions: 3, revenue: "36", average_revenue: 12 },
      ...{ events_per_person: 2, events_per_session: 4 / 3, sessions_per_person: 1.5 },
      ...{ revenue_per_person: 18, revenue_per_session: 12 },
    });
  });

  test("are functions of any field as well, by name, alone and beside measures whose formulas compute with them", async () => {
    const { values } = await totals({
      ...named("sum(properties.cart.value)", "p50(properties.cart.value)", "max(revenue:EUR)", "uniques(sessionId)"),
      measures: [{ name: "half", function: "FORMULA", formula: "sum_properties_cart_value / 2" }],
    });
    expect(values).toEqual({
      ...{ sum_properties_cart_value: 12, p50_properties_cart_value: 4, max_revenue_EUR: "20", uniques_sessionId: 3 },
      half: 6,
    });
  });

  test("are told with the dimensions, and each that is told can be asked", async () => {
    const { data, errors } = await send(
      "{ dimensions { metrics { name title measure { function of } formula } } }",
      {},
    );
    expect(errors).toBeUndefined();
    const told = z.object({ dimensions: z.object({ metrics: z.array(column) }) }).parse(data).dimensions.metrics;
    expect(told.map(({ name }) => name)).toEqual(BUILT_IN_METRICS.map(({ name }) => name));
    expect(told[0]).toMatchObject({ title: "Events", measure: { function: "COUNT", of: null }, formula: null });
  });

  test("give way to a metric of the tenant's own of the name, and are what formulas of its own compute with", async () => {
    const define =
      "mutation ($input: DefineMetricInput!) { defineMetric(input: $input) { __typename ... on MetricDefined { metric { id } } } }";
    await send(define, { input: { name: "per_event", formula: "revenue / events" } });
    expect((await totals(named("per_event"))).values).toEqual({ per_event: 9 });
    const own = { name: "events", measure: { function: "COUNT", filter: { field: "userId", exists: false } } };
    const allowed: Caller = { ...caller, permissions: new Set([...caller.permissions, "analytics:personal-data"]) };
    const made = await askSubgraph(analytics.subgraph, allowed, define, { input: own });
    expect(
      (await askSubgraph(analytics.subgraph, allowed, OLAP, { input: { range, ...named("events") } })).data,
    ).toMatchObject({
      olap: { definitions: [{ name: "events" }], totals: [{ integers: [0] }] },
    });
    const shape = z.object({ defineMetric: z.object({ metric: z.object({ id: z.string() }) }) });
    const { id } = shape.parse(made.data).defineMetric.metric;
    await send("mutation ($id: ID!) { archiveDefinition(id: $id) { __typename } }", { id });
    expect((await totals(named("events"))).values).toEqual({ events: 4 });
  });

  test.each<[string, Record<string, unknown>, string]>([
    ["an unknown one", named("evnts"), "Did you mean `events`?"],
    ["revenue of several currencies", { ...named("revenue"), filter: null }, "would mix currencies"],
    ["an unknown function", named("median(properties.cart.value)"), "There is no metric"],
    ["a version of one", { metrics: [{ name: "persons", version: 1 }] }, "The metric `persons` is built in"],
    ["a sum of texts", named("sum(country)"), "such as `properties.amount`"],
    ["an unknown field", named("uniques(cuontry)"), "Did you mean `country`?"],
  ])("%s is refused at its name", async (_what, input, words) => {
    const { errors } = await send(OLAP, { input: { range, ...input } });
    expect(errors?.map(({ message, extensions }) => [message, extensions?.["field"]])).toEqual([
      [expect.stringContaining(words), expect.stringMatching(/^input\.me(trics\.0|asures$)/)],
    ]);
  });

  test("a level of a quantile is the part of a hundred that its name says", () => {
    const level = (name: string) => builtInMetric(name)?.content.measure?.levels;
    expect([level("p0(revenue)"), level("p99.9(revenue)"), level("p5(revenue)")]).toEqual([[0], [0.999], [0.05]]);
    expect([builtInMetric("p100(revenue)"), builtInMetric("sum()"), builtInMetric("toString")]).toEqual([
      null,
      null,
      null,
    ]);
  });
});
