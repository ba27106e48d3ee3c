import type { Resources } from "@tessera/platform/runtime/resources";
import { MAX_SOURCES, storedMapping } from "./domain/explain/change-source.ts";
import { createExplainOperations, type ExplainOperations } from "./operations/explain/explain-operations.ts";
import { createChangeEventStore } from "./store/explain/change-events.ts";
import { createChangeSourceStore } from "./store/explain/change-source-store.ts";
import { createExplainStore } from "./store/explain/explain-store.ts";

/** Opens what anomalies are explained by beside the analytics room: their series, other anomalies, and changes, recorded ones and stored events. */
export const openExplain = ({
  sql,
  eventStore,
  nowMs,
  newId,
}: Pick<Resources, "sql" | "eventStore" | "nowMs" | "newId">): ExplainOperations =>
  createExplainOperations({
    explained: createExplainStore(sql),
    sources: createChangeSourceStore({
      ...{ sql, most: MAX_SOURCES },
      readMapping: (stored) => storedMapping.parse(stored),
    }),
    changeEvents: createChangeEventStore(eventStore),
    ...{ nowMs, newId },
  });
