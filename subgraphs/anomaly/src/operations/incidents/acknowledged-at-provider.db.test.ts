import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, jest, test } from "@jest/globals";
import { ALERT_CHANGED } from "@tessera/contracts/events/alert-changed";
import { INCIDENT_CHANGED } from "@tessera/contracts/events/incident-changed";
import type { TenantId } from "@tessera/contracts/ids";
import { callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { z } from "zod";
import { openIncidents, type Incidents } from "../../open-incidents.ts";
import { followIncidentsToAlerts } from "../../reactions/incidents/follow-incidents-to-alerts.ts";
import { takeAlerts } from "../../reactions/incidents/take-alerts.ts";
import { makeRule, openAnomalyRoom, raise, type AnomalyRoom } from "../../testing/anomaly-room.ts";
import { openNotifyRoom, testPorts, type NotifyRoom } from "../../testing/notify/notify-room.ts";
import { KNOWN, openReceivers, type Receivers } from "../../testing/notify/receivers.ts";

// Both engines are shared with the tests beside this one; nothing here is measured in time.
jest.setTimeout(240_000);

let provider: Receivers;
let notify: NotifyRoom;
let room: AnomalyRoom;
let incidents: Incidents;
beforeAll(async () => {
  provider = await openReceivers();
  const { url } = provider;
  notify = await openNotifyRoom({
    providers: { slack: url, pagerDuty: { US: url, EU: url }, opsgenie: { US: url, EU: url } },
  });
  room = openAnomalyRoom();
  room.clock.ms = notify.clock.ms;
  incidents = openIncidents(room.engines.resources, testPorts());
});
afterAll(async () => {
  await room.close();
  await notify.close();
  await provider.close();
});

const entriesOf = async (tenantId: TenantId, topic: string) => {
  const text = "SELECT payload FROM event_log WHERE tenant_id = $1 AND topic = $2 ORDER BY transaction_id, sequence";
  const { rows } = await room.engines.owner.query(text, [tenantId, topic]);
  return z
    .array(z.object({ payload: z.unknown() }))
    .parse(rows)
    .map(({ payload }, place) => ({
      ...{ tenantId, topic, payload, cursor: { transaction: 1n, sequence: BigInt(place) } },
    }));
};
/** Has all that the log tells of a tenant taken by those who follow it, and what follows sent. */
const relay = async (tenantId: TenantId): Promise<void> => {
  const { sql } = room.engines.resources;
  const alerts = await entriesOf(tenantId, ALERT_CHANGED);
  await sql.transaction(tenantId, (within) => takeAlerts(incidents.taking)(within, tenantId, alerts));
  const changes = await entriesOf(tenantId, INCIDENT_CHANGED);
  await sql.transaction(tenantId, (within) => followIncidentsToAlerts(incidents.following)(within, tenantId, changes));
  const all = await entriesOf(tenantId, ALERT_CHANGED);
  await notify.tell(
    tenantId,
    all.map(({ payload }) => notify.notify.telling.parseAlert(payload)),
  );
  while ((await notify.sendDue()) > 0);
};
const events = () =>
  provider.accepted.map(({ body }) =>
    z.object({ event_action: z.string(), dedup_key: z.string() }).parse(JSON.parse(body)),
  );

test("Who acknowledges an incident here acknowledges at PagerDuty what it opened there, by the same key and once", async () => {
  const tenantId = freshTenantId();
  const responder = callerWith(tenantId, ["anomaly:read", "anomaly:respond", "anomaly:manage"]);
  const duty = { name: "duty", pagerDuty: { routingKey: KNOWN.routingKey } };
  await notify.route(tenantId, [await notify.makeChannel(tenantId, duty)]);
  const policies = [{ name: "all", groupBy: [], count: 1 }];
  await incidents.operations.setIncidentPolicies(responder, 0, policies);
  await raise(room, tenantId, await makeRule(room, tenantId, { name: randomUUID(), enabled: false }));
  await relay(tenantId);
  const [trigger] = events();
  expect(events()).toMatchObject([{ event_action: "trigger" }]);
  const { items } = await incidents.operations.listIncidents(responder, { first: 10 });
  expect(items.map(({ state }) => state)).toEqual(["TRIGGERED"]);
  await incidents.operations.acknowledgeIncident(responder, items[0]?.id ?? "", "On it.");
  await relay(tenantId);
  await relay(tenantId);
  expect(events()).toEqual([trigger, { event_action: "acknowledge", dedup_key: trigger?.dedup_key }]);
});
