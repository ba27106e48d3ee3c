import type { AlertPolicy, EscalationTimes } from "./alert-policy.ts";
import type { AlertState, Notices, Stepped } from "./alert-state.ts";
import { isOwed, record, silenceOf } from "./telling.ts";

/** Ends the snooze of an alert; who was to be spared is told again if it still fires. */
export const wake = (policy: AlertPolicy, { alert, transitions }: Stepped, wallMs: number): Stepped => {
  const awake: AlertState = { ...alert, snoozedUntilMs: null };
  const worth = alert.state === "FIRING" || isOwed(alert);
  const entry = { to: alert.state, reason: "SNOOZE_ENDED", atMs: wallMs, wallMs, worth } as const;
  return record(policy, { alert: awake, transitions }, entry);
};

interface NextStep {
  readonly step: number;
  readonly delayMs: number;
  readonly repeats: number;
}

const nextStep = ({ afterMs, repeats, repeatAfterMs }: EscalationTimes, notices: Notices): NextStep | null => {
  const step = notices.step === null ? 0 : notices.step + 1;
  const delayMs = afterMs[step];
  if (delayMs !== undefined) return { step, delayMs, repeats: notices.repeats };
  return notices.repeats < repeats ? { step: 0, delayMs: repeatAfterMs, repeats: notices.repeats + 1 } : null;
};

const escalated = (policy: AlertPolicy, stepped: Stepped, notices: Notices, wallMs: number): Stepped | null => {
  const next = policy.escalation === null ? null : nextStep(policy.escalation, notices);
  if (next === null || wallMs - notices.stepMs < next.delayMs) return null;
  const taken = { ...notices, step: next.step, stepMs: wallMs, repeats: next.repeats };
  const alert = { ...stepped.alert, notices: taken };
  const entry = { to: alert.state, reason: "ESCALATED", atMs: wallMs, wallMs, worth: true } as const;
  return record(policy, { ...stepped, alert }, entry);
};

const reminded = (policy: AlertPolicy, stepped: Stepped, notices: Notices, wallMs: number): Stepped => {
  const { renotify } = policy;
  if (renotify === null || notices.capped || wallMs - notices.lastMs < renotify.everyMs) return stepped;
  const capped = notices.reminders >= renotify.atMost;
  const counted = capped ? { ...notices, capped } : { ...notices, reminders: notices.reminders + 1 };
  const alert = { ...stepped.alert, notices: counted };
  const entry = { to: alert.state, reason: "RENOTIFIED", atMs: wallMs, wallMs, worth: true } as const;
  return record(policy, { ...stepped, alert }, capped ? { ...entry, silence: "RENOTIFY_CAP" } : entry);
};

/**
 * The first moment on the wall clock at which time alone leads an alert on, if nothing else happens; null: none ever does. A tick at each such moment tells what ticks at all
 * moments would.
 */
export const nextTick = (policy: AlertPolicy, alert: AlertState): number | null => {
  if (alert.snoozedUntilMs !== null) return alert.snoozedUntilMs;
  const { state, notices, believed, episode } = alert;
  if (state !== "FIRING" || notices === null || believed?.episode !== episode || silenceOf(alert) !== null) return null;
  const step = policy.escalation === null ? null : nextStep(policy.escalation, notices);
  const due = [
    ...(step === null ? [] : [notices.stepMs + step.delayMs]),
    ...(policy.renotify === null || notices.capped ? [] : [notices.lastMs + policy.renotify.everyMs]),
  ];
  return due.length === 0 ? null : Math.min(...due);
};

/** What people were told later than now, by a clock that was ahead, they were told by now: what follows it waits from then on as long as it is to. */
const toldByNow = (alert: AlertState, wallMs: number): AlertState => {
  const { notices } = alert;
  if (notices === null || (notices.lastMs <= wallMs && notices.stepMs <= wallMs)) return alert;
  const [lastMs, stepMs] = [Math.min(notices.lastMs, wallMs), Math.min(notices.stepMs, wallMs)];
  return { ...alert, notices: { ...notices, lastMs, stepMs } };
};

/** What passing time leads to: the end of a snooze, else a step of the escalation, else a reminder; one telling at most. */
export const tickStep = (policy: AlertPolicy, before: AlertState, wallMs: number): Stepped => {
  const alert = toldByNow(before, wallMs);
  const stepped: Stepped = { alert, transitions: [] };
  if (alert.snoozedUntilMs !== null && alert.snoozedUntilMs <= wallMs) return wake(policy, stepped, wallMs);
  const { state, notices, believed, episode } = alert;
  if (state !== "FIRING" || notices === null || believed?.episode !== episode || silenceOf(alert) !== null)
    return stepped;
  return escalated(policy, stepped, notices, wallMs) ?? reminded(policy, stepped, notices, wallMs);
};
