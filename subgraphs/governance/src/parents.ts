import type { TenantId } from "@tessera/contracts/ids";
import type { EventLineage } from "./domain/lineage.ts";

/** What a resolver of `Event` receives: the reference another room gave. */
export interface EventParent {
  readonly id: string;
}
/** What a resolver of `Tenant` receives. */
export interface TenantParent {
  readonly id: TenantId;
}
/** What a resolver of `EventLineage` receives. */
export type EventLineageParent = EventLineage;
/** What a resolver of `LineageBatch` receives. */
export type LineageBatchParent = EventLineage;
