import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { z } from "zod";
import { MAX_SOURCES } from "../../domain/explain/change-source.ts";
import { MAX_CHANGE_EVENTS } from "../../store/explain/change-events.ts";
import { eventRow, storeEvents } from "../../testing/anomaly-room.ts";
import { callerOf, HOUR_MS, openQuestionWorld, START_MS, type QuestionWorld } from "../../testing/question-world.ts";

// Both engines are shared with the tests beside this one; nothing here is measured in time.
jest.setTimeout(120_000);

let opened: QuestionWorld;
beforeAll(() => {
  opened = openQuestionWorld();
});
afterEach(() => opened.reset());
afterAll(() => opened.room.close());

type Tenant = ReturnType<QuestionWorld["openTenant"]>;
const SAVE = `mutation ($input: ChangeSourceInput!) { saveChangeSource(input: $input) {
  name kind event title link labels { name property } savedBy { kind id } savedAt } }`;
const LIST = `{ changeSources { name event title } }`;
const DELETE = `mutation ($name: String!) { deleteChangeSource(name: $name) { name } }`;
const NEAR = `{ anomalies { edges { node { changesNear(first: 20) { edge leadSeconds significant sharedLabels
  change { id key kind title at until source link labels { name value } recordedBy { id } recordedAt } } } } } }`;
const nearShape = z.object({
  anomalies: z.object({
    edges: z.tuple([
      z.object({
        node: z.object({
          changesNear: z.array(
            z.object({
              ...{
                edge: z.string(),
                leadSeconds: z.number(),
                significant: z.boolean(),
                sharedLabels: z.array(z.string()),
              },
              change: z.object({ id: z.string(), title: z.string(), source: z.string().nullable() }).loose(),
            }),
          ),
        }),
      }),
    ]),
  }),
});
const BUILDS = {
  ...{ name: "Builds", kind: "DEPLOY", event: "deployed", title: "release.title", link: "release.url" },
  labels: [{ name: "service", property: "service" }],
};
const editor = (tenant: Tenant) =>
  callerOf(tenant.tenantId, tenant.userId, ["analytics:read", "anomaly:read", "anomaly:manage"]);
const save = (tenant: Tenant, input: object) => tenant.ask(SAVE, { input }, editor(tenant));
const near = async (tenant: Tenant) =>
  nearShape.parse((await tenant.ask(NEAR)).data).anomalies.edges[0].node.changesNear;
const at = (hour: number): number => START_MS + hour * HOUR_MS;

describe("stored events that are changes", () => {
  test("are found beside recorded ones as soon as they are declared, by the properties that are named, and are none of another tenant's", async () => {
    const [tenant, other] = [opened.openTenant(), opened.openTenant()];
    opened.world.counts.set("DE", (hour) => (hour >= 10 ? 150 : 10));
    await opened.makeRule(tenant, { labels: [{ name: "service", value: "shop" }] });
    const properties = { service: "shop", release: { title: "Shop 7", url: "https://ci.example/7" } };
    const deploy = eventRow(tenant.tenantId, "deployed", at(10.25), { properties });
    const flips = Array.from({ length: 90 }, (_, hour) => eventRow(tenant.tenantId, "flag flipped", at(hour - 79.5)));
    const foreign = eventRow(other.tenantId, "deployed", at(10.5), { properties });
    await storeEvents(opened.room, [deploy, ...flips, foreign]);
    await opened.turn(0);
    await opened.turn();
    expect(await near(tenant)).toEqual([]);
    await save(tenant, BUILDS);
    await save(tenant, { name: "Flags", kind: "FLAG", event: "flag flipped" });
    const found = await near(tenant);
    expect(found[0]).toMatchObject({
      ...{ edge: "BEGAN", leadSeconds: 2_700, significant: true, sharedLabels: ["service"] },
      change: {
        ...{ id: deploy.event_id, key: deploy.event_id, kind: "DEPLOY", title: "Shop 7", source: "Builds" },
        ...{ link: "https://ci.example/7", labels: [{ name: "service", value: "shop" }], recordedBy: null },
        ...{ at: new Date(at(10.25)).toISOString(), until: null, recordedAt: new Date(at(10.25)).toISOString() },
      },
    });
    const others = found.slice(1);
    expect(others.length).toBeGreaterThan(5);
    expect(others.every(({ change, significant }) => change.source === "Flags" && !significant)).toBe(true);
    expect(others[0]?.change.title).toBe("flag flipped");
    await tenant.ask(DELETE, { name: "Flags" }, editor(tenant));
    expect(await near(tenant)).toHaveLength(1);
  });

  test("that happen all the time are told of no more than one that happens every ten minutes says: nothing", async () => {
    const tenant = opened.openTenant();
    opened.world.counts.set("DE", (hour) => (hour >= 10 ? 150 : 10));
    await opened.makeRule(tenant);
    await save(tenant, { name: "Beats", kind: "OTHER", event: "beat" });
    const beats = Array.from({ length: MAX_CHANGE_EVENTS + 1 }, (_, beat) =>
      eventRow(tenant.tenantId, "beat", at(10.9) - beat * 60_000),
    );
    await storeEvents(opened.room, beats);
    await opened.turn(0);
    await opened.turn();
    expect(await near(tenant)).toEqual([]);
  });
});

describe("a source of changes", () => {
  test("is one however often its name is saved, is listed by name, and is forgotten once", async () => {
    const [tenant, other] = [opened.openTenant(), opened.openTenant()];
    await save(tenant, BUILDS);
    const again = await save(tenant, { ...BUILDS, event: "released", title: null });
    expect(again.data).toMatchObject({
      saveChangeSource: { name: "Builds", event: "released", title: null, savedBy: { id: tenant.userId } },
    });
    await save(tenant, { ...BUILDS, name: "Another" });
    expect((await tenant.ask(LIST)).data).toMatchObject({
      changeSources: [{ name: "Another" }, { name: "Builds", event: "released" }],
    });
    expect((await other.ask(LIST)).data).toEqual({ changeSources: [] });
    const remove = async (of: Tenant) => (await of.ask(DELETE, { name: "Builds" }, editor(of))).data;
    expect(await remove(other)).toEqual({ deleteChangeSource: null });
    expect(await remove(tenant)).toEqual({ deleteChangeSource: { name: "Builds" } });
    expect(await remove(tenant)).toEqual({ deleteChangeSource: null });
  });

  test("asks for both permissions, is bounded, and is refused by its place", async () => {
    const tenant = opened.openTenant();
    const manager = callerOf(tenant.tenantId, tenant.userId, ["anomaly:read", "anomaly:manage"]);
    expect((await tenant.ask(SAVE, { input: BUILDS }, manager)).errors).toMatchObject([
      { extensions: { code: "FORBIDDEN", permission: "analytics:read" } },
    ]);
    expect((await save(tenant, { ...BUILDS, link: "a b" })).errors).toMatchObject([
      { extensions: { code: "BAD_INPUT", field: "input.link" } },
    ]);
    for (let place = 0; place < MAX_SOURCES; place += 1) await save(tenant, { ...BUILDS, name: `Source ${place}` });
    expect((await save(tenant, BUILDS)).errors).toMatchObject([
      { extensions: { code: "BAD_INPUT", field: "input.name" } },
    ]);
    expect((await save(tenant, { ...BUILDS, name: "Source 3" })).errors).toBeUndefined();
  });
});
