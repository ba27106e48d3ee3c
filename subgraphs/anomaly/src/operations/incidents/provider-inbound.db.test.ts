import { createHmac, randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, jest, test } from "@jest/globals";
import { ALERT_CHANGED } from "@tessera/contracts/events/alert-changed";
import { parseAnomalyId, type TenantId } from "@tessera/contracts/ids";
import { askSubgraph, callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import type { TenantSql } from "@tessera/platform/db/sql";
import { z } from "zod";
import { openIncidents, type Incidents } from "../../open-incidents.ts";
import { openNotify, type Notify } from "../../open-notify.ts";
import { tellChannels } from "../../reactions/notify/tell-channels.ts";
import { anomaliesOf, makeRule, openAnomalyRoom, raise, type AnomalyRoom } from "../../testing/anomaly-room.ts";
import { testPorts } from "../../testing/notify/notify-room.ts";
import { KNOWN } from "../../testing/notify/receivers.ts";

// Both engines are shared with the tests beside this one; nothing here is measured in time.
jest.setTimeout(240_000);

const SECRET = "the secret that PagerDuty shows once";
let room: AnomalyRoom;
let incidents: Incidents;
let notify: Notify;
const ports = testPorts();
beforeAll(() => {
  room = openAnomalyRoom();
  incidents = openIncidents(room.engines.resources, ports);
  notify = openNotify(room.engines.resources, ports);
});
afterAll(() => room.close());

const managerOf = (tenantId: TenantId) => callerWith(tenantId, ["notifications:manage", "anomaly:read"]);
const makeChannel = async (tenantId: TenantId): Promise<string> => {
  const input = { name: randomUUID(), pagerDuty: { routingKey: KNOWN.routingKey } };
  const made = await notify.operations.createChannel(managerOf(tenantId), input);
  if (made.kind !== "SAVED") throw new Error("The channel was not made.");
  return made.channel.id;
};
const connect = async (tenantId: TenantId, channelId: string, secret: string | null = SECRET) => {
  const connected = await incidents.operations.connectChannel(managerOf(tenantId), channelId, secret);
  if (connected.kind !== "CONNECTED") throw new Error(`Not connected: ${connected.kind}.`);
  return connected.inbound;
};
const raised = async (tenantId: TenantId): Promise<string> => {
  await raise(room, tenantId, await makeRule(room, tenantId, { name: randomUUID(), enabled: false }));
  return (await anomaliesOf(room, tenantId)).at(-1)?.id ?? "";
};
const signed = (body: string, secret = SECRET): string =>
  `v1=${createHmac("sha256", secret).update(body).digest("hex")}`;
const event = (
  kind: string,
  anomalyId: string | null,
  more: { id?: string; at?: number; remote?: string } = {},
): string =>
  JSON.stringify({
    event: {
      ...{ id: more.id ?? randomUUID(), event_type: kind, resource_type: "incident" },
      occurred_at: new Date(more.at ?? room.clock.ms).toISOString(),
      agent: { id: "PLH1HKV", type: "user_reference", summary: "Earline Greenholt" },
      data: {
        ...{ id: more.remote ?? "PGR0VU2", type: "incident", incident_key: anomalyId, status: "acknowledged" },
        html_url: "https://acme.pagerduty.com/incidents/PGR0VU2",
      },
    },
  });
const send = (endpoint: string, body: string, signatures = signed(body)) =>
  incidents.operations.receiveProviderEvent(endpoint, signatures, body);
const stateOf = async (tenantId: TenantId, id: string) =>
  (await anomaliesOf(room, tenantId)).find((one) => one.id === id)?.state;
/** The alerts' last step as the log tells it. */
const lastTold = async (tenantId: TenantId) => {
  const text =
    "SELECT payload FROM event_log WHERE tenant_id = $1 AND topic = $2 ORDER BY transaction_id DESC, sequence DESC LIMIT 1";
  const { rows } = await room.engines.owner.query(text, [tenantId, ALERT_CHANGED]);
  return z.array(z.object({ payload: z.looseObject({}) })).parse(rows)[0]?.payload;
};

test("Who acknowledges or resolves in PagerDuty does so here, by name, once however often it is told", async () => {
  const tenantId = freshTenantId();
  const channelId = await makeChannel(tenantId);
  const { endpoint } = await connect(tenantId, channelId);
  const id = await raised(tenantId);
  expect(await send(endpoint, event("incident.triggered", id))).toBe("NOTHING");
  const body = event("incident.acknowledged", id);
  expect(await send(endpoint, body)).toBe("TAKEN");
  expect([await send(endpoint, body), await send(endpoint, body)]).toEqual(["KNOWN", "KNOWN"]);
  expect(await stateOf(tenantId, id)).toBe("ACKNOWLEDGED");
  expect(await lastTold(tenantId)).toMatchObject({
    to: "ACKNOWLEDGED",
    reason: "ACKNOWLEDGED_BY_CHANNEL",
    fromChannel: channelId,
  });
  // Told by the provider's own id alone, as of incidents that several alerts made.
  expect(await send(endpoint, event("incident.resolved", null))).toBe("TAKEN");
  expect(await stateOf(tenantId, id)).toBe("RESOLVED");
  const anomalyId = parseAnomalyId(id);
  expect(anomalyId === null ? [] : await incidents.loaders(tenantId).remotes.load(anomalyId)).toEqual([
    { anomalyId: id, channelId, remoteId: "PGR0VU2", url: "https://acme.pagerduty.com/incidents/PGR0VU2" },
  ]);
});

test("Whoever has a name of any length and of any symbols acknowledges there", async () => {
  const tenantId = freshTenantId();
  const { endpoint } = await connect(tenantId, await makeChannel(tenantId));
  for (const name of ["a\u0000b", `x${"\u{1F525}".repeat(200)}`, "\u{1F525}".repeat(200)]) {
    const id = await raised(tenantId);
    const body = event("incident.acknowledged", id).replace('"Earline Greenholt"', JSON.stringify(name));
    expect(await send(endpoint, body)).toBe("TAKEN");
    expect(await stateOf(tenantId, id)).toBe("ACKNOWLEDGED");
  }
});

test("The same event at once is taken once", async () => {
  const tenantId = freshTenantId();
  const { endpoint } = await connect(tenantId, await makeChannel(tenantId));
  const body = event("incident.acknowledged", await raised(tenantId));
  const outcomes = await Promise.all(Array.from({ length: 5 }, () => send(endpoint, body)));
  expect(outcomes.toSorted()).toEqual(["KNOWN", "KNOWN", "KNOWN", "KNOWN", "TAKEN"]);
});

test("A step that somebody takes while an event is being taken is told after or before it, as it happened", async () => {
  const tenantId = freshTenantId();
  const { endpoint } = await connect(tenantId, await makeChannel(tenantId));
  const id = await raised(tenantId);
  const { resources, owner } = room.engines;
  let acknowledged: Promise<unknown> = Promise.resolve();
  const acknowledge = async () =>
    askSubgraph(
      room.subgraph,
      callerWith(tenantId, ["anomaly:read", "anomaly:respond"]),
      "mutation ($id: ID!) { acknowledgeAnomaly(id: $id) { __typename } }",
      { id },
    );
  const waiting = async (): Promise<void> => {
    const text = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%anomaly_rule%'";
    while ((await owner.query(text)).rows.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  };
  const sql: TenantSql = {
    ...resources.sql,
    transaction: (of, work) =>
      resources.sql.transaction(of, (transaction) =>
        work({
          run: async (statement, parse) => {
            const rows = await transaction.run(statement, parse);
            if (statement.name === "inbound-take-event") {
              // Somebody acknowledges now: they are done at once, or wait for this transaction.
              acknowledged = acknowledge();
              await Promise.race([acknowledged, waiting()]);
            }
            return rows;
          },
        }),
      ),
  };
  const { operations } = openIncidents({ ...resources, sql }, { keyRing: ports.keyRing });
  const body = event("incident.resolved", id);
  await operations.receiveProviderEvent(endpoint, signed(body), body);
  await acknowledged;
  const text = "SELECT payload FROM event_log WHERE tenant_id = $1 AND topic = $2 ORDER BY transaction_id, sequence";
  const { rows } = await owner.query(text, [tenantId, ALERT_CHANGED]);
  const steps = z.array(z.object({ payload: z.looseObject({ from: z.string(), to: z.string() }) })).parse(rows);
  const broken = steps.filter(({ payload }, place) => place > 0 && payload.from !== steps[place - 1]?.payload.to);
  expect([broken, steps.at(-1)?.payload.to]).toEqual([[], "RESOLVED"]);
});

test("Nothing is taken without the right signature, at no address that was given, of another tenant's anomaly, or when it is old", async () => {
  const [mine, others] = [freshTenantId(), freshTenantId()];
  const channelId = await makeChannel(mine);
  const unsealed = await connect(mine, channelId, null);
  const id = await raised(mine);
  const body = event("incident.acknowledged", id);
  expect(await send(unsealed.endpoint, body)).toBe("WRONG_SIGNATURE");
  const { endpoint } = await connect(mine, channelId);
  expect(endpoint).toBe(unsealed.endpoint);
  for (const wrong of ["", "v1=", signed(body, "another secret"), signed(`${body} `), signed(body).replace("v1", "v2")])
    expect(await send(endpoint, body, wrong)).toBe("WRONG_SIGNATURE");
  expect(
    await send(
      endpoint.replace(/^./u, (one) => (one === "a" ? "b" : "a")),
      body,
    ),
  ).toBe("UNKNOWN_ENDPOINT");
  expect(await send("'; DROP TABLE", body)).toBe("UNKNOWN_ENDPOINT");
  expect([await send(endpoint, "no json"), await send(endpoint, "{}")]).toEqual(["NOT_READABLE", "NOT_READABLE"]);
  expect(await send(endpoint, event("incident.acknowledged", id, { at: room.clock.ms - 8 * 86_400_000 }))).toBe(
    "NOTHING",
  );
  const foreign = await raised(others);
  expect(await send(endpoint, event("incident.acknowledged", foreign, { remote: "PX" }))).toBe("NOTHING");
  expect([await stateOf(mine, id), await stateOf(others, foreign)]).toEqual(["FIRING", "FIRING"]);
  // A provider that changes its secret signs with both.
  expect(await send(endpoint, body, `${signed(body, "the new secret")},${signed(body)}`)).toBe("TAKEN");
});

test("The channel that told is not told of it again, and others are", async () => {
  const tenantId = freshTenantId();
  const [told, other] = [await makeChannel(tenantId), await makeChannel(tenantId)];
  const { version } = await notify.operations.notificationRoutes(managerOf(tenantId));
  await notify.operations.setNotificationRoutes(managerOf(tenantId), version, {
    name: "all",
    goesOn: false,
    channels: [told, other],
  });
  const { endpoint } = await connect(tenantId, told);
  await send(endpoint, event("incident.acknowledged", await raised(tenantId)));
  const payload = await lastTold(tenantId);
  const entry = { tenantId, topic: ALERT_CHANGED, payload, cursor: { transaction: 1n, sequence: 1n } };
  await room.engines.resources.sql.transaction(tenantId, (transaction) =>
    tellChannels(notify.telling)(transaction, tenantId, [entry]),
  );
  const { items } = await notify.operations.listDeliveries(managerOf(tenantId), { first: 10 });
  expect(items.map(({ channelId }) => channelId)).toEqual([other]);
});

test("Only PagerDuty's channels of the caller's tenant are connected; what was disconnected or deleted takes nothing", async () => {
  const [mine, others] = [freshTenantId(), freshTenantId()];
  const { connectChannel, disconnectChannel } = incidents.operations;
  const channelId = await makeChannel(mine);
  expect(await connectChannel(managerOf(others), channelId, null)).toMatchObject({ kind: "NOT_FOUND" });
  const made = await notify.operations.createChannel(managerOf(mine), { name: "inbox", inApp: {} });
  expect(made.kind === "SAVED" ? await connectChannel(managerOf(mine), made.channel.id, null) : null).toMatchObject({
    kind: "NOT_CONNECTABLE",
  });
  await expect(connectChannel(managerOf(mine), channelId, "short")).rejects.toMatchObject({ code: "BAD_INPUT" });
  const { endpoint } = await connect(mine, channelId);
  const { rows } = await room.engines.owner.query("SELECT sealed_secret FROM notify_inbound WHERE channel_id = $1", [
    channelId,
  ]);
  expect(JSON.stringify(rows)).not.toContain(SECRET);
  expect(await disconnectChannel(managerOf(others), channelId)).toBe(false);
  const id = await raised(mine);
  expect(await send(endpoint, event("incident.triggered", id))).toBe("NOTHING");
  expect(await disconnectChannel(managerOf(mine), channelId)).toBe(true);
  expect(await send(endpoint, event("incident.acknowledged", id))).toBe("UNKNOWN_ENDPOINT");
  const again = await connect(mine, channelId);
  expect(again.endpoint).not.toBe(endpoint);
  await notify.operations.deleteChannel(managerOf(mine), channelId);
  expect(await send(again.endpoint, event("incident.acknowledged", id))).toBe("UNKNOWN_ENDPOINT");
});
