import type { Subject } from "@tessera/contracts/caller";
import { INCIDENT_CHANGED } from "@tessera/contracts/events/incident-changed";
import { parseIncidentId, type AnomalyId, type TenantId } from "@tessera/contracts/ids";
import { SUBJECT_KINDS } from "@tessera/contracts/caller";
import type { SqlTransaction, TenantSql } from "@tessera/platform/db/sql";
import type { LogEntry } from "@tessera/platform/events/event-log";
import { createLogConsumer, type LogConsumer } from "@tessera/platform/events/log-consumer";
import type { Logger } from "@tessera/platform/telemetry/logger";
import type { NowMs } from "@tessera/platform/time/clock";
import { z } from "zod";
import type { AlertCommand } from "../../domain/alerts/alert-state.ts";
import type { IncidentStore } from "../../store/incidents/incident-store.ts";

/** Name of the consumer, under which its place is kept. */
export const INCIDENT_ALERTS_CONSUMER = "anomaly-incident-alerts";

/** Has an anomaly's alert take a command; what is done already changes nothing. */
export type CommandAnomaly = (
  tenantId: TenantId,
  id: AnomalyId,
  command: AlertCommand,
  change: { readonly by: Subject; readonly note: string | null; readonly atMs: number },
) => Promise<unknown>;

/** What following incidents needs. */
export interface FollowIncidentsDeps {
  readonly sql: TenantSql;
  readonly logger: Logger;
  readonly incidents: Pick<IncidentStore, "openAnomaliesOf">;
  readonly commandAnomaly: CommandAnomaly;
  readonly nowMs: NowMs;
}

const payload = z.object({
  ...{ incidentId: z.string(), number: z.number(), kind: z.string() },
  by: z.object({ kind: z.enum(SUBJECT_KINDS), id: z.string() }).nullable(),
});

/** What an entry asks of the alerts of its incident; null: nothing. Only what people did is asked of them. */
const commandOf = ({ kind }: z.infer<typeof payload>): AlertCommand | null => {
  if (kind === "ACKNOWLEDGED") return { kind: "ACKNOWLEDGE", by: "CALLER" };
  return kind === "RESOLVED" ? { kind: "RESOLVE" } : null;
};

/**
 * Acknowledges and ends the open alerts of incidents that somebody acknowledged or resolved: who does one does all of one cause. Each is a transaction of its own, so that the event log
 * tells its steps in the order they were taken; done twice it is as done once.
 */
export const followIncidentsToAlerts =
  (deps: FollowIncidentsDeps) =>
  async (_transaction: SqlTransaction, tenantId: TenantId, entries: readonly LogEntry[]): Promise<void> => {
    for (const entry of entries) {
      const told = payload.parse(entry.payload);
      const [command, id] = [commandOf(told), parseIncidentId(told.incidentId)];
      if (command === null || id === null || told.by === null) continue;
      const change = { by: told.by, note: `By incident ${told.number}.`, atMs: deps.nowMs() };
      for (const anomalyId of await deps.incidents.openAnomaliesOf(tenantId, id))
        await deps.commandAnomaly(tenantId, anomalyId, command, change);
    }
  };

/** Builds the consumer of incidents. */
export const createIncidentFollower = (deps: FollowIncidentsDeps): LogConsumer =>
  createLogConsumer({
    ...{ sql: deps.sql, logger: deps.logger, name: INCIDENT_ALERTS_CONSUMER, topic: INCIDENT_CHANGED },
    handle: followIncidentsToAlerts(deps),
  });
