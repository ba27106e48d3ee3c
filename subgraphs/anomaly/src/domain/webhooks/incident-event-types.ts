import { SUBJECT_KINDS } from "@tessera/contracts/caller";
import { INCIDENT_CHANGED } from "@tessera/contracts/events/incident-changed";
import { z } from "zod";
import { SEVERITIES } from "../alerts/alert.ts";
import { INCIDENT_ENTRY_KINDS, INCIDENT_STATES } from "../incidents/incident.ts";
import {
  eventType,
  idField,
  moment,
  momentField,
  momentOrNull,
  textField,
  type WebhookEventType,
} from "./event-type.ts";

const actor = z.object({ kind: z.enum(SUBJECT_KINDS), id: z.string() });
const incidentEntry = z.object({
  ...{ incidentId: z.string(), number: z.number(), entryId: z.string(), kind: z.enum(INCIDENT_ENTRY_KINDS) },
  ...{ title: z.string(), state: z.enum(INCIDENT_STATES), severity: z.enum(SEVERITIES), policy: z.string().nullable() },
  ...{ labels: z.record(z.string(), z.string()), by: actor.nullable(), text: z.string(), atMs: z.number() },
  ...{ openedAtMs: z.number(), acknowledgedAtMs: z.number().nullable(), resolvedAtMs: z.number().nullable() },
});
type IncidentEntryTold = z.output<typeof incidentEntry>;

const incidentData = z.strictObject({
  incidentId: idField("The incident."),
  number: z.int().meta({ description: "Counts the tenant's incidents from 1 on." }),
  entryId: idField("Names the entry of its timeline: what was seen before is not new."),
  kind: z.enum(INCIDENT_ENTRY_KINDS).meta({ description: "What the entry tells." }),
  title: textField("What the incident is called."),
  state: z.enum(INCIDENT_STATES).meta({ description: "Where it stood after it." }),
  severity: z.enum(SEVERITIES).meta({ description: "How bad it is." }),
  policy: z.string().nullable().meta({ description: "The policy that opened it; null where somebody declared it." }),
  labels: z.record(z.string(), z.string()).meta({ description: "The labels its alerts have in common." }),
  by: actor.strict().nullable().meta({ description: "Who led to it; null where an alert or the clock did." }),
  text: textField("What happened, in words."),
  at: momentField("When."),
  openedAt: momentField("When the incident was opened."),
  acknowledgedAt: z.iso.datetime().nullable().meta({ description: "When somebody first looked; null before." }),
  resolvedAt: z.iso.datetime().nullable().meta({ description: "When it was last over; null while it is not." }),
});

const ID = "01936f1e-7c00-7000-8000-0000000000";
const example: IncidentEntryTold = {
  ...{ incidentId: `${ID}21`, number: 12, entryId: `${ID}22`, kind: "OPENED", title: "Checkout: country DE" },
  ...{ state: "TRIGGERED", severity: "CRITICAL", policy: "Checkout", labels: { country: "DE" }, by: null },
  ...{ text: "Checkout: 2 alerts of one cause fire.", atMs: 1_795_000_000_000, openedAtMs: 1_795_000_000_000 },
  ...{ acknowledgedAtMs: null, resolvedAtMs: null },
};

const incidentType = (of: {
  readonly name: string;
  readonly sentence: string;
  readonly kinds: ReadonlySet<IncidentEntryTold["kind"]> | null;
  readonly example?: Partial<IncidentEntryTold>;
}): WebhookEventType =>
  eventType({
    ...{ name: of.name, sentence: of.sentence, permission: "anomaly:read", ofWholeTenant: true },
    ...{ topic: INCIDENT_CHANGED, payload: incidentEntry, data: incidentData },
    read: (entry) => {
      if (of.kinds?.has(entry.kind) === false) return null;
      const { atMs, openedAtMs, acknowledgedAtMs, resolvedAtMs, ...same } = entry;
      return {
        ...{ ...same, at: moment(atMs), openedAt: moment(openedAtMs) },
        ...{ acknowledgedAt: momentOrNull(acknowledgedAtMs), resolvedAt: momentOrNull(resolvedAtMs) },
      };
    },
    at: ({ atMs }) => atMs,
    subject: ({ incidentId }) => incidentId,
    labels: ({ labels, severity, policy }) => ({ ...labels, severity, policy: policy ?? "" }),
    ids: ["incidentId", "number", "entryId", "kind", "state", "severity", "at"],
    question: ({ incidentId }) =>
      `{ incident(id: ${JSON.stringify(typeof incidentId === "string" ? incidentId : "")}) { __typename id } }`,
    example: { ...example, ...of.example },
  });

const by = { kind: "USER", id: `${ID}09` } as const;
const acknowledgedAtMs = 1_795_000_060_000;
const of = (...kinds: readonly IncidentEntryTold["kind"][]): ReadonlySet<IncidentEntryTold["kind"]> => new Set(kinds);

/** What webhooks tell of incidents. */
export const incidentEventTypes: readonly WebhookEventType[] = [
  incidentType({
    ...{ name: "incident.changed", sentence: "Something was written into the timeline of an incident.", kinds: null },
    example: { kind: "NOTED", by, text: "A disk was full." },
  }),
  incidentType({ name: "incident.opened", sentence: "An incident was opened.", kinds: of("OPENED") }),
  incidentType({
    ...{ name: "incident.acknowledged", sentence: "Somebody looks at an incident.", kinds: of("ACKNOWLEDGED") },
    example: { kind: "ACKNOWLEDGED", state: "ACKNOWLEDGED", by, text: "On it.", acknowledgedAtMs },
  }),
  incidentType({
    ...{ name: "incident.mitigated", sentence: "The harm of an incident is stopped.", kinds: of("MITIGATED") },
    example: { kind: "MITIGATED", state: "MITIGATED", by, text: "Traffic goes elsewhere.", acknowledgedAtMs },
  }),
  incidentType({
    ...{ name: "incident.resolved", sentence: "An incident is over.", kinds: of("RESOLVED") },
    example: {
      kind: "RESOLVED",
      state: "RESOLVED",
      by,
      text: "Mended.",
      acknowledgedAtMs,
      resolvedAtMs: 1_795_000_600_000,
    },
  }),
  incidentType({
    ...{ name: "incident.reopened", sentence: "An incident has begun again.", kinds: of("REOPENED", "RELAPSED") },
    example: { kind: "REOPENED", text: "It has begun again.", acknowledgedAtMs },
  }),
  incidentType({
    ...{
      name: "incident.updated",
      sentence: "Somebody said how an incident stands, or how bad it is.",
      kinds: of("STATUS_UPDATED", "SEVERITY_CHANGED"),
    },
    example: { kind: "STATUS_UPDATED", by, text: "The shop is up again.", acknowledgedAtMs },
  }),
  incidentType({
    ...{ name: "incident.closed", sentence: "An incident is over for good.", kinds: of("CLOSED") },
    example: { kind: "CLOSED", state: "CLOSED", text: "It is over for good.", resolvedAtMs: 1_795_000_600_000 },
  }),
];
