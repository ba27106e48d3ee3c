import type { TesseraClient } from "../../testing/tessera-client.ts";
import type { OwnThings } from "../examples.ts";
import { makeIncident } from "../incident-examples.ts";
import { makeChannel } from "../notify-examples.ts";

/** Places that take the id of an incident, by a fresh one of alpha where asking changes it. */
export const incidentPlaces = (client: () => TesseraClient) => {
  const selection = "{ __typename }";
  const fresh = (own: OwnThings): Promise<string> => makeIncident(client(), own);
  const channel = (own: OwnThings): Promise<string> => makeChannel(client(), own);
  const place = (rest: Readonly<Record<string, unknown>>) => ({
    ...{ own: fresh, selection },
    variables: (id: string) => ({ id, ...rest }),
  });
  return {
    "Mutation.connectChannel(id)": { own: channel, selection, variables: (id: string) => ({ id }) },
    "Query.incident(id)": { ...place({}), selection: "{ number title state timeline { text } }" },
    "Mutation.acknowledgeIncident(id)": place({}),
    "Mutation.resolveIncident(id)": place({}),
    "Mutation.reopenIncident(id)": place({ reason: "again" }),
    "Mutation.updateIncident(id)": place({ input: { status: "up" } }),
    "Mutation.noteIncident(id)": place({ text: "seen" }),
    "Mutation.assignIncidentRole(id)": place({ input: { role: "SCRIBE" } }),
  };
};

/** Ids that are written down as they are said, or compared with the caller's own. */
export const incidentWords = {
  "Mutation.disconnectChannel(id)": "see subgraphs/anomaly/src/operations/incidents/provider-inbound.db.test.ts",
  "Mutation.assignIncidentRole(input.person)": "stands in the incident as it was written",
  "Mutation.assignIncidentRole(input.schedule)":
    "see subgraphs/anomaly/src/operations/incidents/incidents-graph.db.test.ts",
  "Mutation.linkIncidents(id)": "see subgraphs/anomaly/src/operations/incidents/incidents-graph.db.test.ts",
  "Mutation.linkIncidents(other)": "see subgraphs/anomaly/src/operations/incidents/incidents-graph.db.test.ts",
  "Mutation.setIncidentPolicies(policies.commanderSchedule)": "stands in the policy as it was written",
};
