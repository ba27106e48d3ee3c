import { ALERT_CHANGED, type AlertChanged } from "@tessera/contracts/events/alert-changed";
import { parseAnomalyId, parseRuleId, type TenantId } from "@tessera/contracts/ids";
import { createLogStore } from "@tessera/platform/events/log-store";
import { callerWith } from "@tessera/platform/testing/ask-subgraph";
import { openTestResources } from "@tessera/platform/testing/test-resources";
import { randomUUID } from "node:crypto";
import { testPorts } from "./notify/notify-room.ts";
import { tellTimeToAll } from "../jobs/incidents/keep-incidents.ts";
import { openIncidents } from "../open-incidents.ts";
import { createIncidentFollower } from "../reactions/incidents/follow-incidents-to-alerts.ts";
import { createIncidentOpener, takeAlerts } from "../reactions/incidents/take-alerts.ts";

/** Before every other clock of tests: the clock of incidents finds those of these tests alone. */
export const INCIDENT_EPOCH_MS = Date.parse("1991-02-03T12:00:00Z");
const MINUTE_MS = 60_000;

/** Everything about incidents over the engines of the test run, with a clock the test moves. */
export const openIncidentRoom = () => {
  const clock = { ms: INCIDENT_EPOCH_MS };
  const engines = openTestResources({ nowMs: () => clock.ms });
  const { resources } = engines;
  const incidents = openIncidents(resources, testPorts());
  const log = createLogStore(resources.sql);
  const opener = createIncidentOpener(incidents.taking);
  const follower = createIncidentFollower(incidents.following);
  const responderOf = (tenantId: TenantId) =>
    callerWith(tenantId, ["anomaly:read", "anomaly:respond", "anomaly:manage"]);
  return {
    ...{ engines, clock, incidents, opener, follower, responderOf, operations: incidents.operations },
    /** Takes transitions as the consumer does, from a place in the log on. */
    take: (tenantId: TenantId, alerts: readonly AlertChanged[], sequence = 0) =>
      resources.sql.transaction(tenantId, (transaction) =>
        takeAlerts(incidents.taking)(
          transaction,
          tenantId,
          alerts.map((payload, place) => ({
            ...{ tenantId, topic: ALERT_CHANGED, payload },
            cursor: { transaction: 1n, sequence: BigInt(sequence + place) },
          })),
        ),
      ),
    /** Appends transitions to the log itself. */
    tell: (tenantId: TenantId, alerts: readonly AlertChanged[]) =>
      log.append(
        alerts.map((payload) => ({ tenantId, topic: ALERT_CHANGED, dedupeKey: payload.transitionId, payload })),
      ),
    setPolicies: async (tenantId: TenantId, policies: readonly object[]): Promise<void> => {
      const { version } = await incidents.operations.incidentPolicies(responderOf(tenantId));
      const set = await incidents.operations.setIncidentPolicies(responderOf(tenantId), version, policies);
      if (set.kind !== "SAVED") throw new Error("The policies were not set.");
    },
    listed: async (tenantId: TenantId) =>
      (await incidents.operations.listIncidents(responderOf(tenantId), { first: 100 })).items,
    /** Lets time pass, for the incidents of everybody. */
    pass: async (minutes: number): Promise<void> => {
      clock.ms += minutes * MINUTE_MS;
      while (await tellTimeToAll(incidents.keeping)());
    },
    close: () => engines.close(),
  };
};

/** See {@link openIncidentRoom}. */
export type IncidentRoom = ReturnType<typeof openIncidentRoom>;

/** A transition of an alert of one series, with what a test says of it. */
export const incidentAlert = (tenantId: TenantId, more: Partial<AlertChanged> = {}): AlertChanged => {
  const [ruleId, anomalyId] = [parseRuleId(randomUUID()), parseAnomalyId(randomUUID())];
  if (ruleId === null || anomalyId === null) throw new Error("A new id is a UUID.");
  const severity = more.severity ?? "ERROR";
  return {
    ...{ tenantId, transitionId: randomUUID(), ruleId, ruleName: "Orders", anomalyId, fingerprint: randomUUID() },
    ...{ group: [], labels: { rule: "Orders", severity, team: "shop" }, from: "PENDING", to: "FIRING" },
    ...{ reason: "BREACHED_LONG_ENOUGH", severity, notify: true, silence: null, escalationStep: null },
    ...{ atMs: INCIDENT_EPOCH_MS, sinceMs: INCIDENT_EPOCH_MS, value: 3, expected: 10, low: 8, high: 12 },
    because: "3 lies below the usual 8 to 12.",
    ...more,
  };
};

/** The end of an alert. */
export const endOf = (alert: AlertChanged, more: Partial<AlertChanged> = {}): AlertChanged => ({
  ...alert,
  ...{ transitionId: randomUUID(), from: "RESOLVING", to: "RESOLVED", reason: "RETURNED_LONG_ENOUGH" },
  ...more,
});
