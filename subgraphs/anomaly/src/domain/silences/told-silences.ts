import { step } from "../alerts/alert-machine.ts";
import type { AlertPolicy } from "../alerts/alert-policy.ts";
import { freshAlert, type AlertSignal, type AlertState } from "../alerts/alert-state.ts";
import { isOpen } from "../alerts/telling.ts";
import type { Labels } from "./matcher.ts";
import type { SilencesInForce } from "./silence.ts";

/** What an alert's labels are made of. */
export interface Labelled {
  /** The rule's own. */
  readonly labels: Labels;
  readonly group: readonly { readonly name: string; readonly value: string | null }[];
  /** The rule's name. */
  readonly rule: string;
}

/** The labels of an alert, as whoever is told of it sees them: the rule's, the group's, `rule` and `severity`. */
export const alertLabels = ({ labels, group, rule }: Labelled, severity: string): Labels => ({
  ...labels,
  ...Object.fromEntries(group.map(({ name, value }) => [name, value ?? ""])),
  rule,
  severity,
});

/** A series whose alert is about to be told something. */
export interface ToBeTold extends Labelled {
  readonly fingerprint: string;
  readonly alert: AlertState | null;
}

/**
 * The signal that tells an alert the silences around it, before it is told `signals`: by the severity it has after them, so that what silences warnings does not silence what has
 * become worse. Null where there is nothing new to tell.
 */
export const contextSignal = (
  policy: AlertPolicy,
  { fingerprint, alert, ...labelled }: ToBeTold,
  signals: readonly AlertSignal[],
  inForce: SilencesInForce,
): AlertSignal | null => {
  const atMs = signals.at(-1)?.atMs ?? 0;
  const before = alert ?? freshAlert(atMs);
  const { severity } = signals.reduce((state, signal) => step(policy, state, signal).alert, before);
  const silences = inForce({ fingerprint, labels: alertLabels(labelled, severity) });
  return silences.length === 0 && before.silences.length === 0 ? null : { kind: "CONTEXT", silences, atMs };
};

/**
 * Whether an alert is told the silences around it after `signals` and not before them: when it would otherwise be told that its episode goes on though silenced, and by the same
 * look that the episode is over. What begins and ends in a silence is not told.
 */
export const isContextLast = (
  policy: AlertPolicy,
  alert: AlertState | null,
  context: AlertSignal,
  signals: readonly AlertSignal[],
): boolean => {
  const first = step(policy, alert ?? freshAlert(context.atMs), context);
  const again = first.transitions.findLast(({ notify, to }) => notify && isOpen(to));
  if (again === undefined) return false;
  let after = first.alert;
  return signals.some((signal) => {
    const stepped = step(policy, after, signal);
    after = stepped.alert;
    return stepped.transitions.some(
      ({ from, to, episode }) => isOpen(from) && !isOpen(to) && episode === again.episode,
    );
  });
};
