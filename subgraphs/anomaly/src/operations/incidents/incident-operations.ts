import type { createIncidentChanges } from "./change-incident.ts";
import type { declareIncident } from "./declare-incident.ts";
import type { followIncidents } from "./follow-incidents.ts";
import type { InboundOperations } from "./provider-inbound.ts";
import type { createIncidentReads } from "./read-incidents.ts";

/** Everything that is done on request about incidents. */
export type IncidentOperations = ReturnType<typeof createIncidentChanges> &
  ReturnType<typeof createIncidentReads> &
  InboundOperations & {
    readonly declareIncident: ReturnType<typeof declareIncident>;
    readonly followIncidents: ReturnType<typeof followIncidents>;
  };
