import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, it } from "@jest/globals";
import { z } from "zod";
import { eventually, pause } from "../testing/eventually.ts";
import { connectLive } from "../testing/live-client.ts";
import { openTenant, type SharedTenant } from "../testing/shared-instance.ts";

let instance: SharedTenant;

const minutesAgo = (minutes: number): string => new Date(Date.now() - minutes * 60_000).toISOString();
const range = () => ({ from: minutesAgo(120), to: minutesAgo(-5) });
const namesOf = (messages: readonly unknown[]): readonly string[] =>
  messages.map((message) => liveEvent.parse(message).events.event.name);

const liveEvent = z.object({
  events: z.object({ cursor: z.string(), event: z.object({ id: z.string(), name: z.string() }) }),
});
const EVENTS = `subscription($after: Cursor) {
  events(after: $after, filter: { field: "source", eq: "live" }) { cursor event { id name tenant { slug } } }
}`;
const liveMetrics = z.object({ realtimeMetrics: z.object({ events: z.number(), cursor: z.string() }) });
const METRICS = `subscription { realtimeMetrics(timeframe: "PT1H") { events cursor } }`;

beforeAll(async () => {
  instance = await openTenant();
}, 240_000);

describe("events sent in", () => {
  const orderId = randomUUID();

  it("by REST and by GraphQL are acknowledged one by one; a second time they are duplicates on either way", async () => {
    const { client } = instance;
    const order = { id: orderId, name: "order", userId: "ada", sessionId: "s1", revenue: "12.50", currency: "EUR" };
    const views = ["tea", "cup", "tea"].map((item, index) => ({
      name: "view",
      userId: ["ada", "ada", "grace"][index],
      properties: { item },
    }));
    expect(await client.send([order, ...views])).toMatchObject({ accepted: 4, duplicate: 0, rejected: 0 });
    const answer = await client.tell(
      `mutation($input: [EventInput!]!) {
        ingestEvents(input: $input) { accepted duplicate rejected outcomes { __typename ... on EventRejected { path } ... on EventAccepted { event { name } } } }
      }`,
      { input: [{ id: orderId, name: "order" }, { name: "signup", userId: "grace" }, { name: "" }] },
    );
    expect(answer.errors).toBeUndefined();
    expect(answer.data).toEqual({
      ingestEvents: {
        accepted: 1,
        duplicate: 1,
        rejected: 1,
        outcomes: [
          { __typename: "EventDuplicate" },
          { __typename: "EventAccepted", event: { name: "signup" } },
          { __typename: "EventRejected", path: "/name" },
        ],
      },
    });
  });

  it("are in realtimeMetrics, olap and timeSeries at once, and the three agree", async () => {
    const { data, errors } = await instance.client.tell(
      `query($olap: OlapInput!, $series: TimeSeriesInput!) {
        realtimeMetrics(timeframe: "PT1H") { events users sessions revenue { currency amount } topNames { name events } provenance { exactness } }
        olap(input: $olap) { columns { name ... on TextColumn { texts } ... on IntegerColumn { integers } } rowCount provenance { tables { table } } }
        timeSeries(input: $series) { totals { ... on IntegerColumn { integers } } provenance { exactness } }
      }`,
      {
        olap: { range: range(), measures: [{ function: "COUNT" }], dimensions: ["name"] },
        series: { range: range(), measures: [{ function: "COUNT" }], granularity: "HOUR" },
      },
    );
    expect(errors).toBeUndefined();
    expect(data).toMatchObject({
      realtimeMetrics: {
        events: 5,
        users: 2,
        sessions: 1,
        revenue: [{ currency: "EUR", amount: expect.stringMatching(/^12\.50*$/) }],
        topNames: [
          { name: "view", events: 3 },
          { name: "order", events: 1 },
          { name: "signup", events: 1 },
        ],
      },
      olap: {
        rowCount: 3,
        columns: expect.arrayContaining([
          expect.objectContaining({ texts: expect.arrayContaining(["view", "order", "signup"]) }),
          expect.objectContaining({ integers: expect.arrayContaining([3, 1, 1]) }),
        ]),
      },
      timeSeries: { totals: [{ integers: [5] }] },
    });
  });

  it("can be walked from one event to its lineage and its tenant, which other subgraphs own", async () => {
    const { data, errors } = await instance.client.tell(
      `query($id: ID!) { event(id: $id) {
        name revenue tenant { id slug users { nodes { email } } }
        lineage { complete batch { id } deduplication { exactlyOnce } holdings { table expected present } }
      } }`,
      { id: orderId },
    );
    expect(errors).toBeUndefined();
    expect(data).toMatchObject({
      event: {
        name: "order",
        tenant: { id: instance.tenantId },
        lineage: { complete: true, deduplication: { exactlyOnce: true } },
      },
    });
  });

  it("make recommendations from what people share", async () => {
    const { data, errors } = await instance.client.tell(
      `query($input: RecommendationsInput!) { recommendations(input: $input) { method items { itemId reasons { itemId } } tenant { id } } }`,
      { input: { userId: "grace", itemProperty: "item" } },
    );
    expect(errors).toBeUndefined();
    expect(data).toEqual({
      recommendations: {
        method: "ITEM_COLLABORATIVE_FILTERING",
        items: [{ itemId: "cup", reasons: [{ itemId: "tea" }] }],
        tenant: { id: instance.tenantId },
      },
    });
  });
});

describe("live", () => {
  it("a subscription sees each event once, and after a cut goes on from its cursor without gap or duplicate", async () => {
    const { url, apiKey, client } = instance;
    const send = (...names: readonly string[]) => client.send(names.map((name) => ({ name, source: "live" })));
    const before = await connectLive(url, apiKey);
    const [seen, metrics] = [before.follow(EVENTS), before.follow(METRICS)];
    await metrics.until((messages) => messages.length > 0);
    const startCount = liveMetrics.parse(metrics.messages[0]).realtimeMetrics.events;
    // The subscription of events begins at some moment after it was asked for: events are sent until it has begun.
    await eventually(async () => {
      await send("begin");
      await pause(100);
      expect(seen.messages.length).toBeGreaterThan(0);
    });
    await send("a1", "a2");
    await send("a3");
    await seen.until((messages) => namesOf(messages).includes("a3"));
    await metrics.until((messages) =>
      messages.some((message) => liveMetrics.parse(message).realtimeMetrics.events >= startCount + 4),
    );
    expect(namesOf(seen.messages).filter((name) => name !== "begin")).toEqual(["a1", "a2", "a3"]);
    expect(seen.problems).toEqual([]);
    const cursor = liveEvent.parse(seen.messages.find((message) => namesOf([message])[0] === "a2")).events.cursor;
    before.cut();

    await send("b1", "b2", "b3");
    const after = await connectLive(url, apiKey);
    const resumed = after.follow(EVENTS, { after: cursor });
    await resumed.until((messages) => namesOf(messages).includes("b3"));
    await send("c1");
    await resumed.until((messages) => namesOf(messages).includes("c1"));
    expect(namesOf(resumed.messages)).toEqual(["a3", "b1", "b2", "b3", "c1"]);
    await after.close();
  }, 120_000);

  it("a rule that is broken raises an anomaly, and the subscription tells of it with its rule and tenant", async () => {
    const { url, apiKey, client, tenantId } = instance;
    const live = await connectLive(url, apiKey);
    const anomalies = live.follow(
      "subscription { anomalies { cursor anomaly { id state evidence { value high because } rule { name } tenant { id slug } } } }",
    );
    await client.send(Array.from({ length: 5 }, () => ({ name: "checkout_failed" })));
    const created = await client.tell(
      "mutation($input: CreateRuleInput!) { createRule(input: $input) { __typename } }",
      {
        input: {
          name: "Failing checkouts",
          metric: { measure: "COUNT", eventNames: ["checkout_failed"], window: "PT10M" },
          condition: { direction: "ABOVE", threshold: 3 },
          evaluationIntervalSeconds: 10,
        },
      },
    );
    expect(created).toMatchObject({ data: { createRule: { __typename: "RuleSaved" } } });
    await anomalies.until((messages) => messages.length > 0);
    expect(anomalies.messages).toEqual([
      {
        anomalies: expect.objectContaining({
          anomaly: expect.objectContaining({
            state: "FIRING",
            evidence: { value: 5, high: 3, because: "5 against an upper bound of 3" },
            rule: { name: "Failing checkouts" },
            tenant: expect.objectContaining({ id: tenantId }),
          }),
        }),
      },
    ]);
    expect(anomalies.problems).toEqual([]);
    await live.close();
    // Whoever asks why walks on into the analytics room: here there is nothing before to compare with.
    const why = await client.tell(
      "{ anomalies(first: 1) { edges { node { change { explanation { outcome value actual searched } } } } } }",
    );
    const explanation = expect.objectContaining({ outcome: "TOO_LITTLE_BEFORE", value: "count", actual: 5 });
    expect(why).toMatchObject({ data: { anomalies: { edges: [{ node: { change: { explanation } } }] } } });
  }, 120_000);
});

describe("long queries", () => {
  const startedShape = z.object({ startQuery: z.object({ job: z.object({ id: z.string() }) }) });
  const START = `mutation($input: StartQueryInput!) { startQuery(input: $input) { ... on QueryStarted { job { id } } } }`;
  const COLUMNS = "columns { name ... on TextColumn { texts } ... on IntegerColumn { integers } }";
  const pageShape = z.object({
    job: z.object({
      result: z.object({
        columns: z.array(
          z.object({
            name: z.string(),
            texts: z.array(z.string()).optional(),
            integers: z.array(z.number()).optional(),
          }),
        ),
        hasNextPage: z.boolean(),
        endCursor: z.string().nullable(),
      }),
    }),
  });

  it("are followed to their end by subscription, and their pages put together are olap's answer", async () => {
    const { client, url, apiKey } = instance;
    const olap = {
      range: range(),
      measures: [{ function: "COUNT" }],
      dimensions: ["name"],
      orderBy: [{ column: "name", direction: "ASC" }],
    };
    const { startQuery } = await client.ask(startedShape, START, { input: { olap } });
    const live = await connectLive(url, apiKey);
    const followed = live.follow("subscription($id: ID!) { job(id: $id) { job { state percent tenant { id } } } }", {
      id: startQuery.job.id,
    });
    await eventually(() => expect(followed.ended()).toBe(true));
    expect(followed.problems).toEqual([]);
    expect(followed.messages.at(-1)).toMatchObject({
      job: { job: { state: "SUCCEEDED", percent: 100, tenant: { id: instance.tenantId } } },
    });
    await live.close();

    const collected = new Map<string, (string | number)[]>();
    for (let after: string | null = null, more = true; more;) {
      const variables: Record<string, unknown> = { id: startQuery.job.id, after };
      const { job } = await client.ask(
        pageShape,
        `query($id: ID!, $after: Cursor) { job(id: $id) { result(first: 2, after: $after) { ${COLUMNS} hasNextPage endCursor } } }`,
        variables,
      );
      for (const { name, texts, integers } of job.result.columns)
        collected.set(name, [...(collected.get(name) ?? []), ...(texts ?? integers ?? [])]);
      [after, more] = [job.result.endCursor, job.result.hasNextPage];
    }
    const direct = await client.ask(
      z.object({ olap: pageShape.shape.job.shape.result.pick({ columns: true }) }),
      `query($input: OlapInput!) { olap(input: $input) { ${COLUMNS} } }`,
      { input: olap },
    );
    expect([...collected].map(([name, values]) => ({ name, values }))).toEqual(
      direct.olap.columns.map(({ name, texts, integers }) => ({ name, values: texts ?? integers })),
    );
    expect(collected.get("name")?.length).toBeGreaterThan(4);
  }, 120_000);

  it("can be cancelled, which is said of a finished one too", async () => {
    const { client } = instance;
    const olap = { range: range(), measures: [{ function: "COUNT" }] };
    const { startQuery } = await client.ask(startedShape, START, { input: { olap } });
    const CANCEL = `mutation($id: ID!) { cancelJob(id: $id) { __typename ... on JobCancelled { job { state } } ... on JobAlreadyFinished { job { state } } } }`;
    const cancelled = z.object({
      cancelJob: z.object({ __typename: z.string(), job: z.object({ state: z.string() }) }),
    });
    const { cancelJob } = await client.ask(cancelled, CANCEL, { id: startQuery.job.id });
    // The query is short: it may have been quicker than the order to stop it.
    expect([
      ["JobCancelled", "CANCELLED"],
      ["JobAlreadyFinished", "SUCCEEDED"],
    ]).toContainEqual([cancelJob["__typename"], cancelJob.job.state]);
    const again = await client.ask(cancelled, CANCEL, { id: startQuery.job.id });
    expect(again.cancelJob["__typename"]).toBe("JobAlreadyFinished");
    expect(again.cancelJob.job.state).toBe(cancelJob.job.state);
  }, 60_000);
});
