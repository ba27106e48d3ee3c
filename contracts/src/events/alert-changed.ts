import type { AnomalyId, RuleId, TenantId } from "../ids.ts";

/** Topic on which {@link AlertChanged} is told. */
export const ALERT_CHANGED = "alert.changed";

/** How the number, the times and the purpose of a rule are told to people. */
export interface AlertShown {
  /** What the number is called and what it is of, such as `purchases each minute`; empty where nothing is known of it. */
  readonly number: string;
  /** What stands after a value: `%`, `ms`, `s`, a currency, or nothing. */
  readonly unit: string;
  /** What a value is multiplied by to be told in that unit. */
  readonly times: number;
  /** The IANA zone on whose clock the rule watches. */
  readonly timeZone: string;
  /** What the rule is for, as its author says; empty where they say nothing. */
  readonly about: string;
}

/**
 * Told once for each transition of an alert, in the transaction that keeps it, with all that a message to people needs. The log's dedupe key is the transition's id. Times are
 * milliseconds since the epoch.
 */
export interface AlertChanged {
  readonly tenantId: TenantId;
  /** Names the transition, a UUID: whatever follows from it happens once. */
  readonly transitionId: string;
  readonly ruleId: RuleId;
  readonly ruleName: string;
  /** The anomaly it belongs to; null while it is only pending. */
  readonly anomalyId: AnomalyId | null;
  /** Names the series among all of the tenant: equal for equal rule and group. */
  readonly fingerprint: string;
  /** The group of the series; empty when the rule has one series alone. */
  readonly group: readonly { readonly name: string; readonly value: string | null }[];
  /** What routing goes by: the rule's labels, and `rule`, `severity` and the group's. */
  readonly labels: Readonly<Record<string, string>>;
  readonly from: "OK" | "PENDING" | "FIRING" | "ACKNOWLEDGED" | "RESOLVING" | "RESOLVED";
  readonly to: "OK" | "PENDING" | "FIRING" | "ACKNOWLEDGED" | "RESOLVING" | "RESOLVED";
  /** One of the anomaly room's reasons, such as BREACHED_LONG_ENOUGH. */
  readonly reason: string;
  readonly severity: "INFO" | "WARNING" | "ERROR" | "CRITICAL";
  /** Whether people are to be told. */
  readonly notify: boolean;
  /** Why they are not, such as MAINTENANCE; null when they are, or would not be told of such a transition anyway. */
  readonly silence: string | null;
  /** The step of the rule's escalation it is told to, from 0; null: whoever the routing names. */
  readonly escalationStep: number | null;
  /** The channel by which somebody led to it, which knows of it; there where one did. */
  readonly fromChannel?: string | undefined;
  /** Whether its rule watches a rate of errors; there where it does. */
  readonly errorRate?: boolean | undefined;
  readonly atMs: number;
  /** When the anomaly began; null while it is only pending. */
  readonly sinceMs: number | null;
  readonly value: number | null;
  readonly expected: number | null;
  readonly low: number | null;
  readonly high: number | null;
  /** What the detector saw, in a sentence. */
  readonly because: string;
  /** How people are told of it; left out by those who told before there was such a thing. */
  readonly shown?: AlertShown | undefined;
}
