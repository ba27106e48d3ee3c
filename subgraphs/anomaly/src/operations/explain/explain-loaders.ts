import type { Anomaly } from "../../domain/anomaly.ts";
import type { Rule } from "../../domain/rule.ts";
import type { Watch } from "../../domain/rules/watch.ts";
import type { KeptBucket } from "../../domain/rules/series.ts";

/** Loads rules and what series still remember, in batches. */
export interface ExplainLoaders {
  readonly rule: { load(id: Rule["id"]): Promise<Rule | null> };
  /** What the rule of an anomaly watched when it was raised; null of one that was raised before that was kept. */
  readonly watchOfAnomaly: { load(id: Anomaly["id"]): Promise<Watch | null> };
  readonly bucketsOf: (anomaly: Anomaly) => Promise<readonly KeptBucket[]>;
}
