import type DataLoader from "dataloader";
import type { Caller } from "@tessera/contracts/caller";
import type { EventId } from "@tessera/contracts/ids";
import type { EventLineage } from "./domain/lineage.ts";
import type { AuditOperations } from "./operations.ts";

/** What a resolver of the governance room sees; one per call. */
export interface Context {
  readonly caller: Caller;
  readonly nowMs: () => number;
  readonly audit: AuditOperations;
  readonly loaders: {
    /** Lineage of events of the caller's tenant; null for events it does not have. */
    readonly lineage: DataLoader<EventId, EventLineage | null>;
  };
}
