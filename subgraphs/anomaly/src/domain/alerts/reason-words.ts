import { ALERT_REASONS, SILENCES, type AlertReason, type AlertStateName, type Silence } from "./alert.ts";

/** What a reason of a transition says to whoever is told of it, in words. */
export const REASON_WORDS: Readonly<Record<AlertReason, string>> = {
  BREACHED: "it is beyond what is normal",
  BREACHED_LONG_ENOUGH: "it has been beyond what is normal for as long as its rule asks",
  RETURNED_BEFORE_FIRING: "it was over before anybody was told",
  RETURNED: "it seems over",
  RETURNED_LONG_ENOUGH: "it has been normal again for as long as its rule asks",
  BREACHED_AGAIN: "it is beyond what is normal again",
  ACKNOWLEDGED_BY_CALLER: "somebody looks at it",
  ACKNOWLEDGED_BY_CHANNEL: "somebody looks at it",
  RESOLVED_BY_CALLER: "somebody resolved it",
  NO_DATA: "there are no data",
  NO_DATA_LONG_ENOUGH: "there have been no data for as long as its rule asks",
  SERIES_GONE: "the series is gone",
  RULE_CHANGED: "its rule watches something else now",
  RULE_DELETED: "its rule was deleted",
  SEVERITY_ROSE: "it has become worse",
  ESCALATED: "nobody looks at it yet",
  RENOTIFIED: "nobody looks at it yet",
  SNOOZED: "it is snoozed",
  SNOOZE_ENDED: "its snooze has ended",
  FLAPPING_BEGAN: "it comes and goes; you are told again when it is calm",
  FLAPPING_ENDED: "it no longer comes and goes",
  SILENCE_ENDED: "what silenced it has ended",
  AUTO_RESOLVED: "it was not beyond what is normal for so long that its rule ends it",
};

/** What is said of an alert that is in a state. */
export const STATE_WORDS: Readonly<Record<AlertStateName, string>> = {
  OK: "is calm",
  PENDING: "may be beginning",
  FIRING: "fires",
  ACKNOWLEDGED: "is acknowledged",
  RESOLVING: "may be over",
  RESOLVED: "is over",
};

const SILENCE_WORDS: Readonly<Record<Silence, string>> = {
  SNOOZED: "it is snoozed",
  SUPPRESSED: "a silence holds it back",
  MAINTENANCE: "a maintenance window holds it back",
  INHIBITED: "another alert explains it",
  FEEDBACK: "feedback on alerts like it holds it back",
  FLAPPING: "it comes and goes",
  RENOTIFY_CAP: "they were told as often as its rule allows",
};

/** The reason of a transition in words; one that is not known, which a newer process wrote, as it is. */
export const reasonInWords = (reason: string): string => {
  const known = ALERT_REASONS.find((one) => one === reason);
  return known === undefined ? reason : REASON_WORDS[known];
};

/** Why people are not told in words; what is not known as it is. */
export const silenceInWords = (silence: string): string => {
  const known = SILENCES.find((one) => one === silence);
  return known === undefined ? silence : SILENCE_WORDS[known];
};
