import { SUBJECT_KINDS, type Caller, type Subject } from "@tessera/contracts/caller";
import { INCIDENT_CHANGED } from "@tessera/contracts/events/incident-changed";
import { parseIncidentId } from "@tessera/contracts/ids";
import type { EventLog } from "@tessera/platform/events/event-log";
import type { LiveIterator } from "@tessera/platform/runtime/live-iterator";
import { z } from "zod";
import { SEVERITIES, type Severity } from "../../domain/alerts/alert.ts";
import {
  INCIDENT_ENTRY_KINDS,
  INCIDENT_STATES,
  type Incident,
  type IncidentEntryKind,
  type IncidentState,
} from "../../domain/incidents/incident.ts";
import type { IncidentStore } from "../../store/incidents/incident-store.ts";
import { followLog, placeOf } from "../follow-log.ts";

/** What happened to an incident, with its place in the event log. */
export interface IncidentEvent {
  readonly cursor: string;
  readonly kind: IncidentEntryKind;
  /** Where the incident stood after it. */
  readonly state: IncidentState;
  readonly by: Subject | null;
  readonly text: string;
  readonly atMs: number;
  readonly incident: Incident;
}

/** Which incidents are followed; null: all. */
export interface FollowFilter {
  readonly severity?: Severity | null | undefined;
  readonly policy?: string | null | undefined;
}

const payload = z.object({
  ...{ incidentId: z.string(), kind: z.enum(INCIDENT_ENTRY_KINDS), state: z.enum(INCIDENT_STATES), text: z.string() },
  by: z.object({ kind: z.enum(SUBJECT_KINDS), id: z.string() }).nullable(),
  ...{ atMs: z.number(), severity: z.enum(SEVERITIES), policy: z.string().nullable() },
});

/** Follows what happens to incidents of the caller's tenant, from after a cursor, or from now on. What was forgotten before it could be told is passed over. */
export const followIncidents =
  ({ incidents, eventLog }: { readonly incidents: Pick<IncidentStore, "findMany">; readonly eventLog: EventLog }) =>
  async (
    { tenantId }: Caller,
    after: string | null | undefined,
    { severity = null, policy = null }: FollowFilter,
  ): Promise<LiveIterator<IncidentEvent>> => {
    const from = await placeOf(eventLog, after);
    return followLog(eventLog, { tenantId, topic: INCIDENT_CHANGED, from }, async (entry) => {
      const told = payload.parse(entry);
      if ((severity !== null && told.severity !== severity) || (policy !== null && told.policy !== policy)) return null;
      const id = parseIncidentId(told.incidentId);
      const [incident] = id === null ? [] : await incidents.findMany(tenantId, [id]);
      const { kind, state, by, text, atMs } = told;
      return incident === undefined ? null : { kind, state, by, text, atMs, incident };
    });
  };
