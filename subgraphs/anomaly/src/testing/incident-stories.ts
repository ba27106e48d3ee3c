import { randomUUID } from "node:crypto";
import type { AlertChanged } from "@tessera/contracts/events/alert-changed";
import { parseAnomalyId, parseIncidentId, parseRuleId, parseTenantId, type IncidentId } from "@tessera/contracts/ids";
import { stepIncident, type IncidentSignal, type IncidentStep } from "../domain/incidents/incident-machine.ts";
import type { Incident } from "../domain/incidents/incident.ts";

/** When stories begin. */
export const STORY_MS = Date.parse("2026-01-05T10:00:00Z");
/** A word of a story takes a minute. */
const WORD_MS = 60_000;

const known = <Id>(id: Id | null): Id => {
  if (id === null) throw new Error("A UUID is an id.");
  return id;
};

/** The tenant of stories. */
export const STORY_TENANT = known(parseTenantId("01936f1e-7c00-7000-8000-00000000aaaa"));
/** A new id of an incident. */
export const newIncidentId = (): IncidentId => known(parseIncidentId(randomUUID()));
/** An anomaly's id by its number. */
export const anomalyOf = (number: number) =>
  known(parseAnomalyId(`01936f1e-7c00-7000-8000-${String(number).padStart(12, "0")}`));

/** An incident that was just opened by an ERROR, over after two minutes of quiet, and closed five minutes after that. */
export const freshIncident = (): Incident => ({
  ...{ tenantId: STORY_TENANT, id: newIncidentId(), number: 1, groupKey: "key", policy: "all", labels: {} },
  ...{ title: "all: Errors", state: "TRIGGERED", severity: "ERROR", worstAlert: "ERROR", roles: [], status: null },
  ...{ beganAtMs: STORY_MS, openedAtMs: STORY_MS, acknowledgedAtMs: null, mitigatedAtMs: null, resolvedAtMs: null },
  ...{ closedAtMs: null, quietSinceMs: null, resolveAfterMs: 2 * WORD_MS, reopenWithinMs: 5 * WORD_MS },
  ...{ timesReopened: 0, entries: 1, dropped: 0 },
});

const by = { kind: "USER", id: "ada" } as const;

const signalOf = (word: string, atMs: number): IncidentSignal => {
  switch (word) {
    case "fired":
      return { kind: "FIRED", severity: "ERROR", atMs };
    case "worse":
      return { kind: "WORSE", severity: "CRITICAL", atMs };
    case "seen":
      return { kind: "SEEN", by, atMs };
    case "over":
      return { kind: "OVER", by: null, byPerson: false, atMs };
    case "ended":
      return { kind: "OVER", by, byPerson: true, atMs };
    case "ack":
      return { kind: "ACKNOWLEDGE", by, atMs };
    case "mitigate":
      return { kind: "MITIGATE", by, atMs };
    case "resolve":
      return { kind: "RESOLVE", by, atMs };
    case "reopen":
      return { kind: "REOPEN", by, atMs };
    case "milder":
      return { kind: "SET_SEVERITY", severity: "WARNING", by, atMs };
    case "tick":
    case "long":
      return { kind: "TICK", atMs };
    default:
      throw new Error(`No such word: ${word}.`);
  }
};

const stepText = ({ kind, from, to }: IncidentStep): string =>
  from === to ? `${from} ${kind}` : `${from}>${to} ${kind}`;

/** Tells an incident a story, a word a minute (`long` takes ten): where it stands at the end, and what its last word led to. */
export const tellStory = (story: string): { readonly incident: Incident; readonly led: string } => {
  let incident = freshIncident();
  let [atMs, led] = [STORY_MS, "-"];
  for (const word of story.split(" ").filter((one) => one !== "")) {
    atMs += word === "long" ? 10 * WORD_MS : WORD_MS;
    const stepped = stepIncident(incident, signalOf(word, atMs));
    incident = stepped.incident;
    led = stepped.steps.length === 0 ? "-" : stepped.steps.map(stepText).join("; ");
  }
  return { incident, led };
};

/** A step of the alert of one anomaly, with what a test says of it. */
export const alertStep = (anomaly: number, more: Partial<AlertChanged> = {}): AlertChanged => {
  const severity = more.severity ?? "ERROR";
  return {
    ...{
      tenantId: STORY_TENANT,
      transitionId: randomUUID(),
      ruleId: known(parseRuleId(anomalyOf(900 + (anomaly % 3)))),
    },
    ...{ ruleName: `rule ${anomaly % 3}`, anomalyId: anomalyOf(anomaly), fingerprint: `series ${anomaly}`, group: [] },
    ...{ labels: { team: "shop", severity }, from: "PENDING", to: "FIRING", reason: "BREACHED_LONG_ENOUGH", severity },
    ...{ notify: true, silence: null, escalationStep: null, atMs: STORY_MS, sinceMs: STORY_MS, value: 3 },
    ...{ expected: null, low: null, high: 2, because: "3 is above 2." },
    ...more,
  };
};
