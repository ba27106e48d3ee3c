import { z } from "zod";
import type { TesseraClient } from "../testing/tessera-client.ts";

/** An incident as a tenant has it. */
export interface OwnIncident {
  readonly mark: string;
  readonly incidentId: string;
  /** A channel that no route leads to. */
  readonly channelId: string;
}

const id = z.object({ id: z.string() });
const PERSON = "0198c0de-0000-4000-8000-000000000001";
const RANGE = { from: "2026-01-01T00:00:00Z", to: "2026-06-01T00:00:00Z" };

/** Variables of the root fields about incidents. */
export const incidentExamples = {
  "Query.incident": ({ incidentId }: OwnIncident) => ({ id: incidentId }),
  "Query.incidents": () => ({}),
  "Query.incidentPolicies": () => ({}),
  "Query.incidentMetrics": () => RANGE,
  "Mutation.declareIncident": ({ mark }: OwnIncident) => ({ input: { title: `${mark} incident`, status: mark } }),
  "Mutation.acknowledgeIncident": ({ incidentId, mark }: OwnIncident) => ({ id: incidentId, note: mark }),
  "Mutation.resolveIncident": ({ incidentId, mark }: OwnIncident) => ({ id: incidentId, note: mark }),
  "Mutation.reopenIncident": ({ incidentId, mark }: OwnIncident) => ({ id: incidentId, reason: mark }),
  "Mutation.updateIncident": ({ incidentId, mark }: OwnIncident) => ({ id: incidentId, input: { status: mark } }),
  "Mutation.noteIncident": ({ incidentId, mark }: OwnIncident) => ({ id: incidentId, text: mark }),
  "Mutation.assignIncidentRole": ({ incidentId }: OwnIncident) => ({
    id: incidentId,
    input: { role: "SCRIBE", person: PERSON },
  }),
  "Mutation.linkIncidents": ({ incidentId, mark }: OwnIncident) => ({ id: incidentId, other: PERSON, reason: mark }),
  // Of no version there is: what is there stays.
  "Mutation.setIncidentPolicies": ({ mark }: OwnIncident) => ({
    version: 99,
    policies: [{ name: mark, matchers: [{ label: "rule", values: [`${mark}-none`] }] }],
  }),
  "Mutation.connectChannel": ({ channelId }: OwnIncident) => ({ id: channelId }),
  "Mutation.disconnectChannel": ({ channelId }: OwnIncident) => ({ id: channelId }),
  "Subscription.incidents": () => ({}),
};

/** Declares an incident; answers its id. */
export const makeIncident = async (client: TesseraClient, { mark }: Pick<OwnIncident, "mark">): Promise<string> => {
  const shape = z.object({ declareIncident: z.object({ incident: id }) });
  const text = "mutation ($input: DeclareIncidentInput!) { declareIncident(input: $input) { incident { id } } }";
  const variables = incidentExamples["Mutation.declareIncident"]({ mark, incidentId: "", channelId: "" });
  return (await client.ask(shape, text, variables)).declareIncident.incident.id;
};
