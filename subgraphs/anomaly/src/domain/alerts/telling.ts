import { SEVERITIES, SILENCES, type AlertReason, type AlertStateName, type Severity, type Silence } from "./alert.ts";
import type { AlertPolicy, EscalationTimes } from "./alert-policy.ts";
import type { AlertState, AlertTransition, Believed, Notices, Stepped } from "./alert-state.ts";

/** Whether an episode lasts in a state. */
export const isOpen = (state: AlertStateName): boolean =>
  state === "FIRING" || state === "ACKNOWLEDGED" || state === "RESOLVING";

/** Whether one severity is worse than another. */
export const isWorse = (severity: Severity, than: Severity): boolean =>
  SEVERITIES.indexOf(severity) > SEVERITIES.indexOf(than);

/** Why people are told nothing of an alert at present; the first of those in force. */
export const silenceOf = ({ snoozedUntilMs, silences, flapping }: AlertState): Silence | null => {
  const inForce: readonly Silence[] = [
    ...(snoozedUntilMs === null ? [] : (["SNOOZED"] as const)),
    ...silences,
    ...(flapping ? (["FLAPPING"] as const) : []),
  ];
  return SILENCES.find((silence) => inForce.includes(silence)) ?? null;
};

/** Whether what people believe of an alert is not so, and is to be put right once nothing silences it. What somebody looks at needs no telling, unless it has become worse. */
export const isOwed = ({ state, believed, episode, severity }: AlertState): boolean => {
  if (!isOpen(state)) return believed !== null;
  if (believed?.episode !== episode) return state === "FIRING";
  return state !== "RESOLVING" && isWorse(severity, believed.severity);
};

/** A step to be put on record. */
export interface Entry {
  readonly to: AlertStateName;
  readonly reason: AlertReason;
  /** When it is said to have been. */
  readonly atMs: number;
  /** Since when the alert stands where it leads; left out: since then. */
  readonly sinceMs?: number;
  /** When people are told, on the wall clock. */
  readonly wallMs: number;
  /** Whether people are to be told of it if nothing silences it. */
  readonly worth: boolean;
  /** What silences it; left out: what silences the alert. */
  readonly silence?: Silence | null;
}

const believedAfter = ({ episode, severity }: AlertState, to: AlertStateName): Believed | null =>
  isOpen(to) ? { episode, severity } : null;

const firstNotices = (escalation: EscalationTimes | null, wallMs: number): Notices => ({
  lastMs: wallMs,
  reminders: 0,
  capped: false,
  step: escalation?.afterMs[0] === 0 ? 0 : null,
  stepMs: wallMs,
  repeats: 0,
});

const noticesAfter = (policy: AlertPolicy, alert: AlertState, { to, wallMs }: Entry): Notices | null => {
  if (!isOpen(to)) return alert.notices;
  const { believed, notices, episode } = alert;
  return believed?.episode === episode && notices !== null
    ? { ...notices, lastMs: wallMs }
    : firstNotices(policy.escalation, wallMs);
};

// Who is told that all is well is told so of the episode they believe in.
const episodeOf = ({ state, believed, episode }: AlertState, to: AlertStateName, notify: boolean): number | null => {
  if (isOpen(to)) return episode;
  if (notify && believed !== null) return believed.episode;
  return isOpen(state) || (state === "RESOLVED" && to === "RESOLVED") ? episode : null;
};

/** Puts a step on record: where the alert stands after it, whether people are told, and what they believe then. */
export const record = (policy: AlertPolicy, { alert, transitions }: Stepped, entry: Entry): Stepped => {
  const silence = entry.worth ? (entry.silence === undefined ? silenceOf(alert) : entry.silence) : null;
  const notify = entry.worth && silence === null;
  const told = notify
    ? { believed: believedAfter(alert, entry.to), notices: noticesAfter(policy, alert, entry) }
    : { believed: alert.believed, notices: alert.notices };
  const episode = episodeOf(alert, entry.to, notify);
  const transition: AlertTransition = {
    from: alert.state,
    to: entry.to,
    reason: entry.reason,
    atMs: entry.atMs,
    severity: alert.severity,
    episode,
    sinceMs: episode === alert.episode ? alert.episodeSinceMs : null,
    notify,
    silence,
    escalationStep: notify ? (told.notices?.step ?? null) : null,
  };
  const sinceMs = entry.to === alert.state ? alert.sinceMs : (entry.sinceMs ?? entry.atMs);
  return { alert: { ...alert, ...told, state: entry.to, sinceMs }, transitions: [...transitions, transition] };
};

/** Puts right what people believe, if it is not so and nothing silences the alert any more; that it flaps, if they were not told, while nothing but that does. */
export const settle = (policy: AlertPolicy, stepped: Stepped, wallMs: number): Stepped => {
  const { alert } = stepped;
  if (alert.flapping && !alert.flappingTold && silenceOf({ ...alert, flapping: false }) === null) {
    const told = { ...stepped, alert: { ...alert, flappingTold: true } };
    const entry = { to: alert.state, reason: "FLAPPING_BEGAN", atMs: wallMs, wallMs, worth: true } as const;
    return record(policy, told, { ...entry, silence: null });
  }
  if (!isOwed(alert) || silenceOf(alert) !== null) return stepped;
  return record(policy, stepped, { to: alert.state, reason: "SILENCE_ENDED", atMs: wallMs, wallMs, worth: true });
};
