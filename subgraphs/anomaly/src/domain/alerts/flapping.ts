import type { AlertPolicy } from "./alert-policy.ts";
import type { AlertState, Stepped } from "./alert-state.ts";
import { record, silenceOf, type Entry } from "./telling.ts";

/** Ends flapping when the alert has neither opened nor ended for the window of its policy; people are told so, and where it stands. */
export const calmed = (policy: AlertPolicy, stepped: Stepped, untilMs: number, wallMs: number): Stepped => {
  const { alert } = stepped;
  const lastMs = alert.changesMs.at(-1);
  const windowMs = policy.flapping?.windowMs ?? 0;
  if (!alert.flapping || (lastMs !== undefined && untilMs - lastMs < windowMs)) return stepped;
  const calm = { ...stepped, alert: { ...alert, flapping: false } };
  return record(policy, calm, { to: alert.state, reason: "FLAPPING_ENDED", atMs: untilMs, wallMs, worth: true });
};

const withChange = ({ flapping }: AlertPolicy, alert: AlertState, atMs: number): AlertState => {
  if (flapping === null) return { ...alert, changesMs: [], flapping: false };
  const changesMs = [...alert.changesMs.filter((ms) => atMs - ms < flapping.windowMs), atMs].slice(-flapping.changes);
  return { ...alert, changesMs, flapping: alert.flapping || changesMs.length >= flapping.changes };
};

/**
 * Puts on record that an episode began or ended. The change with which an alert begins to flap is told as that, once; those that follow are not told. Where
 * something else silences it then, it is told when nothing does any more, if the alert still flaps.
 */
export const recordChange = (policy: AlertPolicy, stepped: Stepped, entry: Entry): Stepped => {
  const before = stepped.alert;
  const changed = { ...stepped, alert: withChange(policy, before, entry.atMs) };
  const recorded = record(policy, changed, entry);
  if (before.flapping || !recorded.alert.flapping) return recorded;
  const { atMs, wallMs, to } = entry;
  const silence = silenceOf({ ...recorded.alert, flapping: false });
  const begun = { ...recorded, alert: { ...recorded.alert, flappingTold: silence === null } };
  return record(policy, begun, { to, reason: "FLAPPING_BEGAN", atMs, wallMs, worth: true, silence });
};
