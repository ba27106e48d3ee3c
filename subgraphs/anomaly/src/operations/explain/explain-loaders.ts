import type { Anomaly } from "../../domain/anomaly.ts";
import type { Rule } from "../../domain/rule.ts";
import type { KeptBucket } from "../../domain/rules/series.ts";

/** Loads rules and what series still remember, in batches. */
export interface ExplainLoaders {
  readonly rule: { load(id: Rule["id"]): Promise<Rule | null> };
  readonly bucketsOf: (anomaly: Anomaly) => Promise<readonly KeptBucket[]>;
}
