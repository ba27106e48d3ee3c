import type { Subject } from "@tessera/contracts/caller";
import type { AnomalyId, IncidentId, RuleId, TenantId } from "@tessera/contracts/ids";
import type { Severity } from "../alerts/alert.ts";
import type { Labels } from "../silences/matcher.ts";

/**
 * Where an incident stands. TRIGGERED: nobody looks at it. ACKNOWLEDGED: somebody does. MITIGATED: its harm is stopped, its cause is not mended. RESOLVED: it is over, and begins
 * again when an alert of the same cause fires soon. CLOSED: over for good.
 */
export const INCIDENT_STATES = ["TRIGGERED", "ACKNOWLEDGED", "MITIGATED", "RESOLVED", "CLOSED"] as const;
/** One of {@link INCIDENT_STATES}. */
export type IncidentState = (typeof INCIDENT_STATES)[number];

/** Who does what in an incident; of responders there may be several, of the others one. */
export const INCIDENT_ROLES = ["COMMANDER", "COMMUNICATIONS", "SCRIBE", "RESPONDER"] as const;
/** One of {@link INCIDENT_ROLES}. */
export type IncidentRole = (typeof INCIDENT_ROLES)[number];

/** What an entry of a timeline tells. */
export const INCIDENT_ENTRY_KINDS = [
  ...(["OPENED", "ALERT_JOINED", "ALERT_CHANGED", "ACKNOWLEDGED", "MITIGATED", "RELAPSED", "RESOLVED"] as const),
  ...(["REOPENED", "CLOSED", "SEVERITY_CHANGED", "ROLE_ASSIGNED", "STATUS_UPDATED", "NOTED", "LINKED"] as const),
  "TOLD" as const,
] as const;
/** One of {@link INCIDENT_ENTRY_KINDS}. */
export type IncidentEntryKind = (typeof INCIDENT_ENTRY_KINDS)[number];

/** Bounds of incidents, each with its reason. */
export const INCIDENT_LIMITS = {
  /** Incidents of a tenant that are not closed: more at once are one outage, and nobody reads them. */
  live: 500,
  /** Open alerts of a tenant that take part; each turn of the consumer reads them. */
  openSigns: 10_000,
  /** Entries of a timeline that are written by alerts and the clock, and those with what people write: beyond, alerts are only counted and people are refused. */
  entries: 1_000,
  entriesWithPeople: 2_000,
  /** Alerts of one incident that are kept with it. */
  signs: 1_000,
  /** Deliveries that told of alerts before they joined and are looked at when they do: a timeline has no room for more. */
  tellings: 1_000,
  /** Holders of roles in one incident. */
  roles: 50,
  /** Links of one incident to others. */
  links: 50,
  /** Days that a closed incident is kept: the same week of last year can be looked at. */
  keptDays: 400,
} as const;

/** Who has a role in an incident. */
export interface RoleHolder {
  readonly role: IncidentRole;
  readonly personId: string;
  /** The on-call schedule that named them; null: somebody did by hand. */
  readonly scheduleId: string | null;
  readonly atMs: number;
}

/** An incident as it stands. Times are milliseconds since the epoch, on the wall clock but for `beganAtMs`. */
export interface Incident {
  readonly tenantId: TenantId;
  readonly id: IncidentId;
  /** Counts the tenant's incidents from 1 on. */
  readonly number: number;
  /** Names the cause: equal for equal policy and values of the labels it groups by. One incident of a cause is not closed at a time. */
  readonly groupKey: string;
  /** Name of the policy that opened it; null where somebody declared it. */
  readonly policy: string | null;
  readonly labels: Labels;
  readonly title: string;
  readonly state: IncidentState;
  readonly severity: Severity;
  /** The worst of its alerts so far: what somebody set by hand is raised by worse alone. */
  readonly worstAlert: Severity | null;
  readonly roles: readonly RoleHolder[];
  /** What was last said of it to those outside; null before. */
  readonly status: string | null;
  /** When its first alert began, in the time of what is watched. */
  readonly beganAtMs: number;
  readonly openedAtMs: number;
  /** When somebody first looked at it. */
  readonly acknowledgedAtMs: number | null;
  readonly mitigatedAtMs: number | null;
  /** When it was last over; null while it is not. */
  readonly resolvedAtMs: number | null;
  readonly closedAtMs: number | null;
  /** Since when none of its alerts is open; null while one is, and before the first. */
  readonly quietSinceMs: number | null;
  /** How long it is quiet before it is over, and how long after that it begins again rather than anew. */
  readonly resolveAfterMs: number;
  readonly reopenWithinMs: number;
  readonly timesReopened: number;
  /** Entries that its timeline has, and those of alerts that it had no room for. */
  readonly entries: number;
  readonly dropped: number;
}

/** An alert as incidents see it: one episode of a series. */
export interface Sign {
  readonly anomalyId: AnomalyId;
  readonly ruleId: RuleId;
  readonly ruleName: string;
  readonly fingerprint: string;
  /** The incident it belongs to; null while it belongs to none. */
  readonly incidentId: IncidentId | null;
  /** The policy and the cause it counts for; null where no policy takes it. */
  readonly policy: string | null;
  readonly groupKey: string | null;
  readonly labels: Labels;
  readonly severity: Severity;
  /** OVER: the episode has ended, and is open no more whatever is read of it later. */
  readonly state: "OPEN" | "OVER";
  readonly acknowledged: boolean;
  /** Whether people were told of it; what nobody was told of counts for no incident. */
  readonly told: boolean;
  /** Whether a parent's firing silences it: it joins its parent's incident and opens none. */
  readonly inhibited: boolean;
  readonly firedAtMs: number;
  readonly overAtMs: number | null;
}

/** An entry of a timeline; nothing of it is ever changed. */
export interface IncidentEntry {
  readonly id: string;
  readonly incidentId: IncidentId;
  readonly kind: IncidentEntryKind;
  readonly from: IncidentState;
  readonly to: IncidentState;
  readonly severity: Severity;
  /** Who led to it; null where an alert or the clock did. */
  readonly by: Subject | null;
  readonly text: string;
  /** The alert it is about, if it is about one. */
  readonly anomalyId: AnomalyId | null;
  readonly atMs: number;
}

/** Two incidents that may have to do with one another; they stay two. */
export interface IncidentLink {
  readonly incidentId: IncidentId;
  readonly otherId: IncidentId;
  /** From 0 to 1; 1 where somebody linked them. */
  readonly score: number;
  readonly reasons: readonly LinkReason[];
  /** Who linked them; null: their alerts did. */
  readonly by: Subject | null;
  readonly note: string | null;
  readonly atMs: number;
}

/** Why two incidents are linked. */
export const LINK_REASONS = ["SAME_LABELS", "SAME_TIME", "SHARED_UPSTREAM", "BY_HAND"] as const;
/** One of {@link LINK_REASONS}. */
export type LinkReason = (typeof LINK_REASONS)[number];
