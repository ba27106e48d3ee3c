import type { Resources } from "@tessera/platform/runtime/resources";
import type { LongQueryStore } from "@tessera/platform/store/long-query-store";
import type { AnalyticsStore } from "../analytics-store.ts";
import { createBuildStore } from "./build-store.ts";
import { rolledUpAnalyticsStore } from "./rolled-up-analytics-store.ts";
import { createRollupData, type RollupData } from "./rollup-data.ts";
import { createQuestionLog, type QuestionLog } from "./question-log.ts";
import { createShapeSizes, type ShapeSizes } from "./shape-sizes.ts";
import { createRollupStore } from "./rollup-store.ts";
import type { BuildStore, RollupStore } from "./rollup-store-types.ts";

/** Tenants' own rollups: what they are, how they are filled, and the store that answers from them. */
export interface Rollups {
  readonly rollups: RollupStore;
  readonly builds: BuildStore;
  readonly data: RollupData;
  readonly questionLog: QuestionLog;
  readonly shapeSizes: ShapeSizes;
  readonly store: AnalyticsStore;
}

/** Opens {@link Rollups}. The event stores are those whose persons are those of the events: rollups are filled once, whoever is linked later. */
export const openRollups = (
  deps: Pick<Resources, "sql" | "nowMs" | "eventStore"> & {
    readonly longQueries: Pick<LongQueryStore, "fill" | "stream">;
    readonly below: AnalyticsStore;
    /** Name of the consumer that counts stored batches. */
    readonly consumer: string;
    readonly rules: Parameters<typeof rolledUpAnalyticsStore>[0]["rules"];
  },
): Rollups => {
  const [builds, questionLog] = [createBuildStore(deps), createQuestionLog(deps)];
  return {
    ...{ rollups: createRollupStore(deps), builds, data: createRollupData(deps) },
    ...{ questionLog, shapeSizes: createShapeSizes(deps.eventStore) },
    store: rolledUpAnalyticsStore({ ...deps, builds, questionLog }),
  };
};
