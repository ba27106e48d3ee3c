/** What abuse is looked for. */
export const ABUSE_KINDS = ["CREDENTIAL_STUFFING", "KEY_SCANNING", "SCRAPING", "COST_SPIKE"] as const;

/** One of {@link ABUSE_KINDS}. */
export type AbuseKind = (typeof ABUSE_KINDS)[number];

/** Where abuse can come from: a subject of a tenant, one network address (IPv6: its /64), or the network around it (/24, IPv6: /48). */
export const ABUSE_SOURCE_KINDS = ["API_KEY", "USER", "CLIENT", "ADDRESS", "NETWORK"] as const;

/** One place abuse can come from. */
export interface AbuseSource {
  readonly kind: (typeof ABUSE_SOURCE_KINDS)[number];
  readonly id: string;
}

/** How a source is held back: to a part of what it may otherwise spend, or from everything. */
export type ThrottleLevel = "REDUCED" | "BLOCKED";

/** A throttle as those who enforce it know it. */
export interface ActiveThrottle {
  readonly source: AbuseSource;
  readonly kind: AbuseKind;
  readonly level: ThrottleLevel;
  /** Part of its quota the source keeps, in percent; 0 when it is blocked. */
  readonly percent: number;
  /** When it ends by itself, milliseconds since the epoch. */
  readonly untilMs: number;
}
