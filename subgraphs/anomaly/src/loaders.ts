import DataLoader from "dataloader";
import type { AnomalyId, RuleId, TenantId } from "@tessera/contracts/ids";
import type { Anomaly } from "./domain/anomaly.ts";
import type { Rule } from "./domain/rule.ts";
import type { AnomalyStore } from "./store/anomaly-store.ts";
import type { RuleStore } from "./store/rule-store.ts";

/** Loads related things in batches. Nothing is remembered, because a subscription's context lives long. */
export interface Loaders {
  /** A rule, deleted or not. */
  readonly rule: DataLoader<RuleId, Rule | null>;
  readonly anomaly: DataLoader<AnomalyId, Anomaly | null>;
  readonly openAnomalyOfRule: DataLoader<RuleId, Anomaly | null>;
}

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
export const createLoaders = (stores: { rules: RuleStore; anomalies: AnomalyStore }, tenantId: TenantId): Loaders => ({
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
});
