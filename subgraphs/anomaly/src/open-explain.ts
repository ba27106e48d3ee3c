import type { Resources } from "@tessera/platform/runtime/resources";
import { createExplainOperations, type ExplainOperations } from "./operations/explain/explain-operations.ts";
import { createExplainStore } from "./store/explain/explain-store.ts";

/** Opens what anomalies are explained by beside the analytics room: their series, other anomalies, and recorded changes. */
export const openExplain = ({ sql, nowMs, newId }: Pick<Resources, "sql" | "nowMs" | "newId">): ExplainOperations =>
  createExplainOperations({ explained: createExplainStore(sql), nowMs, newId });
