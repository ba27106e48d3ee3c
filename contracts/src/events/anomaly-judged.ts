import type { AnomalyId, RuleId, TenantId } from "../ids.ts";

/** Topic on which {@link AnomalyJudged} is told. */
export const ANOMALY_JUDGED = "anomaly.judged";

/** Told whenever somebody says something new of an anomaly or takes it back, in the transaction that keeps it, with what people say of it together then. */
export interface AnomalyJudged {
  readonly tenantId: TenantId;
  readonly anomalyId: AnomalyId;
  readonly ruleId: RuleId;
  /** What most say; null when nobody says anything any more. */
  readonly verdict: "TRUE" | "FALSE" | "EXPECTED" | "KNOWN_ISSUE" | null;
  /** The question that its rule watches now, by the name of its field; null of rules that watch a metric of their own. */
  readonly question: Readonly<Record<string, unknown>> | null;
  /** The group of its series; empty when the rule has one series alone. */
  readonly group: readonly { readonly name: string; readonly value: string | null }[];
  /** Milliseconds since the epoch. */
  readonly atMs: number;
}
