import { parseIncidentId } from "@tessera/contracts/ids";
import type { Context } from "../../context.ts";
import type { Incident } from "../../domain/incidents/incident.ts";
import { requireRead } from "../entities.ts";

/** The incident a reference names; null when the caller's tenant has none. Refuses without anomaly:read. */
export const incidentOfReference = async (
  id: string,
  context: Pick<Context, "caller" | "loaders" | "incidents">,
): Promise<Incident | null> => {
  requireRead(context, "Incident");
  const incidentId = parseIncidentId(id);
  return incidentId === null ? null : context.incidents.incident.load(incidentId);
};
