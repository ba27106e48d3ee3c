import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { refuse } from "@tessera/platform/errors/refusal";
import { z } from "zod";
import { openObjectiveWorld, START_MS, type OpenedObjectiveWorld } from "../../testing/objective-world.ts";

// Both engines are shared with the tests beside this one; nothing here is measured in time.
jest.setTimeout(240_000);

let opened: OpenedObjectiveWorld;
let world: OpenedObjectiveWorld["world"];
beforeAll(() => {
  opened = openObjectiveWorld();
  ({ world } = opened);
});
afterEach(() => opened.reset());
afterAll(() => opened.close());

type Tenant = ReturnType<OpenedObjectiveWorld["openTenant"]>;

const SAVE = `mutation ($id: ID, $version: Int, $input: ObjectiveInput!) { saved: saveObjective(id: $id, version: $version, input: $input) { __typename
  ... on ObjectiveSaved { objective { id version name owner indicator { kind settings } } }
  ... on ObjectiveChangedMeanwhile { objective { version } } ... on ObjectiveNameTaken { name } } }`;
const DELETE = `mutation ($id: ID!) { gone: deleteObjective(id: $id) { __typename ... on ObjectiveInUse { rules } } }`;
const CREATE_RULE = `mutation ($input: CreateRuleInput!) { createRule(input: $input) { __typename ... on RuleSaved { rule { id } }
  ... on RuleRejected { problems { field message } } } }`;
const RULE = `query ($id: ID!) { rule(id: $id) { version objective { id } detector { kind settings } alerting failureCode judgedUntil
  question { field granularity maxSeries delay } lastEvaluation { outcome value } } }`;
const STATUS = `query ($id: ID!) { objective(id: $id) { percent status { from to total good bad attainment met
  budget { allowed spent left leftPercent } burnRates { window rate } days { date total bad spentPercent } forecast { outcome at }
  readFrom { asOf exact tables version } } groups { groupCount groups { group { name value } status { total bad attainment } } } } }`;
const LINKS = `query ($id: ID!) { objective(id: $id) { rules { id name } anomalies { id state severity group { value } objective { id }
  evidence { because score } resolution { cause } } incidents { id title state severity } } }`;

const GOOD = { field: "properties.status", lt: 500 };
const objectiveInput = (more: object = {}) => ({
  ...{ name: `requests ${randomUUID()}`, percent: 99.9, window: "DAYS_7", owner: "checkout" },
  indicator: { events: { of: { field: "name", eq: "request" }, good: GOOD } },
  ...more,
});
const savedShape = z.object({ saved: z.object({ objective: z.object({ id: z.string() }) }) });
const save = async ({ ask }: Tenant, more: object = {}): Promise<string> =>
  savedShape.parse((await ask(SAVE, { input: objectiveInput(more) })).data).saved.objective.id;
const createdShape = z.object({ createRule: z.object({ rule: z.object({ id: z.string() }) }) });
const makeRule = async ({ ask }: Tenant, id: string, more: object = {}): Promise<string> => {
  const input = { name: "burn", objective: { id }, ...more };
  return createdShape.parse((await ask(CREATE_RULE, { input })).data).createRule.rule.id;
};
const linksOf = async ({ ask }: Tenant, id: string) =>
  z
    .object({
      objective: z.object({
        rules: z.array(z.unknown()),
        anomalies: z.array(z.record(z.string(), z.unknown())),
        incidents: z.array(z.unknown()),
      }),
    })
    .parse((await ask(LINKS, { id })).data).objective;

describe("a service level objective", () => {
  test("is kept version by version, under a name of its own, until nothing watches it", async () => {
    const tenant = opened.openTenant();
    const input = objectiveInput({ name: "checkout" });
    const made = await tenant.ask(SAVE, { input });
    expect(made.data).toMatchObject({
      saved: {
        __typename: "ObjectiveSaved",
        objective: { version: 1, owner: "checkout", indicator: { kind: "EVENTS", settings: { good: GOOD } } },
      },
    });
    const { id } = savedShape.parse(made.data).saved.objective;
    expect((await tenant.ask(SAVE, { input })).data).toEqual({
      saved: { __typename: "ObjectiveNameTaken", name: "checkout" },
    });
    const change = { id, version: 1, input: { ...input, percent: 99 } };
    expect((await tenant.ask(SAVE, change)).data).toMatchObject({ saved: { objective: { version: 2 } } });
    expect((await tenant.ask(SAVE, change)).data).toEqual({
      saved: { __typename: "ObjectiveChangedMeanwhile", objective: { version: 2 } },
    });
    const ruleId = await makeRule(tenant, id);
    expect((await tenant.ask(DELETE, { id })).data).toEqual({
      gone: { __typename: "ObjectiveInUse", rules: [ruleId] },
    });
    await tenant.ask(`mutation ($id: ID!) { deleteRule(id: $id) { __typename } }`, { id: ruleId });
    expect((await tenant.ask(DELETE, { id })).data).toEqual({ gone: { __typename: "ObjectiveDeleted" } });
    expect((await tenant.ask(STATUS, { id })).data).toEqual({ objective: null });
  });

  test("says how it stands, and each of its groups by itself: added up from what came", async () => {
    const tenant = opened.openTenant();
    // A day before, Germany had an hour in which a tenth was bad.
    world.traffic.set("DE", (minute) => ({ total: 100, bad: minute >= -1_500 && minute < -1_440 ? 10 : 0 }));
    world.traffic.set("FR", () => ({ total: 50, bad: 0 }));
    const id = await save(tenant, { groupBy: "country", percent: 99.9 });
    opened.room.clock.ms = START_MS + 30 * 60_000 + 5_000;
    const { objective } = z
      .object({ objective: z.object({ status: z.record(z.string(), z.unknown()), groups: z.unknown() }) })
      .parse((await tenant.ask(STATUS, { id })).data);
    // Seven days but the half hour that has not come yet.
    const minutes = 7 * 1_440 - 30;
    expect(objective.status).toMatchObject({
      ...{
        from: "2022-05-30T13:00:00.000Z",
        to: "2022-06-06T12:30:00.000Z",
        total: minutes * 150,
        bad: 600,
        met: true,
      },
      good: minutes * 150 - 600,
      budget: { spent: 600 },
      readFrom: { exact: true, tables: ["events"], version: 1, asOf: "2022-06-06T12:00:00.000Z" },
      forecast: { outcome: "LASTS", at: null },
    });
    const status = z
      .object({
        attainment: z.number(),
        budget: z.object({ allowed: z.number(), leftPercent: z.number() }),
        burnRates: z.array(z.object({ window: z.string(), rate: z.number() })),
        days: z.array(z.object({ date: z.string(), bad: z.number(), spentPercent: z.number() })),
      })
      .parse(objective.status);
    expect(status.attainment).toBeCloseTo(100 - (100 * 600) / (minutes * 150), 9);
    expect(status.budget.allowed).toBeCloseTo(minutes * 0.15, 9);
    expect(status.budget.leftPercent).toBeCloseTo(100 - (100 * 600) / (minutes * 0.15), 9);
    expect(status.burnRates.map(({ window }) => window)).toEqual([
      ...["PT5M", "PT30M", "PT1H", "PT2H", "PT6H", "PT24H", "PT72H"],
    ]);
    expect(status.burnRates.map(({ rate }) => rate > 0)).toEqual([false, false, false, false, false, false, true]);
    expect(status.days).toHaveLength(8);
    expect(status.days.filter(({ bad }) => bad > 0).map(({ date }) => date)).toEqual(["2022-06-05"]);
    expect(objective.groups).toMatchObject({
      groupCount: 2,
      groups: [
        { group: [{ name: "country", value: "DE" }], status: { total: minutes * 100, bad: 600 } },
        { group: [{ name: "country", value: "FR" }], status: { total: minutes * 50, bad: 0, attainment: 100 } },
      ],
    });
  });

  test("of which nothing came says so, and not that all was good", async () => {
    const tenant = opened.openTenant();
    const id = await save(tenant);
    expect((await tenant.ask(STATUS, { id })).data).toMatchObject({
      objective: {
        status: {
          total: 0,
          attainment: null,
          met: null,
          budget: { leftPercent: null },
          forecast: { outcome: "UNKNOWN" },
        },
      },
    });
  });

  test("is refused for what the analytics room refuses of it, at the place where that stands", async () => {
    const tenant = opened.openTenant();
    const latency = { indicator: { latency: { field: "properties.ms", atMost: 300 } } };
    const slices = { indicator: { slices: { metric: "p99", atMost: 300 } } };
    for (const [more, from, to] of [
      [{}, "measures.0.filter.field", "indicator.events.good.field"],
      [{}, "filter.and.0.field", "indicator.events.of.and.0.field"],
      [{ groupBy: "contry" }, "dimensions.0", "groupBy"],
      [latency, "filter.or.0.field", "indicator.latency.field"],
      [slices, "metrics.0", "indicator.slices.metric"],
    ] as const) {
      world.refusal = refuse("BAD_INPUT", "There is none. Did you mean another?", {
        field: `input.question.olap.${from}`,
      });
      const { errors } = await tenant.ask(SAVE, { input: objectiveInput(more) });
      expect(errors).toMatchObject([{ extensions: { code: "BAD_INPUT", field: `input.${to}` } }]);
    }
    world.refusal = null;
    const { errors } = await tenant.ask(SAVE, { input: objectiveInput({ percent: 100 }) });
    expect(errors).toMatchObject([{ extensions: { code: "BAD_INPUT", field: "input.percent" } }]);
  });
});

describe("a rule on an objective", () => {
  test("fires when the budget burns over both windows of a pair, opens an incident of that severity, and is over when the short window is", async () => {
    const tenant = opened.openTenant();
    let outage = { from: Number.POSITIVE_INFINITY, until: Number.POSITIVE_INFINITY };
    world.traffic.set("DE", (minute) => ({
      total: 1_000,
      bad: minute >= outage.from && minute < outage.until ? 200 : 0,
    }));
    world.traffic.set("FR", () => ({ total: 1_000, bad: 0 }));
    const policies = `mutation ($policies: [IncidentPolicyInput!]!) { setIncidentPolicies(version: 0, policies: $policies) { __typename } }`;
    await tenant.ask(policies, { policies: [{ name: "burn", severity: "CRITICAL", groupBy: ["rule", "country"] }] });
    const id = await save(tenant, { groupBy: "country" });
    const ruleId = await makeRule(tenant, id);
    await opened.turn(0);
    expect((await tenant.ask(RULE, { id: ruleId })).data).toMatchObject({
      rule: {
        ...{ objective: { id }, failureCode: null, judgedUntil: "2022-06-06T12:00:00.000Z" },
        question: { field: "olap", granularity: "MINUTE", maxSeries: 20, delay: "PT0S" },
        detector: {
          kind: "BURN_RATE",
          settings: { target: 99.9, windows: [{ factor: 14.4 }, { factor: 6 }, { factor: 1 }] },
        },
        lastEvaluation: { outcome: "NORMAL" },
      },
    });
    expect((await linksOf(tenant, id)).anomalies).toEqual([]);
    // A fifth is bad: the five minutes see it at once, the hour from its fifth minute on: 0.2 * 5 / 60 is 16.7 times the budget.
    outage = { from: 0, until: 30 };
    await opened.turn(4);
    expect((await linksOf(tenant, id)).anomalies).toEqual([]);
    await opened.turn(1);
    const burning = await linksOf(tenant, id);
    expect(burning).toMatchObject({
      rules: [{ id: ruleId, name: "burn" }],
      anomalies: [{ state: "FIRING", severity: "CRITICAL", group: [{ value: "DE" }], objective: { id } }],
    });
    expect(burning.anomalies[0]?.["evidence"]).toMatchObject({
      because: "the error budget burns at 16.67 over 60 min and 200 over 5 min, against 14.4",
    });
    // Other tests' transactions on the same server can hold entries of the log back for a moment.
    while ((await linksOf(tenant, id)).incidents.length === 0) await opened.drain();
    expect((await linksOf(tenant, id)).incidents).toMatchObject([
      { title: "burn: rule burn, country DE", state: "TRIGGERED", severity: "CRITICAL" },
    ]);
    // The outage ends after half an hour; what burns on is the six hours' window, until its half hour is good.
    await opened.turn(30);
    expect((await linksOf(tenant, id)).anomalies).toMatchObject([{ state: "FIRING" }]);
    await opened.turn(360);
    expect((await linksOf(tenant, id)).anomalies).toMatchObject([
      { state: "RESOLVED", resolution: { cause: "METRIC_RETURNED" } },
    ]);
  });

  test("follows its objective: what is measured anew starts anew, a new name changes nothing", async () => {
    const tenant = opened.openTenant();
    world.traffic.set("DE", () => ({ total: 1_000, bad: 100 }));
    const input = objectiveInput();
    const { id } = savedShape.parse((await tenant.ask(SAVE, { input })).data).saved.objective;
    const ruleId = await makeRule(tenant, id);
    await opened.turn(0);
    expect((await linksOf(tenant, id)).anomalies).toMatchObject([{ state: "FIRING" }]);
    await tenant.ask(SAVE, { id, version: 1, input: { ...input, name: `other ${randomUUID()}`, description: "why" } });
    await opened.turn(1);
    expect((await linksOf(tenant, id)).anomalies).toMatchObject([{ state: "FIRING" }]);
    const changed = await tenant.ask(SAVE, { id, version: 2, input: { ...input, percent: 85 } });
    expect(changed.errors).toMatchObject([
      { message: expect.stringMatching(/^The rule "burn" can't go on with it: .* can't be burnt so fast/) },
    ]);
    const windows = [{ long: "PT1H", short: "PT5M", factor: 2 }];
    const update = `mutation ($id: ID!, $input: UpdateRuleInput!) { updateRule(id: $id, input: $input) { __typename ... on RuleRejected { problems { field } } } }`;
    expect((await tenant.ask(update, { id: ruleId, input: { detector: { burnRate: { windows } } } })).data).toEqual({
      updateRule: { __typename: "RuleSaved" },
    });
    expect((await linksOf(tenant, id)).anomalies).toMatchObject([
      { state: "RESOLVED", resolution: { cause: "RULE_CHANGED" } },
    ]);
    await tenant.ask(SAVE, { id, version: 2, input: { ...input, percent: 85 } });
    expect((await tenant.ask(RULE, { id: ruleId })).data).toMatchObject({
      rule: { detector: { settings: { target: 85, windows } }, judgedUntil: null },
    });
    // A tenth is bad, and 15 of a hundred may be: nothing burns.
    await opened.turn(1);
    expect((await linksOf(tenant, id)).anomalies).toHaveLength(1);
  });

  test("is simulated over the past as it would have been evaluated, from a draft", async () => {
    const tenant = opened.openTenant();
    world.traffic.set("DE", (minute) => ({ total: 1_000, bad: minute >= -600 && minute < -570 ? 200 : 0 }));
    const id = await save(tenant);
    const simulate = `query ($draft: CreateRuleInput, $from: DateTime!, $to: DateTime!) { simulateRule(draft: $draft, from: $from, to: $to) {
      buckets episodeCount episodes { from severity } } }`;
    const draft = { name: "burn", objective: { id } };
    const [from, to] = [new Date(START_MS - 24 * 3_600_000).toISOString(), new Date(START_MS).toISOString()];
    expect((await tenant.ask(simulate, { draft, from, to })).data).toEqual({
      simulateRule: {
        ...{ buckets: 1_440, episodeCount: 1 },
        episodes: [{ from: new Date(START_MS - 596 * 60_000).toISOString(), severity: "CRITICAL" }],
      },
    });
  });

  test("on slices judges hours of a metric, by windows of hours", async () => {
    const tenant = opened.openTenant();
    // The metric is the number of bad ones: from an hour before on, 60 an hour, which is more than 10.
    world.traffic.set("DE", (minute) => ({ total: 10, bad: minute >= -60 ? 1 : 0 }));
    const id = await save(tenant, { indicator: { slices: { metric: "failures", atMost: 10 } }, percent: 95 });
    const ruleId = await makeRule(tenant, id);
    await opened.turn(0);
    expect((await tenant.ask(RULE, { id: ruleId })).data).toMatchObject({
      rule: { question: { granularity: "HOUR" }, detector: { settings: { bad: { by: "ABOVE", bound: 10 } } } },
    });
    // Of a day of 24 slices four are bad, which is 3.3 times 5 %.
    await opened.turn(180);
    expect((await linksOf(tenant, id)).anomalies).toMatchObject([{ state: "FIRING" }]);
    expect((await tenant.ask(STATUS, { id })).data).toMatchObject({ objective: { status: { total: 168, bad: 4 } } });
  });

  test("needs an objective that is there, and burn rates need one", async () => {
    const tenant = opened.openTenant();
    const missing = await tenant.ask(CREATE_RULE, { input: { name: "burn", objective: { id: randomUUID() } } });
    expect(missing.errors).toMatchObject([{ extensions: { code: "NOT_FOUND", field: "input.objective.id" } }]);
    const question = {
      question: { olap: { range: { sliding: "P1D" }, measures: [{ function: "COUNT" }] } },
      granularity: "MINUTE",
    };
    const windows = [{ long: "PT1H", short: "PT5M", factor: 2 }];
    const burn = { name: "burn", question, detector: { burnRate: { windows } } };
    const rejected = z.object({ createRule: z.object({ problems: z.array(z.object({ message: z.string() })) }) });
    const { problems } = rejected.parse((await tenant.ask(CREATE_RULE, { input: burn })).data).createRule;
    expect(problems.map(({ message }) => message)).toContain(
      "A burn rate is of an objective: let the rule watch one by `objective`.",
    );
    const id = await save(tenant);
    const both = await tenant.ask(CREATE_RULE, { input: { name: "burn", question, objective: { id } } });
    expect(both.errors).toMatchObject([{ extensions: { code: "BAD_INPUT", field: "input.objective" } }]);
    const fast = {
      name: "burn",
      objective: { id },
      detector: { burnRate: { windows: [{ long: "PT1H", short: "PT90S", factor: 2 }] } },
    };
    expect((await tenant.ask(CREATE_RULE, { input: fast })).data).toMatchObject({
      createRule: { __typename: "RuleRejected", problems: [{ field: "detector.burnRate.windows.0.short" }] },
    });
  });
});
