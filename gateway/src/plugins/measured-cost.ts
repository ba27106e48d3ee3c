import type { DocumentNode } from "graphql";
import { LRUCache } from "lru-cache";
import type { TenantId } from "@tessera/contracts/ids";
import type { Meter } from "@tessera/platform/executions/meter";

/** Rows, bytes and milliseconds of the event store that are worth one point: each about what a plain field costs the gateway a thousand times over. */
export const ROWS_PER_POINT = 100_000;
/** See {@link ROWS_PER_POINT}. */
export const BYTES_PER_POINT = 16 * 1_048_576;
/** See {@link ROWS_PER_POINT}. */
export const STORE_MS_PER_POINT = 10;
/** Tenants whose use of one document is remembered; documents are remembered as long as they are kept checked. */
const MAX_TENANTS_PER_DOCUMENT = 1_000;
/** Part of an estimate that the newest run gives when it was cheaper than the estimate; a costlier one counts at once. */
const NEWEST_SHARE = 0.25;

/** What running an operation costs the event store. */
export interface StoreCost {
  readonly points: number;
  readonly rows: number;
}

/** Points of measured work, rounded up: the largest of its three sides, which are sides of the same work. */
export const measuredCost = ({ rowsRead, bytesRead, storeMs }: Meter): StoreCost => ({
  points: Math.ceil(Math.max(rowsRead / ROWS_PER_POINT, bytesRead / BYTES_PER_POINT, storeMs / STORE_MS_PER_POINT)),
  rows: rowsRead,
});

/** What operations are likely to cost the event store: what they cost the same tenant before. */
export interface StoreEstimates {
  /** Nothing for what has never run. */
  readonly of: (document: DocumentNode, tenantId: TenantId) => StoreCost;
  readonly note: (document: DocumentNode, tenantId: TenantId, cost: StoreCost) => void;
}

const NOTHING: StoreCost = { points: 0, rows: 0 };

const moved = (estimate: number, newest: number): number =>
  newest >= estimate ? newest : Math.ceil(estimate + (newest - estimate) * NEWEST_SHARE);

/** Builds {@link StoreEstimates}; an estimate rises at once and falls slowly, since the same document may ask for a day or a year. */
export const createStoreEstimates = (): StoreEstimates => {
  const known = new WeakMap<DocumentNode, LRUCache<TenantId, StoreCost>>();
  return {
    of: (document, tenantId) => known.get(document)?.get(tenantId) ?? NOTHING,
    note: (document, tenantId, { points, rows }) => {
      const costs = known.get(document) ?? new LRUCache<TenantId, StoreCost>({ max: MAX_TENANTS_PER_DOCUMENT });
      known.set(document, costs);
      const before = costs.get(tenantId) ?? NOTHING;
      costs.set(tenantId, { points: moved(before.points, points), rows: moved(before.rows, rows) });
    },
  };
};
