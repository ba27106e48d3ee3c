import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { z } from "zod";
import { callerOf, HOUR_MS, openQuestionWorld, START_MS, type QuestionWorld } from "./testing/question-world.ts";

// Both engines are shared with the tests beside this one; nothing here is measured in time.
jest.setTimeout(120_000);

let opened: QuestionWorld;
let world: QuestionWorld["world"];
beforeAll(() => {
  opened = openQuestionWorld();
  ({ world } = opened);
});
afterEach(() => opened.reset());
afterAll(() => opened.room.close());

const EXPLAINED = `{ anomalies { edges { node { change { asked } episode { asked } } } } }`;
const anomalies = z.object({
  anomalies: z.object({
    edges: z.array(
      z.object({
        node: z.object({
          change: z.object({ asked: z.string() }).nullable(),
          episode: z.object({ asked: z.string() }).nullable(),
        }),
      }),
    ),
  }),
});
const explained = async ({ ask }: ReturnType<QuestionWorld["openTenant"]>) =>
  anomalies.parse((await ask(EXPLAINED)).data).anomalies.edges.map(({ node }) => node);
const spanOf = (asked: string | undefined) =>
  z.object({ from: z.string(), to: z.string() }).parse(JSON.parse(asked ?? ""));

describe("the episode of an anomaly", () => {
  test("spans all buckets that showed it, where its change is the first of them", async () => {
    const tenant = opened.openTenant();
    world.counts.set("DE", (hour) => (hour >= 10 && hour < 13 ? 150 : 10));
    await opened.makeRule(tenant);
    await opened.turn(0);
    for (let hour = 0; hour < 4; hour += 1) await opened.turn();
    const [anomaly] = await explained(tenant);
    expect(spanOf(anomaly?.change?.asked)).toEqual({
      from: "2021-06-07T10:00:00.000Z",
      to: "2021-06-07T11:00:00.000Z",
    });
    expect(spanOf(anomaly?.episode?.asked)).toEqual({
      from: "2021-06-07T10:00:00.000Z",
      to: "2021-06-07T13:00:00.000Z",
    });
  });
});

test("An anomaly tells of what its rule watched when it was raised, whatever it watches now; one of before that was kept of what it watches", async () => {
  const tenant = opened.openTenant();
  world.counts.set("DE", (hour) => (hour >= 10 ? 150 : 10));
  const id = await opened.makeRule(tenant);
  await opened.turn(0);
  await opened.turn();
  const TOLD = `{ anomalies { edges { node { change { asked } picture { alternative } } } } }`;
  const told = async () => JSON.stringify((await tenant.ask(TOLD)).data);
  const before = await told();
  expect(before).toContain("(n, each hour)");
  const olap = { range: { sliding: "P1D" }, measures: [{ name: "other", function: "COUNT" }], dimensions: ["country"] };
  const question = { question: { olap }, granularity: "DAY", timeZone: "Europe/Berlin" };
  const update = `mutation ($id: ID!, $input: UpdateRuleInput!) { updateRule(id: $id, input: $input) { __typename } }`;
  expect((await tenant.ask(update, { id, input: { question } })).data).toEqual({
    updateRule: { __typename: "RuleSaved" },
  });
  expect(await told()).toBe(before.replace("it lasts.", "it was over at 2021-06-07 11:01."));
  await opened.room.engines.owner.query("UPDATE anomaly SET watch = NULL WHERE tenant_id = $1", [tenant.tenantId]);
  expect(await told()).toContain("(other, each day)");
});

const AROUND = `{ anomalies { edges { node { group { value } series { from to value high anomalous }
  correlated(first: 5) { anomaly { group { value } } score onsetDistanceSeconds overlap sharedLabels
    shape { correlation lag chance significant } }
  changesNear(first: 5) { change { key title labels { name value } } edge at leadSeconds chance significant sharedLabels } } } } }`;
const shape = z.object({ correlation: z.number(), lag: z.number(), chance: z.number(), significant: z.boolean() });
const groupShape = z.array(z.object({ value: z.string().nullable() }));
const aroundShape = z.object({
  anomalies: z.object({
    edges: z.array(
      z.object({
        node: z.object({
          group: groupShape,
          series: z.array(z.object({ from: z.string(), value: z.number().nullable(), anomalous: z.boolean() })),
          correlated: z.array(
            z.object({
              anomaly: z.object({ group: groupShape }),
              ...{ score: z.number(), onsetDistanceSeconds: z.number(), overlap: z.number() },
              ...{ sharedLabels: z.array(z.string()), shape: shape.nullable() },
            }),
          ),
          changesNear: z.array(
            z.object({
              change: z.object({ key: z.string() }),
              ...{ edge: z.string(), leadSeconds: z.number(), chance: z.number(), significant: z.boolean() },
              sharedLabels: z.array(z.string()),
            }),
          ),
        }),
      }),
    ),
  }),
});
type Tenant = ReturnType<QuestionWorld["openTenant"]>;
const around = async ({ ask }: Tenant, country: string) => {
  const { edges } = aroundShape.parse((await ask(AROUND)).data).anomalies;
  const found = edges.find(({ node }) => node.group[0]?.value === country);
  if (found === undefined) throw new Error(`Nothing is wrong in ${country}.`);
  return found.node;
};
const RECORD = `mutation ($input: RecordChangeInput!) { recordChange(input: $input) {
  id key kind title at until link labels { name value } recordedBy { kind id } recordedAt } }`;
const recordedShape = z.object({ recordChange: z.object({ id: z.string(), title: z.string() }) });
const CHANGES = `query ($kind: RecordedChangeKind, $first: Int! = 50, $after: Cursor) {
  recordedChanges(kind: $kind, first: $first, after: $after) { edges { cursor node { id key title } } pageInfo { hasNextPage } } }`;
const changesShape = z.object({
  recordedChanges: z.object({
    edges: z.array(z.object({ cursor: z.string(), node: z.object({ key: z.string(), title: z.string() }) })),
    pageInfo: z.object({ hasNextPage: z.boolean() }),
  }),
});
const recorder = (tenant: Tenant) => callerOf(tenant.tenantId, tenant.userId, ["changes:record"]);
const record = async (tenant: Tenant, input: object) =>
  recordedShape.parse((await tenant.ask(RECORD, { input }, recorder(tenant))).data).recordChange;
const momentAt = (hour: number): string => new Date(START_MS + hour * HOUR_MS).toISOString();

describe("what lies around an anomaly", () => {
  test("is its series from two days before it, kept when its rule forgets the series, and other anomalies by when they began and how alike they run", async () => {
    const tenant = opened.openTenant();
    const noise = (hour: number): number => ((((hour * 7_919) % 101) + 101) % 101) / 4;
    const broken = (hour: number, from: number): number => (hour >= from && hour < from + 3 ? 150 : 20) + noise(hour);
    world.counts.set("DE", (hour) => broken(hour, 10));
    world.counts.set("AT", (hour) => 2 * broken(hour, 10));
    world.counts.set("US", (hour) => (hour >= 12 ? 300 : 10 + ((hour * hour) % 13)));
    const id = await opened.makeRule(tenant, {
      detector: { robustZ: { window: 48 } },
      labels: [{ name: "service", value: "shop" }],
    });
    await opened.turn(0);
    for (let hour = 0; hour < 5; hour += 1) await opened.turn();
    const found = await around(tenant, "DE");
    expect(found.series[0]?.from).not.toBe(undefined);
    const shown = found.series.find(({ from }) => from === momentAt(10));
    expect(shown).toMatchObject({ value: broken(10, 10), anomalous: true });
    const [first, second] = found.correlated;
    expect(first).toMatchObject({
      ...{ anomaly: { group: [{ value: "AT" }] }, onsetDistanceSeconds: 0, overlap: 1, sharedLabels: ["service"] },
    });
    expect(second).toMatchObject({ anomaly: { group: [{ value: "US" }] }, onsetDistanceSeconds: 7_200 });
    expect(first?.score).toBeGreaterThan(second?.score ?? 1);
    await tenant.ask(`mutation ($id: ID!) { deleteRule(id: $id) { __typename } }`, { id });
    expect((await around(tenant, "DE")).series.find(({ from }) => from === momentAt(10))).toEqual(shown);
  });

  test("is whatever changed shortly before it and seldom does, and nothing of what changes all the time or of another tenant", async () => {
    const [tenant, other] = [opened.openTenant(), opened.openTenant()];
    world.counts.set("DE", (hour) => (hour >= 10 ? 150 : 10));
    await opened.makeRule(tenant, { labels: [{ name: "service", value: "shop" }] });
    const labels = [{ name: "service", value: "shop" }];
    await record(tenant, { key: "v7", kind: "DEPLOY", title: "Shop 7", at: momentAt(10.25), labels });
    for (let hour = -80; hour < 11; hour += 1)
      await record(tenant, { key: `flag ${hour}`, kind: "FLAG", title: "A flag", at: momentAt(hour + 0.5) });
    const campaign = { key: "summer", kind: "CAMPAIGN", title: "Summer", at: momentAt(-100), until: momentAt(9) };
    await record(tenant, campaign);
    await record(other, { key: "v7", kind: "DEPLOY", title: "Another's", at: momentAt(10.5) });
    await opened.turn(0);
    await opened.turn();
    const { changesNear } = await around(tenant, "DE");
    expect(changesNear[0]).toMatchObject({
      ...{ change: { key: "v7" }, edge: "BEGAN", leadSeconds: 2_700, significant: true, sharedLabels: ["service"] },
    });
    expect(changesNear[1]).toMatchObject({ change: { key: "summer" }, edge: "ENDED", leadSeconds: 7_200 });
    expect(changesNear.slice(2).every(({ significant }) => !significant)).toBe(true);
  });
});

describe("a picture of an anomaly", () => {
  test("is drawn on the ground that is asked for, with its words, as SVG and as PNG", async () => {
    const tenant = opened.openTenant();
    world.counts.set("<b>DE</b>", (hour) => (hour >= 10 ? 150 : 10));
    await opened.makeRule(tenant);
    await opened.turn(0);
    await opened.turn();
    const asked = `{ anomalies { edges { node { light: picture { width height alternative svg }
      dark: picture(theme: DARK) { svg png } } } } }`;
    const picture = z.object({ svg: z.string() });
    const drawn = z.object({
      anomalies: z.object({
        edges: z.tuple([
          z.object({
            node: z.object({
              light: picture.extend({ alternative: z.string(), width: z.number() }),
              dark: picture.extend({ png: z.string() }),
            }),
          }),
        ]),
      }),
    });
    const { light, dark } = drawn.parse((await tenant.ask(asked)).data).anomalies.edges[0].node;
    expect(light.alternative).toBe(
      "errors — country <b>DE</b> (n, each hour): 150 at 2021-06-07 10:00 (UTC); 1 of 2 buckets are anomalous, values of the episode from 150 to 150; it lasts.",
    );
    expect(light.svg).toContain("country &lt;b&gt;DE&lt;/b&gt;");
    expect(light.svg + dark.svg).not.toContain("<b>");
    expect(light.svg).not.toBe(dark.svg);
    expect(Buffer.from(dark.png, "base64").subarray(1, 4).toString()).toBe("PNG");
  });
});

describe("a recorded change", () => {
  test("is one however often its key is recorded, as it was told last, and is listed by kind in pages of its own tenant", async () => {
    const [tenant, other] = [opened.openTenant(), opened.openTenant()];
    const deploy = { key: "build 1", kind: "DEPLOY", title: "First", at: momentAt(1), link: "https://ci.example/1" };
    const first = await record(tenant, deploy);
    const again = await record(tenant, { ...deploy, title: "First, again" });
    expect(again).toEqual({ ...first, title: "First, again" });
    await record(tenant, { ...deploy, key: "build 2" });
    await record(tenant, { ...deploy, key: "flag", kind: "FLAG" });
    const list = async (of: Tenant, variables: object = {}) =>
      changesShape.parse((await of.ask(CHANGES, variables)).data).recordedChanges;
    const page = await list(tenant, { kind: "DEPLOY", first: 1 });
    expect(page.edges.map(({ node }) => node.key)).toEqual(["build 2"]);
    expect(page.pageInfo.hasNextPage).toBe(true);
    const next = await list(tenant, { kind: "DEPLOY", first: 1, after: page.edges[0]?.cursor });
    expect(next.edges.map(({ node }) => node.title)).toEqual(["First, again"]);
    expect((await list(tenant)).edges).toHaveLength(3);
    expect((await list(other)).edges).toEqual([]);
    expect((await list(other, { after: page.edges[0]?.cursor })).edges).toEqual([]);
  });

  test("asks for the permission to record, and is refused by its place where it makes no sense", async () => {
    const tenant = opened.openTenant();
    const input = { key: "k", kind: "DEPLOY", title: "t", at: momentAt(1) };
    expect((await tenant.ask(RECORD, { input })).errors).toMatchObject([
      { extensions: { code: "FORBIDDEN", permission: "changes:record" } },
    ]);
    for (const [part, field] of [
      [{ until: momentAt(0) }, "input.until"],
      [{ link: "javascript:alert(1)" }, "input.link"],
      [{ title: " " }, "input.title"],
      [{ labels: [{ name: "a b", value: "x" }] }, "input.labels.0.name"],
      [{ key: "k".repeat(201) }, "input.key"],
    ] as const)
      expect((await tenant.ask(RECORD, { input: { ...input, ...part } }, recorder(tenant))).errors).toMatchObject([
        { extensions: { code: "BAD_INPUT", field } },
      ]);
  });
});
