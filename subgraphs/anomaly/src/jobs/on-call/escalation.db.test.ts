import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { TenantId } from "@tessera/contracts/ids";
import { askSubgraph, callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { anomaliesOf, eventRow, makeRule, rest, storeEvents } from "../../testing/anomaly-room.ts";
import { countOf } from "../../testing/definitions.ts";
import {
  CONTACTS,
  ESCALATION_RIGHTS,
  openEscalationRoom,
  SAVE,
  type EscalationRoom,
} from "../../testing/escalation-room.ts";
import { tellDuePages } from "./tell-pages.ts";

// The engines are shared with the tests beside this one; nothing here is measured in time.
jest.setTimeout(240_000);

let world: EscalationRoom;
beforeAll(async () => {
  world = await openEscalationRoom();
});
afterAll(() => world.close());

const MINUTE_MS = 60_000;
const PAGES =
  "query ($anomaly: ID!) { escalationPages(anomaly: $anomaly) { policy step reason personId outcome dueAt target { kind id } } }";

const makeSchedule = async (tenantId: TenantId, member: string): Promise<string> => {
  const text =
    "mutation ($input: OnCallScheduleInput!) { result: saveOnCallSchedule(input: $input) { ... on OnCallScheduleSaved { schedule { id } } } }";
  const input = {
    name: "first",
    timeZone: "UTC",
    layers: [{ name: "one", members: [member], firstDate: "1990-01-01" }],
  };
  const shape = z.object({ result: z.object({ schedule: z.object({ id: z.string() }) }) });
  return shape.parse(await world.ask(tenantId, text, { input })).result.schedule.id;
};

/** Has the pages of all that the log tells of a tenant's alerts told, and what they lead to sent. */
const relay = async (tenantId: TenantId): Promise<void> => {
  const text =
    "SELECT payload FROM event_log WHERE tenant_id = $1 AND topic = 'alert.changed' ORDER BY transaction_id, sequence";
  const { rows } = await world.room.engines.owner.query(text, [tenantId]);
  const alerts = z.array(z.object({ payload: z.unknown() })).parse(rows);
  await world.take(
    tenantId,
    alerts.map(({ payload }) => world.escalation.making.parseAlert(payload)),
  );
  await tellDuePages(world.escalation.telling)();
  await world.notify.sendDue();
};

describe("An escalation", () => {
  test("tells whoever is on call when its turn comes, step by step, until somebody looks; then all of them what became of it", async () => {
    const tenantId = freshTenantId();
    const [ada, bob] = [randomUUID(), randomUUID()];
    const own = await world.inboxChannel(tenantId, []);
    for (const person of [ada, bob]) await world.ask(tenantId, CONTACTS, { person, contacts: [{ channel: own }] });
    const schedule = await makeSchedule(tenantId, bob);
    const named = [{ label: "rule", operator: "EQUALS", values: ["paged"] }];
    const steps = [
      { after: "PT0S", targets: [{ kind: "PERSON", id: ada }] },
      { after: "PT5M", targets: [{ kind: "SCHEDULE", id: schedule }] },
      { after: "PT5M", targets: [{ kind: "PERSON", id: ada }] },
    ];
    await world.ask(tenantId, SAVE, {
      input: { name: "other", rank: 1, steps: steps.slice(2).map((one) => ({ ...one, after: "PT0S" })) },
    });
    await world.ask(tenantId, SAVE, { input: { name: "mine", matchers: named, steps } });
    const rule = await makeRule(world.room, tenantId, { name: "paged", metric: countOf("paged") });
    const evaluate = world.room.worker();
    const turn = async (): Promise<void> => {
      world.passTime(5 * MINUTE_MS);
      await storeEvents(
        world.room,
        [1, 2, 3].map(() => eventRow(tenantId, "paged", world.room.clock.ms - MINUTE_MS)),
      );
      await evaluate();
    };
    const people = async (): Promise<readonly string[]> =>
      (await world.told(tenantId)).map((one) => (one.startsWith(`USER:${ada}`) ? "ada" : "bob"));
    await turn();
    await relay(tenantId);
    expect(await people()).toEqual(["ada"]);
    await turn();
    await relay(tenantId);
    expect(await people()).toEqual(["ada", "bob"]);
    const anomaly = (await anomaliesOf(world.room, tenantId)).at(-1)?.id ?? "";
    await world.ask(tenantId, "mutation ($id: ID!) { acknowledgeAnomaly(id: $id) { __typename } }", { id: anomaly });
    await turn();
    await turn();
    await relay(tenantId);
    expect((await people()).toSorted()).toEqual(["ada", "ada", "bob", "bob"]);
    expect(await world.ask(tenantId, PAGES, { anomaly })).toMatchObject({
      escalationPages: [
        { policy: "mine", step: 0, outcome: "TOLD", personId: ada, target: { kind: "PERSON" } },
        { policy: "mine", step: 1, outcome: "TOLD", personId: bob, target: { kind: "SCHEDULE", id: schedule } },
        { policy: null, step: null, outcome: "TOLD", reason: "ACKNOWLEDGED_BY_CALLER", target: { kind: "TOLD" } },
      ],
    });
    expect(await world.ask(freshTenantId(), PAGES, { anomaly })).toEqual({ escalationPages: [] });
    await rest(world.room, [tenantId]);
    expect(rule).toBeTruthy();
  });

  test("is the one that a route names for the alert, in its delays and in whom it tells, and must be the tenant's", async () => {
    const [tenantId, other] = [freshTenantId(), freshTenantId()];
    const [ada, bob] = [randomUUID(), randomUUID()];
    const own = await world.inboxChannel(tenantId, []);
    for (const person of [ada, bob]) await world.ask(tenantId, CONTACTS, { person, contacts: [{ channel: own }] });
    const saved = z.object({ result: z.object({ policy: z.object({ id: z.string() }) }) });
    const save = async (name: string, after: string, id: string) =>
      saved.parse(
        await world.ask(tenantId, SAVE, { input: { name, steps: [{ after, targets: [{ kind: "PERSON", id }] }] } }),
      ).result.policy.id;
    await save("of all", "PT1H", ada);
    const escalation = await save("routed", "PT0S", bob);
    const set = `mutation ($root: NotificationRouteInput!) { setNotificationRoutes(version: 0, root: $root) {
      ... on NotificationRoutesSaved { routes { root { escalation routes { escalation } } } } } }`;
    const matchers = [{ label: "rule", values: ["routed"] }];
    const root = { name: "all", routes: [{ name: "own", matchers, escalation }] };
    expect(await world.ask(tenantId, set, { root })).toMatchObject({
      setNotificationRoutes: { routes: { root: { escalation: null, routes: [{ escalation }] } } },
    });
    const strange = await askSubgraph(world.room.subgraph, callerWith(other, ESCALATION_RIGHTS), set, { root });
    expect(strange.errors).toMatchObject([
      { message: `The tenant has no escalation policy ${escalation}.`, extensions: { code: "BAD_INPUT" } },
    ]);
    await makeRule(world.room, tenantId, { name: "routed", metric: countOf("routed") });
    world.passTime(5 * MINUTE_MS);
    await storeEvents(
      world.room,
      [1, 2, 3].map(() => eventRow(tenantId, "routed", world.room.clock.ms - MINUTE_MS)),
    );
    await world.room.worker()();
    await relay(tenantId);
    expect((await world.told(tenantId)).map((one) => one.startsWith(`USER:${bob}`))).toEqual([true]);
    await rest(world.room, [tenantId]);
  });

  test("is laid out before it is saved, with who is on call then and how they are reached", async () => {
    const tenantId = freshTenantId();
    const ada = randomUUID();
    const own = await world.inboxChannel(tenantId, []);
    await world.ask(tenantId, CONTACTS, { person: ada, contacts: [{ channel: own }, { channel: own, after: "PT2M" }] });
    const at = "2026-03-01T00:00:00.000Z";
    const input = { name: "x", repeats: 1, steps: [{ after: "PT1M", targets: [{ kind: "PERSON", id: ada }] }] };
    const text = `query ($input: EscalationPolicyInput!, $at: DateTime) { previewEscalation(input: $input, at: $at) {
      at repeat step personId target { kind } contacts { channelId at } } }`;
    expect(await world.ask(tenantId, text, { input, at })).toMatchObject({
      previewEscalation: [
        {
          ...{ at: "2026-03-01T00:01:00.000Z", repeat: 0, step: 0, personId: ada, target: { kind: "PERSON" } },
          contacts: [{ channelId: own, at: "2026-03-01T00:01:00.000Z" }, { at: "2026-03-01T00:03:00.000Z" }],
        },
        { at: "2026-03-01T00:31:00.000Z", repeat: 1 },
      ],
    });
  });

  test("is saved by version, has its name alone, is of its tenant, and refused where it makes no sense", async () => {
    const [tenantId, other] = [freshTenantId(), freshTenantId()];
    const person = randomUUID();
    const input = { name: "one", steps: [{ after: "PT0S", targets: [{ kind: "PERSON", id: person }] }] };
    const shape = z.object({ result: z.object({ policy: z.object({ id: z.string() }) }) });
    const { id } = shape.parse(await world.ask(tenantId, SAVE, { input })).result.policy;
    const kind = async (who: TenantId, variables: object): Promise<unknown> =>
      z.object({ result: z.object({ __typename: z.string() }) }).parse(await world.ask(who, SAVE, { ...variables }))
        .result.__typename;
    expect(await kind(tenantId, { input })).toBe("EscalationPolicyNameTaken");
    expect(await kind(tenantId, { id, version: 1, input: { ...input, rank: 2 } })).toBe("EscalationPolicySaved");
    expect(await kind(tenantId, { id, version: 1, input })).toBe("EscalationPolicyChangedMeanwhile");
    expect(await kind(other, { id, version: 2, input })).toBe("EscalationPolicyNotFound");
    expect(await world.ask(other, "{ escalationPolicies { id } notificationContacts { personId } }")).toEqual({
      ...{ escalationPolicies: [], notificationContacts: [] },
    });
    const refused = async (document: string, variables: Readonly<Record<string, unknown>>): Promise<unknown> =>
      (await askSubgraph(world.room.subgraph, callerWith(tenantId, ESCALATION_RIGHTS), document, variables)).errors?.[0]
        ?.extensions;
    const channel = { steps: [{ after: "PT0S", targets: [{ kind: "CHANNEL", id: person }] }] };
    const bad = (field: string) => ({ code: "BAD_INPUT", field });
    expect(await refused(SAVE, { input: { ...input, ...channel } })).toMatchObject(bad("input.steps.0.targets.0.id"));
    const severity = [{ label: "severity", operator: "EQUALS", values: ["INFO"] }];
    expect(await refused(SAVE, { input: { ...input, matchers: severity } })).toMatchObject(
      bad("input.matchers.0.label"),
    );
    const own = await world.inboxChannel(tenantId, []);
    expect(await refused(CONTACTS, { person, contacts: [{ channel: own, address: "x" }] })).toMatchObject(
      bad("contacts.0.address"),
    );
    expect(await refused(CONTACTS, { person, contacts: [{ channel: randomUUID() }] })).toMatchObject(
      bad("contacts.0.channel"),
    );
    const remove = "mutation ($id: ID!) { result: deleteEscalationPolicy(id: $id) { __typename } }";
    expect(await world.ask(other, remove, { id })).toEqual({ result: { __typename: "EscalationPolicyNotFound" } });
    expect(await world.ask(tenantId, remove, { id })).toEqual({ result: { __typename: "EscalationPolicyDeleted" } });
  });
});
