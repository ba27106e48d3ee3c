import type { LimitMetric } from "@tessera/contracts/limits";
import type { TenantId } from "@tessera/contracts/ids";
import { readerLimits } from "../engines/clickhouse-users.ts";
import type { KnownLimits, Quotas } from "../limits/quotas.ts";
import type { DataReader } from "./data-policy.ts";
import { MAX_STORE_CONNECTIONS, type EventStore, type QueryOptions } from "./event-store.ts";
import { createFairSlots, type SlotBounds } from "./fair-slots.ts";

/** Queries of one tenant at a time where nothing is known of its limits: a third of a process's connections. */
export const DEFAULT_TENANT_QUERIES = 8;
/** Who asks for a tenant's limits on behalf of its queries, whoever runs them. */
const ASKER = { kind: "SERVICE", id: "event-store" } as const;

/** What a tenant's queries are held to. */
export interface QueryBounds extends SlotBounds {
  /** Bytes one query may take. */
  readonly memoryBytes: number;
}

/** Tells what a tenant's queries are held to, at once where it is known. */
export type ReadQueryBounds = (tenantId: TenantId) => QueryBounds | Promise<QueryBounds>;

/** An event store that shares itself out between tenants. */
export interface FairEventStore extends EventStore {
  /** Holds tenants to these bounds from now on; until then to the defaults. */
  holdTo(read: ReadQueryBounds): void;
}

const DEFAULTS: QueryBounds = { slots: DEFAULT_TENANT_QUERIES, weight: 1, memoryBytes: readerLimits.maxMemoryBytes };

const boundsIn = ({ limits }: KnownLimits): QueryBounds => {
  const hard = (metric: LimitMetric, fallback: number): number =>
    limits?.limits.find((limit) => limit.metric === metric)?.hard ?? fallback;
  return {
    // A bound of 0 would keep a tenant waiting for ever; who is to run nothing is suspended.
    slots: Math.max(1, hard("CONCURRENT_QUERIES", DEFAULTS.slots)),
    weight: Math.max(1, hard("WORKER_WEIGHT", DEFAULTS.weight)),
    memoryBytes: Math.max(1, Math.min(hard("QUERY_MEMORY_BYTES", DEFAULTS.memoryBytes), DEFAULTS.memoryBytes)),
  };
};

/** Bounds of queries from the limits of tenants: CONCURRENT_QUERIES, WORKER_WEIGHT and QUERY_MEMORY_BYTES, at most five seconds old. */
export const queryBoundsFrom =
  (quotas: Quotas): ReadQueryBounds =>
  (tenantId) => {
    const known = quotas.of({ tenantId, subject: ASKER });
    return known instanceof Promise ? known.then(boundsIn) : boundsIn(known);
  };

/**
 * Builds an event store in which a tenant runs as many queries at a time as its limits say, each within its memory, and waits in its own line for more:
 * see {@link createFairSlots}. Counted in this process; several processes that serve the same rooms each give a tenant as many.
 */
export const createFairEventStore = (store: EventStore, total = MAX_STORE_CONNECTIONS): FairEventStore => {
  const slots = createFairSlots({ total });
  let read: ReadQueryBounds = () => DEFAULTS;
  const inTurn = async <Answer>(
    { tenantId }: DataReader,
    options: QueryOptions,
    ask: (bounded: QueryOptions) => Promise<Answer>,
  ): Promise<Answer> => {
    const known = read(tenantId);
    const bounds = known instanceof Promise ? await known : known;
    const release = await slots.take(tenantId, bounds, options.signal);
    try {
      return await ask({
        ...options,
        settings: { ...options.settings, max_memory_usage: String(bounds.memoryBytes) },
      });
    } finally {
      release();
    }
  };
  return {
    query: (reader, statement, parse, options = {}) =>
      inTurn(reader, options, (bounded) => store.query(reader, statement, parse, bounded)),
    native: (reader, statement, options = {}) =>
      inTurn(reader, options, (bounded) => store.native(reader, statement, bounded)),
    ping: store.ping,
    close: store.close,
    holdTo: (bounds) => {
      read = bounds;
    },
  };
};
