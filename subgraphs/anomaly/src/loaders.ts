import DataLoader from "dataloader";
import type { AnomalyId, RuleId, TenantId } from "@tessera/contracts/ids";
import type { Anomaly } from "./domain/anomaly.ts";
import type { Feedback } from "./domain/feedback/feedback.ts";
import type { AlertStep } from "./domain/rules/alert-step.ts";
import type { Watch } from "./domain/rules/watch.ts";
import type { KeptBucket } from "./domain/rules/series.ts";
import type { Rule } from "./domain/rule.ts";
import type { AnomalyStore } from "./store/anomaly-store.ts";
import type { FeedbackStore } from "./store/feedback/feedback-store.ts";
import type { RuleStore } from "./store/rule-store.ts";

/** Loads related things in batches. Nothing is remembered, because a subscription's context lives long. */
export interface Loaders {
  /** A rule, deleted or not. */
  readonly rule: DataLoader<RuleId, Rule | null>;
  readonly anomaly: DataLoader<AnomalyId, Anomaly | null>;
  readonly openAnomalyOfRule: DataLoader<RuleId, Anomaly | null>;
  /** The steps of an anomaly's alert, oldest first. */
  readonly stepsOfAnomaly: DataLoader<AnomalyId, readonly AlertStep[]>;
  /** What the rule of an anomaly watched when it was raised; null of one that was raised before that was kept. */
  readonly watchOfAnomaly: DataLoader<AnomalyId, Watch | null>;
  /** The last judged buckets of an anomaly's series. */
  readonly bucketsOf: (anomaly: Anomaly) => Promise<readonly KeptBucket[]>;
  /** All that was said of an anomaly, oldest first. */
  readonly feedbackOfAnomaly: DataLoader<AnomalyId, readonly Feedback[]>;
}

/** Steps of one anomaly that are told: the newest of more. */
const MAX_STEPS = 100;

const batched = <Id extends string, Item>(
  load: (ids: readonly Id[]) => Promise<readonly Item[]>,
  idOf: (item: Item) => Id,
): DataLoader<Id, Item | null> =>
  new DataLoader<Id, Item | null>(
    async (ids) => {
      const found = new Map((await load([...new Set(ids)])).map((item) => [idOf(item), item]));
      return ids.map((id) => found.get(id) ?? null);
    },
    { cache: false },
  );

/** Makes the loaders of one call, bound to its tenant. */
export const createLoaders = (
  stores: { rules: RuleStore; anomalies: AnomalyStore; feedback: Pick<FeedbackStore, "ofAnomalies"> },
  tenantId: TenantId,
): Loaders => ({
  rule: batched(
    (ids) => stores.rules.findMany(tenantId, ids),
    (rule) => rule.id,
  ),
  anomaly: batched(
    (ids) => stores.anomalies.findMany(tenantId, ids),
    (anomaly) => anomaly.id,
  ),
  openAnomalyOfRule: batched(
    (ids) => stores.anomalies.findOpenOfRules(tenantId, ids),
    (anomaly) => anomaly.ruleId,
  ),
  stepsOfAnomaly: new DataLoader<AnomalyId, readonly AlertStep[]>(
    async (ids) => {
      const steps = await stores.anomalies.stepsOf(tenantId, ids, MAX_STEPS);
      return ids.map((id) => steps.filter(({ anomalyId }) => anomalyId === id));
    },
    { cache: false },
  ),
  watchOfAnomaly: new DataLoader<AnomalyId, Watch | null>(
    async (ids) => {
      const found = await stores.anomalies.watchesOf(tenantId, ids);
      const watches = new Map(found.map(({ anomalyId, watch }) => [anomalyId, watch]));
      return ids.map((id) => watches.get(id) ?? null);
    },
    { cache: false },
  ),
  bucketsOf: ({ ruleId, fingerprint }) => stores.anomalies.bucketsOf(tenantId, ruleId, fingerprint),
  feedbackOfAnomaly: new DataLoader<AnomalyId, readonly Feedback[]>(
    async (ids) => {
      const all = await stores.feedback.ofAnomalies(tenantId, ids);
      return ids.map((id) => all.filter(({ anomalyId }) => anomalyId === id));
    },
    { cache: false },
  ),
});
