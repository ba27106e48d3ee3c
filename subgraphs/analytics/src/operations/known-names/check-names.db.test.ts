import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { Caller } from "@tessera/contracts/caller";
import { askSubgraph, callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { newTraceId } from "@tessera/platform/telemetry/trace-context";
import { openTestResources, type TestResources } from "@tessera/platform/testing/test-resources";
import { parse, subscribe } from "graphql";
import { buildAnalytics, type TestAnalytics } from "../../../testing/build-analytics.ts";
import { storeEvents, type TestEvent } from "../../../testing/test-events.ts";
import { createKnownNames, type KnownNames } from "../../store/semantic/known-names.ts";
import { createCheckNames } from "./check-names.ts";

// Nothing here is about speed: a busy machine may take its time.
jest.setTimeout(180_000);

const RANGE = { from: "2026-01-01T00:00:00Z", to: "2026-01-02T00:00:00Z" };
const N = { function: "COUNT", name: "n" };
const BUY = { events: ["purchase"] };

let world: TestResources;
let analytics: TestAnalytics;
let shop: Caller;
const at = (name: string, properties: Record<string, unknown>): TestEvent => ({
  ...{ id: randomUUID(), name, properties, timeMs: Date.parse(RANGE.from), userId: "u1" },
});
const newTenant = (): Caller => callerWith(freshTenantId(), ["analytics:read", "analytics:define", "jobs:run"]);

beforeAll(async () => {
  world = openTestResources();
  await world.resources.eventLog.start();
  const ingest = () => Promise.resolve({ accepted: 0, duplicate: 0, rejected: 0, outcomes: [] });
  analytics = buildAnalytics(world.resources, { ingest });
  shop = newTenant();
  await storeEvents(world.writer, shop.tenantId, [
    at("purchase", { plan: "pro", amount: 12, price: "19.90", cart: { value: 3, gift: true } }),
    at("page_view", { plan: "free", tags: ["a"] }),
  ]);
});
afterAll(async () => {
  await analytics.close();
  await world.resources.eventLog.stop();
  await world.close();
});

/** The code, the place and the message of the refusal of a field with an input; null when it is answered. */
const refused = async (field: string, type: string, input: object, by = shop): Promise<readonly unknown[] | null> => {
  const { errors } = await askSubgraph(
    analytics.subgraph,
    by,
    `query ($input: ${type}!) { ${field}(input: $input) { __typename } }`,
    { input },
  );
  const [error] = errors ?? [];
  return error === undefined ? null : [error.extensions?.["code"], error.extensions?.["field"], error.message];
};
const olap = (part: object, by = shop) => refused("olap", "OlapInput", { range: RANGE, measures: [N], ...part }, by);

/** A question that is watched, of events by a name that is a slip. */
const watchedBy = (part: object) => ({
  question: { olap: { range: RANGE, measures: [N], filter: { field: "name", eq: "purchse" }, ...part } },
  ...{ ...RANGE, granularity: "DAY" },
});

const MEANT_PLAN =
  "No event ever had `properties.paln`. Did you mean `properties.plan`? With `allowUnknown: true` it is asked all the same.";
const MEANT_PURCHASE =
  "No event was ever called `purchse`. Did you mean `purchase`? With `allowUnknown: true` it is asked all the same.";

describe("a name that was never sent", () => {
  test("is refused where it stands when it is a slip of one that was, in every kind of question", async () => {
    const typo = { field: "properties.paln", eq: "pro" };
    const behaviour = { range: RANGE, event: { events: ["purchse"] } };
    const found = {
      filter: await olap({ filter: { and: [{ field: "country", eq: "DE" }, typo] } }),
      group: await olap({ dimensions: ["properties.paln"] }),
      measure: await olap({ measures: [{ function: "SUM", of: "properties.cart.vlaue" }] }),
      metric: await olap({ metrics: [{ name: "sum(properties.ammount)" }] }),
      name: await olap({ filter: { field: "name", in: ["page_view", "purchse"] } }),
      series: await refused("timeSeries", "TimeSeriesInput", {
        ...{ range: RANGE, granularity: "DAY", measures: [N], filter: typo },
      }),
      funnel: await refused("funnel", "FunnelInput", {
        range: RANGE,
        steps: [{ anyOf: [BUY] }, { anyOf: [{ events: ["purchse"] }] }],
      }),
      activity: await refused("activeUsers", "ActiveUsersInput", behaviour),
      watched: await refused("watchedSeries", "WatchedSeriesInput", watchedBy({})),
    };
    expect(found).toEqual({
      filter: ["BAD_INPUT", "input.filter.and.1.field", MEANT_PLAN],
      group: ["BAD_INPUT", "input.dimensions.0", MEANT_PLAN],
      measure: ["BAD_INPUT", "input.measures.0.of", expect.stringContaining("Did you mean `properties.cart.value`?")],
      metric: ["BAD_INPUT", "input.metrics.0.name", expect.stringContaining("Did you mean `properties.amount`?")],
      name: ["BAD_INPUT", "input.filter.in.1", MEANT_PURCHASE],
      series: ["BAD_INPUT", "input.filter.field", MEANT_PLAN],
      funnel: ["BAD_INPUT", "input.steps.1.anyOf.0.events.0", MEANT_PURCHASE],
      activity: ["BAD_INPUT", "input.event.events.0", MEANT_PURCHASE],
      watched: ["BAD_INPUT", "input.question.olap.filter.eq", MEANT_PURCHASE],
    });
  });

  test("is answered when it is like nothing that was, when it is allowed, and before the first event", async () => {
    const asked = { dimensions: ["properties.paln"], filter: { field: "name", eq: "purchse" } };
    expect([
      await olap({ dimensions: ["properties.campaign"], filter: { field: "name", eq: "refund" } }),
      await olap({ ...asked, allowUnknown: true }),
      await refused("watchedSeries", "WatchedSeriesInput", watchedBy({ allowUnknown: true })),
      await refused("watchedSeries", "WatchedSeriesInput", { ...watchedBy({}), allowUnknown: true }),
      await refused("watchedSeries", "WatchedSeriesInput", {
        ...{ ...RANGE, granularity: "DAY", allowUnknown: true },
        question: { activeUsers: { range: RANGE, event: { events: ["purchse"] } } },
      }),
      await olap(asked, newTenant()),
    ]).toEqual([null, null, null, null, null, null]);
  });

  test("is refused in what is defined by it, unless that is allowed", async () => {
    const define = async (part: object) => {
      const { errors } = await askSubgraph(
        analytics.subgraph,
        shop,
        "mutation ($input: DefineSegmentInput!) { defineSegment(input: $input) { __typename } }",
        { input: { name: "pros", filter: { field: "properties.paln", eq: "pro" }, ...part } },
      );
      return errors?.map(({ extensions, message }) => [extensions?.["field"], message]) ?? null;
    };
    expect(await define({})).toEqual([["input.filter.field", MEANT_PLAN]]);
    expect(await define({ allowUnknown: true })).toBeNull();
  });

  test("is refused in what is expected of events, and so is the name of the events, unless that is allowed", async () => {
    const save = async (part: object) => {
      const { errors } = await askSubgraph(
        analytics.subgraph,
        shop,
        "mutation ($input: SaveExpectationInput!) { saveExpectation(input: $input) { __typename } }",
        { input: { expect: { name: "pros", present: { field: "properties.paln" } }, ...part } },
      );
      return errors?.map(({ extensions }) => extensions?.["field"]) ?? null;
    };
    const planned = { expect: { name: "views", present: { field: "properties.plan" } }, event: "purchse" };
    expect([await save({}), await save({ allowUnknown: true }), await save(planned)]).toEqual([
      ["input.expect.present.field"],
      null,
      ["input.event"],
    ]);
  });

  test("is refused in lists and streams of events, behind numbers, in explained changes and in rollups, unless that is allowed", async () => {
    const ask = async (source: string, variables: object): Promise<readonly unknown[] | null> => {
      const { errors } = await askSubgraph(analytics.subgraph, shop, source, { ...variables });
      return errors?.map(({ extensions }) => extensions?.["field"]) ?? null;
    };
    const slip = { field: "properties.paln", eq: "pro" };
    const events = (variables: object) =>
      ask(
        "query ($filter: EventFilterInput, $allowUnknown: Boolean) { events(filter: $filter, allowUnknown: $allowUnknown) { __typename } }",
        variables,
      );
    const stream = async (variableValues: Readonly<Record<string, unknown>>) => {
      const source =
        "subscription ($filter: EventFilterInput, $allowUnknown: Boolean) { events(filter: $filter, allowUnknown: $allowUnknown) { cursor } }";
      const { schema, contextFor } = analytics.subgraph;
      const contextValue = contextFor({ caller: shop, traceId: newTraceId() });
      const found = await subscribe({ schema, document: parse(source), variableValues, contextValue });
      if (!(Symbol.asyncIterator in found)) return found.errors?.map(({ message }) => message) ?? [];
      await found.return?.(undefined);
      return null;
    };
    const behind = (part: object) =>
      ask("query ($of: BehindInput!) { behind(of: $of) { counts { units } } }", {
        of: { olap: { input: { range: RANGE, measures: [N], filter: slip, ...part }, cell: {} } },
      });
    const change = (part: object) => {
      const question = { olap: { range: RANGE, measures: [N] } };
      return ask("query ($input: ExplainChangeInput!) { explainChange(input: $input) { outcome } }", {
        input: { question, ...RANGE, ...part },
      });
    };
    const rollup = (part: object) =>
      ask("mutation ($input: DefineRollupInput!) { defineRollup(input: $input) { __typename } }", {
        input: { name: "by_plan", dimensions: ["country", "properties.paln"], ...part },
      });
    const [filter, allowUnknown] = [{ or: [{ field: "country", eq: "DE" }, slip] }, true];
    const held = [{ dimension: "name", values: ["page_view", "purchse"] }];
    const named = { question: { funnel: { range: RANGE, steps: [{ anyOf: [{ events: ["purchse"] }] }] } } };
    expect({
      events: [await events({ filter }), await events({ filter, allowUnknown })],
      stream: [await stream({ filter }), await stream({ filter, allowUnknown })],
      behind: [await behind({}), await behind({ allowUnknown })],
      held: [await change({ where: held }), await change({ where: held, allowUnknown })],
      searched: [await change({ dimensions: ["properties.paln"] }), await change(named)],
      rollup: [await rollup({}), await rollup({ allowUnknown })],
    }).toEqual({
      events: [["filter.or.1.field"], null],
      stream: [[MEANT_PLAN], null],
      behind: [["of.olap.input.filter.field"], null],
      held: [["input.where.0.values.1"], null],
      searched: [["input.dimensions.0"], ["input.question.funnel.steps.0.anyOf.0.events.0"]],
      rollup: [["input.dimensions.1"], null],
    });
  });

  test("is known with its first event", async () => {
    const tenant = newTenant();
    await storeEvents(world.writer, tenant.tenantId, [at("view", { colour: "red" })]);
    expect(await olap({ dimensions: ["properties.color"] }, tenant)).toEqual([
      ...["BAD_INPUT", "input.dimensions.0", expect.any(String)],
    ]);
    await storeEvents(world.writer, tenant.tenantId, [at("view", { color: "red" })]);
    expect(await olap({ dimensions: ["properties.color"] }, tenant)).toBeNull();
  });
});

describe("numbers", () => {
  test("of a property that never held one are refused with what it held; texts that are numbers are numbers", async () => {
    const sum = (of: string) => olap({ measures: [{ function: "SUM", of }] });
    const above = (field: string) => olap({ filter: { field, gt: 1 } });
    const why = (by: string, of: string, held: string) => [
      ...["BAD_INPUT", expect.any(String)],
      `${by} asks for numbers, and \`${of}\` never held one. ${held} With \`allowUnknown: true\` it is asked all the same.`,
    ];
    const text = "Events had it as text, of which the last ones hold no number.";
    expect([
      await sum("properties.plan"),
      await above("properties.plan"),
      await sum("properties.cart.gift"),
      await sum("properties.tags"),
      await sum("properties.amount"),
      await sum("properties.price"),
      await above("properties.price"),
      await olap({ measures: [{ function: "UNIQUES", of: "properties.plan" }] }),
    ]).toEqual([
      why("SUM", "properties.plan", text),
      why("`gt`", "properties.plan", text),
      why("SUM", "properties.cart.gift", "Whatever events had as it was of the type BOOLEAN."),
      why("SUM", "properties.tags", "Whatever events had as it was of the type LIST."),
      ...[null, null, null, null],
    ]);
  });
});

describe("looking names up", () => {
  const counting = () => {
    const asked: string[] = [];
    const names = createKnownNames(world.resources.eventStore);
    const knownNames: KnownNames = {
      known: (...of) => (asked.push("known"), names.known(...of)),
      like: (...of) => (asked.push("like"), names.like(...of)),
      texts: (...of) => (asked.push("texts"), names.texts(...of)),
      size: (...of) => (asked.push("size"), names.size(...of)),
    };
    return { asked, knownNames };
  };

  test("takes one statement for all names of a question, and none within a minute; a question without names none", async () => {
    const { asked, knownNames } = counting();
    let nowMs = 0;
    const check = createCheckNames({ knownNames, nowMs: () => nowMs });
    const question = {
      dimensions: ["properties.plan", "properties.amount"],
      filter: { field: "name", eq: "purchase" },
    };
    await check(shop, { dimensions: ["country"] }, "input");
    expect(asked).toEqual([]);
    await check(shop, question, "input");
    nowMs = 59_999;
    await check(shop, question, "input");
    expect(asked).toEqual(["known"]);
    nowMs = 60_000;
    await check(shop, question, "input");
    expect(asked).toEqual(["known", "known"]);
  });

  test("is not done for callers under data policies, who would be told of names in events they may not see", async () => {
    const { asked, knownNames } = counting();
    const dataPolicy = {
      ...{ allow: { country: ["FR"] }, deny: {}, atLeast: {}, lessThan: {}, synthetic: null, masks: {} },
      salt: "0".repeat(32),
    };
    await createCheckNames({ knownNames, nowMs: () => 0 })(
      { ...shop, dataPolicy },
      { dimensions: ["properties.paln"] },
      "input",
    );
    expect(asked).toEqual([]);
  });

  test("finds the likest of many names", async () => {
    const tenant = newTenant();
    const many = Object.fromEntries(Array.from({ length: 250 }, (_, index) => [`q${index}z`, 1]));
    await storeEvents(world.writer, tenant.tenantId, [at("view", many), at("view", many), at("view", { size: 1 })]);
    expect(await olap({ dimensions: ["properties.szie"] }, tenant)).toEqual([
      ...["BAD_INPUT", "input.dimensions.0", expect.stringContaining("Did you mean `properties.size`?")],
    ]);
  });

  test("never tells a tenant of another's names", async () => {
    const names = createKnownNames(world.resources.eventStore);
    const other = newTenant();
    expect(await names.known(other, { PROPERTY: ["plan"], EVENT: ["purchase"] })).toEqual([]);
    const likeness = { plain: ["plan"], letters: 3, among: 100, most: 10 };
    expect(await names.like(other, "PROPERTY", likeness)).toEqual([]);
    expect(await names.texts(other, "plan", { event: "purchase", atMs: Date.parse(RANGE.from) }, 10)).toEqual({
      ...{ values: 0, numbers: 0 },
    });
  });
});
