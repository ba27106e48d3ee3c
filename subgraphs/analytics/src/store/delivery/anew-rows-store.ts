import type { TenantId } from "@tessera/contracts/ids";
import { wholeTenant, type DataReader } from "@tessera/platform/store/data-policy";
import type { EventStore, QueryStatistics } from "@tessera/platform/store/event-store";
import { z } from "zod";
import type { LastRow, Snapshot } from "../../domain/delivery/answer-mark.ts";
import type { SummedSpan } from "../../domain/delivery/steady-measures.ts";
import type { OlapRequest } from "../olap-sql.ts";
import type { PeopleVersions } from "../people/people-versions.ts";
import { olapRowOf, type OlapRow } from "../result-rows.ts";
import { anewPageStatement, anewTotalsStatement, newestBatchesStatement } from "./anew-rows-sql.ts";

/** Rows of a page that was computed anew. */
export interface AnewRows {
  readonly rows: readonly OlapRow[];
  readonly hasMore: boolean;
  readonly cost: QueryStatistics;
}

/** Which page, over which events. */
export interface AnewPage {
  readonly snapshot: Snapshot;
  /** The row the page before ended with; null for the first page. */
  readonly last: LastRow | null;
  /** Whether linked people count as one. */
  readonly resolved: boolean;
}

/** What is told of all events of a snapshot, once for all pages. */
interface AnewTotals {
  readonly totals: OlapRow["measures"];
  readonly spans: readonly SummedSpan[];
  readonly cost: QueryStatistics;
}

const batch = z.object({ batch: z.string(), received: z.coerce.number() });

/** Pages of answers that are too large to be kept, each computed from the events of a snapshot. */
export const createAnewRowsStore = (deps: {
  /** The store whose persons are those of the events. */
  readonly stored: Pick<EventStore, "query">;
  /** The store whose persons are whom they count as now. */
  readonly resolved: Pick<EventStore, "query">;
  /** By which links persons are told apart. */
  readonly versions: Pick<PeopleVersions, "of">;
  /** Batches of a tenant of which a snapshot tells the ids. */
  readonly snapshotBatches: number;
}) => ({
  /** Whether somebody of the tenant counts as somebody else. */
  anybodyLinked: async (tenantId: TenantId): Promise<boolean> => (await deps.versions.of(tenantId)).version > 0,

  /** Which events are stored now: of the newest batches those that are there, and all that were received before these. */
  snapshot: async (tenantId: TenantId): Promise<Snapshot> => {
    const statement = newestBatchesStatement(tenantId, deps.snapshotBatches);
    const { rows } = await deps.stored.query(wholeTenant(tenantId), statement, (row) => batch.parse(row));
    const oldest = rows.length < deps.snapshotBatches ? undefined : rows.at(-1);
    return { settledMs: oldest === undefined ? 0 : oldest.received + 1, batches: rows.map((row) => row.batch) };
  },

  /** Each measure over everything; and between which powers of two the numbers lie that those at some places add up. */
  totals: async (
    reader: DataReader,
    request: OlapRequest,
    { snapshot, resolved, summed }: Omit<AnewPage, "last"> & { readonly summed: readonly number[] },
    signal: AbortSignal | undefined,
  ): Promise<AnewTotals> => {
    const query = { ...request.query, buckets: null, dimensions: [] };
    const { rows, statistics } = await deps[resolved ? "resolved" : "stored"].query(
      reader,
      anewTotalsStatement(request, reader.tenantId, snapshot, summed),
      (row) => {
        const told = z.record(z.string(), z.unknown()).parse(row);
        const power = (name: string): number => z.number().parse(told[name]);
        return {
          totals: olapRowOf(row, query).measures,
          spans: summed.map((index) => ({ index, lowest: power(`lowest${index}`), highest: power(`highest${index}`) })),
        };
      },
      signal === undefined ? {} : { signal },
    );
    const [{ totals, spans } = { totals: [], spans: [] }] = rows;
    return { totals, spans, cost: statistics };
  },

  /** One page, behind the last row of the one before. */
  page: async (
    reader: DataReader,
    request: OlapRequest,
    { snapshot, last, resolved }: AnewPage,
    signal: AbortSignal | undefined,
  ): Promise<AnewRows> => {
    const { query, limit } = request;
    const { rows, statistics } = await deps[resolved ? "resolved" : "stored"].query(
      reader,
      anewPageStatement(request, reader.tenantId, snapshot, last),
      (row) => olapRowOf(row, query),
      signal === undefined ? {} : { signal },
    );
    return { rows: rows.slice(0, limit), hasMore: rows.length > limit, cost: statistics };
  },
});

/** See {@link createAnewRowsStore}. */
export type AnewRowsStore = ReturnType<typeof createAnewRowsStore>;
