import type { Anomaly } from "./domain/anomaly.ts";
import type { Rule } from "./domain/rule.ts";

/** What resolvers of `Anomaly` receive. */
export type AnomalyParent = Anomaly;
/** What resolvers of `Rule` receive. */
export type RuleParent = Rule;
