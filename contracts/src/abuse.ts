/** What abuse is looked for. */
export const ABUSE_KINDS = ["CREDENTIAL_STUFFING", "KEY_SCANNING", "SCRAPING", "COST_SPIKE"] as const;

/** One of {@link ABUSE_KINDS}. */
export type AbuseKind = (typeof ABUSE_KINDS)[number];

/** Where abuse can come from: a subject of a tenant, one network address (IPv6: its /64), or the network around it (/24, IPv6: /48). */
export const ABUSE_SOURCE_KINDS = ["API_KEY", "USER", "CLIENT", "LINK", "ADDRESS", "NETWORK"] as const;

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

/** From when on something is abuse; 0 of each: it is not looked for. */
export interface AbuseBounds {
  /** Different wrong keys from one address in a window. */
  readonly wrongKeys: number;
  /** Different other wrong credentials from one address in a window. */
  readonly wrongCredentials: number;
  /** Different pages and things one subject reads in a window, unless it usually reads more. */
  readonly pages: number;
  /** Points one subject spends in a window, unless it usually spends more. */
  readonly costPoints: number;
}

/** Bounds nobody has set: far above what people mistype, what a dashboard pages through, and a sixth of the default budget of points. */
export const DEFAULT_ABUSE_BOUNDS: AbuseBounds = {
  wrongKeys: 50,
  wrongCredentials: 50,
  pages: 300,
  costPoints: 1_000_000,
};
