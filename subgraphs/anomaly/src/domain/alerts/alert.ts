/**
 * Where the alert of one series stands. OK: nothing is wrong. PENDING: something may be, not yet long or often enough. FIRING: it is, and people are told. ACKNOWLEDGED: somebody
 * looks at it. RESOLVING: it seems over, not yet long or often enough. RESOLVED: it is over; the next breach begins a new anomaly.
 */
export const ALERT_STATES = ["OK", "PENDING", "FIRING", "ACKNOWLEDGED", "RESOLVING", "RESOLVED"] as const;

/** One of {@link ALERT_STATES}. */
export type AlertStateName = (typeof ALERT_STATES)[number];

/** How bad it is, the least first. */
export const SEVERITIES = ["INFO", "WARNING", "ERROR", "CRITICAL"] as const;

/** One of {@link SEVERITIES}. */
export type Severity = (typeof SEVERITIES)[number];

/** Why an alert went from one state to another, or why nobody was told of it. */
export const ALERT_REASONS = [
  "BREACHED",
  "BREACHED_LONG_ENOUGH",
  "RETURNED_BEFORE_FIRING",
  "RETURNED",
  "RETURNED_LONG_ENOUGH",
  "BREACHED_AGAIN",
  "ACKNOWLEDGED_BY_CALLER",
  "ACKNOWLEDGED_BY_CHANNEL",
  "RESOLVED_BY_CALLER",
  "NO_DATA",
  "NO_DATA_LONG_ENOUGH",
  "SERIES_GONE",
  "RULE_CHANGED",
  "RULE_DELETED",
  "SEVERITY_ROSE",
  "ESCALATED",
  "RENOTIFIED",
  "SNOOZED",
  "SNOOZE_ENDED",
  "FLAPPING_BEGAN",
  "FLAPPING_ENDED",
  "SILENCE_ENDED",
  "AUTO_RESOLVED",
] as const;

/** One of {@link ALERT_REASONS}. */
export type AlertReason = (typeof ALERT_REASONS)[number];

/** Why people are not told of a transition that they would otherwise be told of; null: they are. */
export const SILENCES = [
  "SNOOZED",
  "SUPPRESSED",
  "MAINTENANCE",
  "INHIBITED",
  "FEEDBACK",
  "FLAPPING",
  "RENOTIFY_CAP",
] as const;

/** One of {@link SILENCES}. */
export type Silence = (typeof SILENCES)[number];
