import DataLoader from "dataloader";
import type { RuleId, TenantId } from "@tessera/contracts/ids";
import type { Anomaly } from "../../domain/anomaly.ts";
import type { SavedObjective } from "../../domain/objectives/objective.ts";
import type { ObjectiveStore } from "../../store/objectives/objective-store.ts";

/** Loads what belongs to objectives in batches. */
export interface ObjectiveLoaders {
  readonly objective: DataLoader<string, SavedObjective | null>;
  /** The rules that watch an objective, the oldest first. */
  readonly rulesOf: DataLoader<string, readonly RuleId[]>;
  /** The newest anomalies of an objective's rules. */
  readonly anomaliesOf: (objectiveId: string, most: number) => Promise<readonly Anomaly[]>;
}

/** Makes the loaders of one call, bound to its tenant. */
export const createObjectiveLoaders = (
  objectives: Pick<ObjectiveStore, "findMany" | "rulesOf" | "anomaliesOf">,
  tenantId: TenantId,
): ObjectiveLoaders => {
  const rulesOf = new DataLoader<string, readonly RuleId[]>(
    async (ids) => {
      const all = await objectives.rulesOf(tenantId, [...new Set(ids)]);
      return ids.map((id) => all.flatMap(({ objectiveId, ruleId }) => (objectiveId === id ? [ruleId] : [])));
    },
    { cache: false },
  );
  return {
    rulesOf,
    objective: new DataLoader<string, SavedObjective | null>(
      async (ids) => {
        const found = new Map((await objectives.findMany(tenantId, [...new Set(ids)])).map((one) => [one.id, one]));
        return ids.map((id) => found.get(id) ?? null);
      },
      { cache: false },
    ),
    anomaliesOf: async (objectiveId, most) => {
      const ruleIds = await rulesOf.load(objectiveId);
      return ruleIds.length === 0 ? [] : objectives.anomaliesOf(tenantId, ruleIds, most);
    },
  };
};
