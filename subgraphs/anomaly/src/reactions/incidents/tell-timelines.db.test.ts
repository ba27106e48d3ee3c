import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { AlertChanged } from "@tessera/contracts/events/alert-changed";
import { NOTIFICATION_SETTLED } from "@tessera/contracts/events/notification-settled";
import type { TenantId } from "@tessera/contracts/ids";
import { freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import fc from "fast-check";
import { z } from "zod";
import { openIncidents } from "../../open-incidents.ts";
import { incidentAlert } from "../../testing/incident-room.ts";
import { openNotifyRoom, testPorts, type NotifyRoom } from "../../testing/notify/notify-room.ts";
import { takeAlerts } from "./take-alerts.ts";
import { tellTimelinesOf } from "./tell-timelines.ts";

// The engines are shared with the tests beside this one; nothing here is measured in time.
jest.setTimeout(240_000);

let room: NotifyRoom;
let incidents: ReturnType<typeof openIncidents>;
beforeAll(async () => {
  room = await openNotifyRoom();
  incidents = openIncidents(room.engines.resources, testPorts());
});
afterAll(() => room.close());

const settled = z.array(z.object({ transaction: z.string(), sequence: z.string(), payload: z.unknown() }));

/** A tenant whose alerts of a team open an incident when there are two, told to an inbox. */
const openWorld = async () => {
  const tenantId = freshTenantId();
  const channel = await room.makeChannel(tenantId, { name: "ops", inApp: {} });
  await room.route(tenantId, [channel], { groupWaitSeconds: 0 });
  const caller = { ...room.managerOf(tenantId), permissions: new Set(["anomaly:read", "anomaly:manage"] as const) };
  const { version } = await incidents.operations.incidentPolicies(caller);
  await incidents.operations.setIncidentPolicies(caller, version, [{ name: "shop", groupBy: ["team"], count: 2 }]);
  let place = 0;
  return {
    tenantId,
    /** Lets incidents take alerts. */
    take: (alerts: readonly AlertChanged[]) =>
      room.engines.resources.sql.transaction(tenantId, (within) => {
        place += 1;
        const cursor = { transaction: 1n, sequence: BigInt(place) };
        const entries = alerts.map((payload) => ({ tenantId, topic: "alert.changed", payload, cursor }));
        return takeAlerts(incidents.taking)(within, tenantId, entries);
      }),
    /** Tells channels of alerts, and sends what they are told. */
    send: async (alerts: readonly AlertChanged[]) => {
      await room.tell(tenantId, alerts);
      room.clock.ms += 60_000;
      while ((await room.sendDue()) > 0);
    },
    /** Lets timelines read what the log has of deliveries, from its beginning. */
    read: async () => {
      const text = `SELECT transaction_id::text AS transaction, sequence::text, payload FROM event_log
        WHERE tenant_id = $1 AND topic = $2 ORDER BY transaction_id, sequence`;
      const rows = settled.parse((await room.engines.owner.query(text, [tenantId, NOTIFICATION_SETTLED])).rows);
      const entries = rows.map(({ transaction, sequence, payload }) => ({
        ...{ tenantId, topic: NOTIFICATION_SETTLED, payload },
        cursor: { transaction: BigInt(transaction), sequence: BigInt(sequence) },
      }));
      await room.engines.resources.sql.transaction(tenantId, (within) =>
        tellTimelinesOf(incidents.writing)(within, tenantId, entries),
      );
    },
    told: async () => {
      const [incident] = (await incidents.operations.listIncidents(caller, { first: 10 })).items;
      const entries = incident === undefined ? [] : await incidents.loaders(tenantId).entries.load(incident.id);
      return entries.filter(({ kind }) => kind === "TOLD");
    },
    postmortem: async () => {
      const [incident] = (await incidents.operations.listIncidents(caller, { first: 10 })).items;
      if (incident === undefined) throw new Error("There is no incident.");
      return incidents.loaders(tenantId).postmortem(incident, () => Promise.resolve(null));
    },
  };
};

/** Deliveries that are over, as the log of deliveries has them. */
const sentOf = async (tenantId: TenantId) =>
  (await room.deliveriesOf(tenantId)).filter(({ state }) => state === "SENT").length;

describe("a timeline", () => {
  test("tells who was told, by what and when, and the postmortem with it", async () => {
    const world = await openWorld();
    const [one, two] = [incidentAlert(world.tenantId), incidentAlert(world.tenantId)];
    await world.take([one]);
    await world.take([two]);
    await world.send([one, two]);
    await world.read();
    const told = await world.told();
    expect(told).toHaveLength(await sentOf(world.tenantId));
    expect(told[0]).toMatchObject({ text: "Told by ops (IN_APP), at the first try.", by: null });
    expect([one.anomalyId, two.anomalyId]).toContain(told[0]?.anomalyId);
    const { markdown, json } = await world.postmortem();
    expect(markdown).toContain("| TOLD |");
    expect(markdown).toContain("Told by ops");
    expect(JSON.stringify(json)).toContain("Told by ops (IN_APP), at the first try.");
  });

  test("tells each delivery once, whether it ended before its alert joined or after, and however often it is read", async () => {
    const step = fc.constantFrom(...(["take", "send", "read"] as const));
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 6 }), async (story) => {
        const world = await openWorld();
        const alerts = Array.from({ length: 3 }, () => incidentAlert(world.tenantId));
        const left = { take: [...alerts], send: [...alerts] };
        const run = async (one: (typeof story)[number]): Promise<void> => {
          if (one === "read") return world.read();
          const alert = left[one].shift();
          if (alert !== undefined) await world[one]([alert]);
        };
        for (const one of story) await run(one);
        while (left.take.length > 0) await run("take");
        while (left.send.length > 0) await run("send");
        await world.read();
        await world.read();
        const told = await world.told();
        expect([told.length, new Set(told.map(({ id }) => id)).size]).toEqual([3, 3]);
        expect(new Set(told.map(({ anomalyId }) => anomalyId))).toEqual(new Set(alerts.map((one) => one.anomalyId)));
      }),
      { numRuns: 12, endOnFailure: true },
    );
  });
});
