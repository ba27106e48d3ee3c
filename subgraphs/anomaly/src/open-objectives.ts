import type { TenantId } from "@tessera/contracts/ids";
import type { AskAnalytics } from "@tessera/contracts/watched-series";
import type { Resources } from "@tessera/platform/runtime/resources";
import { objectiveCodec } from "./domain/objectives/check-objective.ts";
import { ruleCodec } from "./domain/rules/rule-codec.ts";
import { createSettleSeries } from "./domain/rules/settle-series.ts";
import { createObjectiveLoaders, type ObjectiveLoaders } from "./operations/objectives/objective-loaders.ts";
import { createObjectiveOperations, type ObjectiveOperations } from "./operations/objectives/objective-operations.ts";
import { createObjectiveStore } from "./store/objectives/objective-store.ts";

/** Everything there is about service level objectives. */
export interface Objectives {
  readonly operations: ObjectiveOperations;
  readonly loaders: (tenantId: TenantId) => ObjectiveLoaders;
}

/** Opens service level objectives, which rules watch. */
export const openObjectives = (
  resources: Resources,
  { askAnalytics }: { readonly askAnalytics: AskAnalytics },
): Objectives => {
  const { sql, eventLog, nowMs, newId } = resources;
  const rules = { eventLog, codec: ruleCodec, settleSeries: createSettleSeries(newId) };
  const objectives = createObjectiveStore({ sql, codec: objectiveCodec, rules });
  return {
    operations: createObjectiveOperations({ objectives, askAnalytics, nowMs, newId }),
    loaders: (tenantId) => createObjectiveLoaders(objectives, tenantId),
  };
};
