import type { EscalationTimes } from "../alerts/alert-policy.ts";

/** Whom a step of an escalation tells: whoever is on call by a schedule, a person, or a channel. */
export interface EscalationTarget {
  readonly kind: "SCHEDULE" | "PERSON" | "CHANNEL";
  readonly id: string;
}

/** A step of an escalation. */
export interface EscalationStep {
  /** How long after the step before it (the first: after people were first told); 0, for the first alone: with the first telling. */
  readonly afterMs: number;
  readonly targets: readonly EscalationTarget[];
}

/** What its author says of an escalation policy. */
export interface EscalationPolicy {
  readonly name: string;
  readonly steps: readonly EscalationStep[];
  readonly repeats: number;
  readonly repeatAfterMs: number;
}

/** The delays of an escalation, as the alert machine counts them. */
export const escalationTimesOf = ({ steps, repeats, repeatAfterMs }: EscalationPolicy): EscalationTimes => ({
  afterMs: steps.map(({ afterMs }) => afterMs),
  repeats,
  repeatAfterMs,
});

/** Whom a step tells at a moment: each person and channel once; who is on call is asked of `onCall`, which answers null for a gap. */
export const toldBy = (
  policy: EscalationPolicy,
  step: number,
  onCall: (scheduleId: string) => string | null,
): { readonly persons: readonly string[]; readonly channels: readonly string[]; readonly gaps: readonly string[] } => {
  const targets = policy.steps[step]?.targets ?? [];
  const ids = (kind: EscalationTarget["kind"]): readonly string[] =>
    targets.filter((target) => target.kind === kind).map(({ id }) => id);
  const asked = ids("SCHEDULE").map((id) => ({ id, personId: onCall(id) }));
  const present = asked.flatMap(({ personId }) => (personId === null ? [] : [personId]));
  return {
    persons: [...new Set([...ids("PERSON"), ...present])],
    channels: [...new Set(ids("CHANNEL"))],
    gaps: asked.filter(({ personId }) => personId === null).map(({ id }) => id),
  };
};
