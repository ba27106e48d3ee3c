import type { Subject } from "@tessera/contracts/caller";
import { SEVERITIES, type Severity } from "../alerts/alert.ts";
import type { Incident, IncidentEntryKind, IncidentState } from "./incident.ts";

/**
 * What an incident is told. FIRED: an alert of its cause fires. WORSE: one became worse. SEEN: somebody acknowledged one. OVER: the last open one ended; `by` is who ended it, null: it
 * ended by itself. The others are what people want, and TICK says that time has passed. `atMs` is the wall clock.
 */
export type IncidentSignal =
  | { readonly kind: "FIRED" | "WORSE"; readonly severity: Severity; readonly atMs: number }
  | { readonly kind: "SEEN"; readonly by: Subject | null; readonly atMs: number }
  | { readonly kind: "OVER"; readonly by: Subject | null; readonly byPerson: boolean; readonly atMs: number }
  | { readonly kind: "ACKNOWLEDGE" | "MITIGATE" | "RESOLVE" | "REOPEN"; readonly by: Subject; readonly atMs: number }
  | { readonly kind: "SET_SEVERITY"; readonly severity: Severity; readonly by: Subject; readonly atMs: number }
  | { readonly kind: "TICK"; readonly atMs: number };

/** One step of an incident. */
export interface IncidentStep {
  readonly kind: IncidentEntryKind;
  readonly from: IncidentState;
  readonly to: IncidentState;
  readonly by: Subject | null;
  readonly atMs: number;
}

/** What a signal led to; without steps the signal changed nothing that people are told of. */
export interface SteppedIncident {
  readonly incident: Incident;
  readonly steps: readonly IncidentStep[];
}

/** Whether an incident is not over. */
export const isOpen = ({ state }: Pick<Incident, "state">): boolean => state !== "RESOLVED" && state !== "CLOSED";

/** Whether a severity is worse than another. */
export const isWorse = (severity: Severity, than: Severity): boolean =>
  SEVERITIES.indexOf(severity) > SEVERITIES.indexOf(than);

/** When the clock next has something to say of an incident; null: not before something else has. */
export const dueAt = (incident: Incident): number | null => {
  const { state, quietSinceMs, resolvedAtMs, resolveAfterMs, reopenWithinMs } = incident;
  if (state === "RESOLVED") return (resolvedAtMs ?? 0) + reopenWithinMs;
  return state === "CLOSED" || quietSinceMs === null ? null : quietSinceMs + resolveAfterMs;
};

const unchanged = (incident: Incident): SteppedIncident => ({ incident, steps: [] });

const stepTo = (
  incident: Incident,
  to: IncidentState,
  told: { readonly kind: IncidentEntryKind; readonly by: Subject | null; readonly atMs: number },
  more: Partial<Incident> = {},
): SteppedIncident => ({
  incident: { ...incident, ...more, state: to },
  steps: [{ ...told, from: incident.state, to }],
});

const acknowledged = (incident: Incident, by: Subject | null, atMs: number): SteppedIncident =>
  incident.state === "TRIGGERED"
    ? stepTo(
        incident,
        "ACKNOWLEDGED",
        { kind: "ACKNOWLEDGED", by, atMs },
        {
          acknowledgedAtMs: incident.acknowledgedAtMs ?? atMs,
        },
      )
    : unchanged(incident);

const resolved = (incident: Incident, by: Subject | null, atMs: number, overAtMs: number): SteppedIncident =>
  stepTo(incident, "RESOLVED", { kind: "RESOLVED", by, atMs }, { resolvedAtMs: overAtMs, quietSinceMs: null });

const reopened = (incident: Incident, by: Subject | null, atMs: number): SteppedIncident =>
  stepTo(
    incident,
    "TRIGGERED",
    { kind: "REOPENED", by, atMs },
    {
      ...{ resolvedAtMs: null, mitigatedAtMs: null, quietSinceMs: null },
      timesReopened: incident.timesReopened + 1,
    },
  );

const closed = (incident: Incident, atMs: number): SteppedIncident =>
  stepTo(incident, "CLOSED", { kind: "CLOSED", by: null, atMs }, { closedAtMs: atMs });

const canReopen = ({ state, resolvedAtMs, reopenWithinMs }: Incident, atMs: number): boolean =>
  state === "RESOLVED" && atMs < (resolvedAtMs ?? 0) + reopenWithinMs;

/** Raises the severity to that of an alert which is worse than every one before it. */
const raised = (stepped: SteppedIncident, severity: Severity, atMs: number): SteppedIncident => {
  const { incident } = stepped;
  const { worstAlert } = incident;
  if (worstAlert !== null && !isWorse(severity, worstAlert)) return stepped;
  const known = { ...incident, worstAlert: severity };
  if (!isWorse(severity, incident.severity)) return { ...stepped, incident: known };
  const step = { kind: "SEVERITY_CHANGED", from: incident.state, to: incident.state, by: null, atMs } as const;
  return { incident: { ...known, severity }, steps: [...stepped.steps, step] };
};

const fired = (incident: Incident, atMs: number): SteppedIncident => {
  if (incident.state === "RESOLVED")
    return canReopen(incident, atMs) ? reopened(incident, null, atMs) : unchanged(incident);
  const noisy = { ...incident, quietSinceMs: null };
  // What stopped the harm did not hold: somebody looks at it still.
  if (incident.state === "MITIGATED")
    return stepTo(noisy, "ACKNOWLEDGED", { kind: "RELAPSED", by: null, atMs }, { mitigatedAtMs: null });
  return unchanged(noisy);
};

const ticked = (incident: Incident, atMs: number): SteppedIncident => {
  const due = dueAt(incident);
  if (due === null || atMs < due) return unchanged(incident);
  if (incident.state === "RESOLVED") return closed(incident, atMs);
  return resolved(incident, null, atMs, incident.quietSinceMs ?? atMs);
};

const mitigated = (incident: Incident, by: Subject, atMs: number): SteppedIncident =>
  incident.state === "TRIGGERED" || incident.state === "ACKNOWLEDGED"
    ? stepTo(
        incident,
        "MITIGATED",
        { kind: "MITIGATED", by, atMs },
        { mitigatedAtMs: atMs, acknowledgedAtMs: incident.acknowledgedAtMs ?? atMs },
      )
    : unchanged(incident);

const openStep = (incident: Incident, signal: IncidentSignal): SteppedIncident => {
  const { atMs } = signal;
  switch (signal.kind) {
    case "FIRED":
      return raised(fired(incident, atMs), signal.severity, atMs);
    case "WORSE":
      return raised(unchanged(incident), signal.severity, atMs);
    case "SEEN":
      return acknowledged(incident, signal.by, atMs);
    case "OVER":
      return signal.byPerson
        ? resolved(incident, signal.by, atMs, atMs)
        : unchanged({ ...incident, quietSinceMs: atMs });
    case "ACKNOWLEDGE":
      return acknowledged(incident, signal.by, atMs);
    case "MITIGATE":
      return mitigated(incident, signal.by, atMs);
    case "RESOLVE":
      return resolved(incident, signal.by, atMs, atMs);
    case "REOPEN":
      return unchanged(incident);
    case "SET_SEVERITY": {
      if (signal.severity === incident.severity) return unchanged(incident);
      const step = { kind: "SEVERITY_CHANGED", from: incident.state, to: incident.state, by: signal.by, atMs } as const;
      return { incident: { ...incident, severity: signal.severity }, steps: [step] };
    }
    case "TICK":
      return ticked(incident, atMs);
  }
};

/** Tells an incident one thing: where it stands after it, and the steps that led there. The same words from the same state lead to the same place. */
export const stepIncident = (incident: Incident, signal: IncidentSignal): SteppedIncident => {
  if (isOpen(incident)) return openStep(incident, signal);
  if (incident.state === "CLOSED") return unchanged(incident);
  switch (signal.kind) {
    case "TICK":
      return ticked(incident, signal.atMs);
    case "REOPEN":
      return canReopen(incident, signal.atMs) ? reopened(incident, signal.by, signal.atMs) : unchanged(incident);
    case "FIRED": {
      const again = fired(incident, signal.atMs);
      return again.steps.length === 0 ? again : raised(again, signal.severity, signal.atMs);
    }
    default:
      return unchanged(incident);
  }
};
