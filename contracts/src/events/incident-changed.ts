import type { Subject } from "../caller.ts";
import type { IncidentId, TenantId } from "../ids.ts";

/** Topic on which {@link IncidentChanged} is told. */
export const INCIDENT_CHANGED = "incident.changed";

/**
 * Told once for each entry of an incident's timeline, in the transaction that keeps it, with where the incident stands after it. The log's dedupe key is the entry's id. Times are
 * milliseconds since the epoch.
 */
export interface IncidentChanged {
  readonly tenantId: TenantId;
  readonly incidentId: IncidentId;
  /** Counts the tenant's incidents from 1 on. */
  readonly number: number;
  /** Names the entry, a UUID: whatever follows from it happens once. */
  readonly entryId: string;
  /** One of the anomaly room's kinds of entries, such as OPENED or ACKNOWLEDGED. */
  readonly kind: string;
  readonly title: string;
  readonly state: "TRIGGERED" | "ACKNOWLEDGED" | "MITIGATED" | "RESOLVED" | "CLOSED";
  readonly severity: "INFO" | "WARNING" | "ERROR" | "CRITICAL";
  /** Name of the policy that opened it; null where somebody declared it. */
  readonly policy: string | null;
  /** The labels its alerts have in common, by which they were put together. */
  readonly labels: Readonly<Record<string, string>>;
  /** Who led to it; null where an alert or the clock did. */
  readonly by: Subject | null;
  /** What is to be read in the timeline. */
  readonly text: string;
  readonly atMs: number;
  readonly openedAtMs: number;
  readonly acknowledgedAtMs: number | null;
  readonly resolvedAtMs: number | null;
}
