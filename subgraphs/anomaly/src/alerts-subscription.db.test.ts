import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { parse, subscribe } from "graphql";
import { z } from "zod";
import type { Caller } from "@tessera/contracts/caller";
import { newTraceId } from "@tessera/platform/telemetry/trace-context";
import {
  callerOf,
  HOUR_MS,
  openQuestionWorld,
  type QuestionWorld,
  type WorldTenant,
} from "./testing/question-world.ts";

// Both engines are shared with the tests beside this one; nothing here is measured in time.
jest.setTimeout(120_000);

let is: QuestionWorld;
beforeAll(async () => {
  is = openQuestionWorld();
  await is.room.engines.resources.eventLog.start();
});
afterEach(() => is.reset());
afterAll(async () => {
  await is.room.engines.resources.eventLog.stop();
  await is.room.close();
});

const SERIES = "series { fingerprint group { value } state severity since anomaly { id state } }";
const STATE = `subscription ($rule: ID!, $after: Cursor) { alertState(rule: $rule, after: $after) { cursor rule { name } ${SERIES} transition { id to reason notify by { id } } } }`;
const ALERTS = `subscription ($filter: AlertFilterInput, $after: Cursor) { alerts(filter: $filter, after: $after) { cursor rule { name } ${SERIES}
  transition { from to reason } labels { name value } because } }`;
const ANOMALIES =
  "subscription ($filter: AlertFilterInput) { anomalies(filter: $filter) { cursor anomaly { group { value } rule { name } } } }";

const message = z.object({ data: z.record(z.string(), z.record(z.string(), z.unknown())) });
const open = async (caller: Caller, document: string, variables: Record<string, unknown> = {}) => {
  const contextValue = is.room.subgraph.contextFor({ caller, traceId: newTraceId() });
  return subscribe({
    schema: is.room.subgraph.schema,
    document: parse(document),
    variableValues: variables,
    contextValue,
  });
};
const follow = async ({ caller }: WorldTenant, document: string, variables: Record<string, unknown> = {}) => {
  const stream = await open(caller, document, variables);
  if (!(Symbol.asyncIterator in stream)) throw new Error(`Not subscribed: ${JSON.stringify(stream.errors)}`);
  const read = async (count: number) => {
    const seen: Record<string, unknown>[] = [];
    while (seen.length < count) seen.push(...Object.values(message.parse((await stream.next()).value).data));
    return seen;
  };
  return { read, stop: () => stream.return() };
};
const cursorOf = (event: Record<string, unknown> | undefined): string => z.string().parse(event?.["cursor"]);

describe("alertState", () => {
  test("tells where every series stands, then each step as it is taken, and goes on after a cursor without gap or repetition", async () => {
    const tenant = is.openTenant();
    is.world.counts.set("DE", (hour) => (hour === 10 ? 150 : 20));
    is.world.counts.set("US", () => 30);
    const rule = await is.makeRule(tenant);
    await is.turn(0);
    const early = await follow(tenant, STATE, { rule });
    const [first] = await early.read(1);
    const calm = { state: "OK", anomaly: null };
    expect(first).toMatchObject({ rule: { name: "errors" }, transition: null, series: [calm, calm] });
    await is.turn();
    const [fired] = await early.read(1);
    expect(fired).toMatchObject({
      series: [
        {
          group: [{ value: "DE" }],
          state: "FIRING",
          severity: "WARNING",
          since: "2021-06-07T11:00:00.000Z",
          anomaly: { state: "FIRING" },
        },
      ],
      transition: { to: "FIRING", reason: "BREACHED_LONG_ENOUGH", notify: true, by: null },
    });
    const late = await follow(tenant, STATE, { rule });
    const [standing] = await late.read(1);
    expect(standing).toMatchObject({ transition: null });
    expect(
      z
        .array(z.object({ state: z.string() }))
        .parse(standing?.["series"])
        .map(({ state }) => state)
        .toSorted(),
    ).toEqual(["FIRING", "OK"]);
    await is.turn();
    const [ended] = await early.read(1);
    expect(ended).toMatchObject({ series: [{ state: "RESOLVED" }], transition: { to: "RESOLVED" } });
    expect((await late.read(1))[0]).toMatchObject({ transition: { to: "RESOLVED" } });
    const resumed = await follow(tenant, STATE, { rule, after: cursorOf(fired) });
    expect(await resumed.read(1)).toEqual([ended]);
    const fromStart = await follow(tenant, STATE, { rule, after: cursorOf(first) });
    expect(await fromStart.read(2)).toMatchObject([
      { transition: { to: "FIRING" } },
      { transition: { to: "RESOLVED" } },
    ]);
    await Promise.all([early, late, resumed, fromStart].map(({ stop }) => stop()));
  });

  test("is refused of a rule the tenant has not, without anomaly:read, to who sees a part of the events, and with a cursor that is none", async () => {
    const [tenant, other] = [is.openTenant(), is.openTenant()];
    const rule = await is.makeRule(other, { enabled: false });
    const refused = (caller: Caller, variables: object) => open(caller, STATE, { ...variables });
    expect(await refused(tenant.caller, { rule })).toMatchObject({
      errors: [{ extensions: { code: "NOT_FOUND", field: "rule" } }],
    });
    expect(await refused(tenant.caller, { rule: "nonsense" })).toMatchObject({
      errors: [{ extensions: { code: "NOT_FOUND" } }],
    });
    const bare = callerOf(other.tenantId, other.userId, ["analytics:read"]);
    expect(await refused(bare, { rule })).toMatchObject({
      errors: [{ extensions: { code: "FORBIDDEN", permission: "anomaly:read" } }],
    });
    expect(await refused(other.caller, { rule, after: "x" })).toMatchObject({
      errors: [{ extensions: { code: "BAD_INPUT", field: "after" } }],
    });
  });
});

describe("alerts", () => {
  test("are told step by step of whatever rule, those that are as the filter asks, and so are anomalies", async () => {
    const tenant = is.openTenant();
    is.world.counts.set("DE", (hour) => (hour === 10 ? 150 : 20));
    is.world.counts.set("US", (hour) => (hour === 10 ? 500 : 20));
    const alerting = { severity: { base: "INFO", bands: [{ by: "SCORE", atLeast: 3, severity: "ERROR" }] } };
    await is.makeRule(tenant, { name: "one", alerting, labels: [{ name: "team", value: "shop" }] });
    const other = await is.makeRule(tenant, { name: "other", labels: [{ name: "team", value: "web" }] });
    await is.turn(0);
    const ofShop = { matchers: [{ label: "team", operator: "EQUALS", values: ["shop"] }] };
    const [all, bad, shop, german] = [
      await follow(tenant, ALERTS),
      await follow(tenant, ALERTS, { filter: { minSeverity: "ERROR" } }),
      await follow(tenant, ANOMALIES, { filter: ofShop }),
      await follow(tenant, ANOMALIES, {
        filter: { rules: [other], matchers: [{ label: "country", operator: "IN", values: ["DE"] }] },
      }),
    ];
    await is.turn();
    const told = await all.read(4);
    expect(told.map(({ rule, transition }) => [rule, transition])).toEqual(
      expect.arrayContaining([[{ name: "one" }, { from: "OK", to: "FIRING", reason: "BREACHED_LONG_ENOUGH" }]]),
    );
    expect(await bad.read(1)).toMatchObject([
      {
        ...{ rule: { name: "one" }, series: { group: [{ value: "US" }], severity: "ERROR", state: "FIRING" } },
        because: "500 against an upper bound of 100",
        labels: expect.arrayContaining([
          { name: "team", value: "shop" },
          { name: "country", value: "US" },
          { name: "severity", value: "ERROR" },
        ]),
      },
    ]);
    expect((await shop.read(2)).map(({ anomaly }) => anomaly)).toMatchObject([
      { rule: { name: "one" } },
      { rule: { name: "one" } },
    ]);
    expect(await german.read(1)).toMatchObject([{ anomaly: { rule: { name: "other" }, group: [{ value: "DE" }] } }]);
    const resumed = await follow(tenant, ALERTS, { after: cursorOf(told[1]) });
    expect(await resumed.read(2)).toEqual(told.slice(2));
    is.room.clock.ms += HOUR_MS;
    await Promise.all([all, bad, shop, german, resumed].map(({ stop }) => stop()));
  });

  test("are refused with a filter that makes no sense, at its place", async () => {
    const { caller } = is.openTenant();
    const filter = { matchers: [{ label: "team", operator: "REGEX", values: ["("] }] };
    for (const document of [ALERTS, ANOMALIES])
      expect(await open(caller, document, { filter })).toMatchObject({
        errors: [{ extensions: { code: "BAD_INPUT", field: "filter.matchers.0.values.0" } }],
      });
  });
});
