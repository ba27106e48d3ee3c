import type { BatchId, EventId } from "@tessera/contracts/ids";
import type { DataReader } from "@tessera/platform/store/data-policy";
import type { Drawing } from "../domain/sampling.ts";
import type { EventStore, QueryAnswer, QueryStatistics, StoreStatement } from "@tessera/platform/store/event-store";
import type { Cell } from "../domain/columns.ts";
import type { PlannedTable, ReadEstimate, ReadRate, TakenProjection } from "../domain/explanation.ts";
import type { EventPageQuery } from "../domain/event-page.ts";
import type { StoredEvent } from "../domain/event.ts";
import type { Condition } from "../domain/field.ts";
import type { Plan } from "../domain/planner.ts";
import type { Cost } from "../domain/provenance.ts";
import type { AnalyticQuery } from "../domain/query.ts";
import type { CoarserGroups } from "../domain/subtotals.ts";
import type { OwnPlan } from "../domain/rollups/own-plan.ts";
import type { WindowCells, WindowsRequest } from "../domain/windows.ts";
import { parseEventRow } from "./event-rows.ts";
import {
  batchEventsStatement,
  eventPageStatement,
  eventsByIdStatement,
  type BatchSlice,
  type PageReach,
} from "./events-sql.ts";
import { olapSetsStatement, setOf, totalSetOf } from "./olap-sets-sql.ts";
import { olapStatement, type OlapRequest } from "./olap-sql.ts";
import {
  olapRowOf,
  realtimeRowOf,
  sampleRowOf,
  setRowOf,
  windowRowOf,
  type OlapRow,
  type RealtimeRow,
  type SampleRow,
} from "./result-rows.ts";
import { createReadRates, type ReadRates } from "./read-rates.ts";
import { realtimeStatement } from "./realtime-sql.ts";
import { asksEachTime, type KeptEstimates } from "./kept-estimates.ts";
import { readEstimate } from "./read-estimate.ts";
import { holdsProjections, takenProjections } from "./taken-projections.ts";
import { readsStatement } from "./reads-sql.ts";
import { sampleStatement } from "./sample-sql.ts";
import { windowsStatement } from "./windows-sql.ts";

/** Groups of an answer, the measures over all of them, and what it cost. */
export interface OlapRows {
  readonly rows: readonly OlapRow[];
  readonly totals: readonly Cell[];
  readonly hasMore: boolean;
  readonly cost: QueryStatistics & Pick<Cost, "projections">;
  /** The plan that was taken: the request's, unless linked people made its rollup wrong. */
  readonly plan: Plan;
  /** The coarser groups of the request, in its order. */
  readonly coarser: readonly CoarserRows[];
}

/** Coarser groups of an answer, up to its limit. */
export type CoarserRows = Pick<OlapRows, "rows" | "hasMore">;

/** Groups estimated from a sample, as {@link OlapRows}, with standard errors; null totals when nobody was in the sample. */
export interface SampledRows {
  readonly rows: readonly SampleRow[];
  readonly totals: SampleRow | null;
  readonly hasMore: boolean;
  readonly cost: QueryStatistics;
  /** The coarser groups of the request, in its order. */
  readonly coarser: readonly Pick<SampledRows, "rows" | "hasMore">[];
}

/** Tells what would be read for a question, all of it or a sample. */
export type EstimateRead = (
  reader: DataReader,
  request: OlapRequest,
  drawing: Drawing | null,
  signal?: AbortSignal,
) => Promise<ReadEstimate>;

/** Every question this room asks of the event store; each is for one reader, and stops when its signal is aborted. */
export interface AnalyticsStore {
  /** A plan as it will be taken: {@link AnalyticsStore.takeable}, or that of the tenant's own rollup which reads fewer rows. */
  planFor(reader: DataReader, query: AnalyticQuery, plan: Plan, signal?: AbortSignal): Promise<Plan>;
  /** A plan as it can be taken: one from a rollup becomes one from single events where the rollup's sketches would count linked people apart. */
  takeable(reader: DataReader, query: AnalyticQuery, plan: Plan, signal?: AbortSignal): Promise<Plan>;
  /** What each of the tenant's own rollups can do for a question, by its name. */
  ownPlans(reader: DataReader, query: AnalyticQuery, signal?: AbortSignal): Promise<readonly OwnPlan[]>;
  olap(reader: DataReader, request: OlapRequest, signal?: AbortSignal): Promise<OlapRows>;
  /** Estimates the same from a sample of persons. */
  sampled(reader: DataReader, request: OlapRequest, drawing: Drawing, signal?: AbortSignal): Promise<SampledRows>;
  /** Whether a question counts persons several of whom may count as one: of a tenant with linked people, where who a person is makes a difference to it. */
  countsLinked(reader: DataReader, query: AnalyticQuery): Promise<boolean>;
  realtime(
    reader: DataReader,
    query: AnalyticQuery,
    plan: Plan,
    signal?: AbortSignal,
  ): Promise<QueryAnswer<RealtimeRow> & { readonly plan: Plan }>;
  /** What the engine's index leaves to be read for a question, all of it or a sample; nothing is read for it. */
  estimate: EstimateRead;
  /** The same, or what it was for a question alike some minutes ago: enough to choose a sample by. */
  roughEstimate: EstimateRead;
  /** What the engine would read for a question in place of tables' own rows. */
  projections(reader: DataReader, request: OlapRequest, signal?: AbortSignal): Promise<readonly TakenProjection[]>;
  /** What reading a table took lately, in this process. */
  readRate(table: PlannedTable): ReadRate;
  eventPage(reader: DataReader, query: EventPageQuery, signal?: AbortSignal): Promise<QueryAnswer<StoredEvent>>;
  /** Events by id, in no particular order; ids the tenant has no event of are left out. */
  eventsById(reader: DataReader, ids: readonly EventId[], signal?: AbortSignal): Promise<readonly StoredEvent[]>;
  batchEvents(
    reader: DataReader,
    slice: BatchSlice & { readonly batchId: BatchId },
    filter: Condition | null,
    signal?: AbortSignal,
  ): Promise<readonly StoredEvent[]>;
  windows(reader: DataReader, request: WindowsRequest, signal?: AbortSignal): Promise<QueryAnswer<WindowCells>>;
}

const optionsOf = (signal: AbortSignal | undefined) => (signal === undefined ? {} : { signal });

/** A row of coarser groups: the keys that are left out mean nothing. */
const coarserRow = <Row extends OlapRow>({ query, kept }: CoarserGroups, row: Row): Row => ({
  ...row,
  bucketMs: query.buckets === null ? null : row.bucketMs,
  dimensions: kept.map((place) => row.dimensions[place] ?? null),
});

interface RowOfSet<Row> {
  readonly set: number;
  readonly row: Row;
}

/** The rows of each set of groups that was read in one statement, up to the limit, and the row over everything. */
const setsOf = <Row extends OlapRow>({ query, limit, coarser = [] }: OlapRequest, rows: readonly RowOfSet<Row>[]) => {
  const bySet = new Map<number, Row[]>();
  for (const { set, row } of rows) {
    const known = bySet.get(set);
    if (known === undefined) bySet.set(set, [row]);
    else known.push(row);
  }
  const upTo = (found: readonly Row[]) => ({ rows: found.slice(0, limit), hasMore: found.length > limit });
  return {
    ...upTo(bySet.get(0) ?? []),
    totals: bySet.get(totalSetOf(query))?.[0],
    coarser: coarser.map((groups) =>
      upTo((bySet.get(setOf(query, groups)) ?? []).map((row) => coarserRow(groups, row))),
    ),
  };
};

/** Reads the question's groups and coarser ones in one statement. */
const olapWithCoarser = async (
  store: EventStore,
  reader: DataReader,
  request: OlapRequest,
  signal: AbortSignal | undefined,
): Promise<OlapRows> => {
  const { query } = request;
  const statement = olapSetsStatement(request, reader.tenantId);
  const { rows, statistics } = await store.query(reader, statement, (row) => setRowOf(row, query), optionsOf(signal));
  const { totals, ...groups } = setsOf(request, rows);
  if (totals === undefined) throw new Error("The event store answered groups without their totals.");
  return { ...groups, totals: totals.measures, cost: statistics, plan: request.plan };
};

const hasCoarser = ({ coarser = [] }: OlapRequest): boolean => coarser.length > 0;

/** The statement that reads all groups of a request. */
const statementOf = ({ tenantId }: DataReader, request: OlapRequest): StoreStatement =>
  hasCoarser(request) ? olapSetsStatement(request, tenantId) : olapStatement(request, tenantId);

const olap = async (
  store: EventStore,
  reader: DataReader,
  request: OlapRequest,
  signal: AbortSignal | undefined,
): Promise<OlapRows> => {
  if (hasCoarser(request)) return olapWithCoarser(store, reader, request, signal);
  const { query, limit } = request;
  const statement = olapStatement(request, reader.tenantId);
  const answer = await store.query(reader, statement, (row) => olapRowOf(row, query), optionsOf(signal));
  const totals = answer.rows.find((row) => row.isTotal)?.measures;
  if (totals === undefined) throw new Error("The event store answered groups without their totals.");
  const grouped = query.buckets !== null || query.dimensions.length > 0;
  const groups = grouped ? answer.rows.filter((row) => !row.isTotal) : answer.rows;
  return {
    rows: groups.slice(0, limit),
    totals,
    hasMore: groups.length > limit,
    cost: answer.statistics,
    plan: request.plan,
    coarser: [],
  };
};

const sampled = async (
  store: EventStore,
  reader: DataReader,
  request: OlapRequest,
  drawing: Drawing,
  signal: AbortSignal | undefined,
): Promise<SampledRows> => {
  const { query } = request;
  const statement = sampleStatement(request, drawing, reader.tenantId);
  const answer = await store.query(reader, statement, (row) => sampleRowOf(row, query), optionsOf(signal));
  const { totals = null, ...groups } = setsOf(request, answer.rows);
  return { ...groups, totals, cost: answer.statistics };
};

/** A page reads the table's order from its end and stops when it is full: reading ahead, as the engine does by itself, reads most of the range in vain. */
const NEWEST_FIRST = { read_in_order_use_buffering: 0 } as const;

/**
 * Reads a page from the newest hours that hold enough events; if it does not fill (the list ends, or events were erased that the rollup still
 * counts), from everything. A filter may pass few events, so that its pages are looked for in everything at once.
 */
const eventPage = async (
  store: EventStore,
  reader: DataReader,
  query: EventPageQuery,
  signal: AbortSignal | undefined,
): Promise<QueryAnswer<StoredEvent>> => {
  const options = { ...optionsOf(signal), settings: NEWEST_FIRST };
  const read = (reach: PageReach): Promise<QueryAnswer<StoredEvent>> =>
    store.query(reader, eventPageStatement(query, reach, reader.tenantId), parseEventRow, options);
  if (query.filter !== null) return read("EVERYTHING");
  const newest = await read("NEWEST_HOURS");
  return newest.rows.length > query.first ? newest : read("EVERYTHING");
};

const createEstimate =
  (store: EventStore, kept: KeptEstimates): EstimateRead =>
  (reader, request, drawing, signal) => {
    const { query, plan, lines } = request;
    const { range, ...asked } = query;
    const about = [drawing?.sample ?? null, plan.rollup, plan.own?.buildId, asked, lines];
    return kept({ reader, range, about }, () =>
      readEstimate(store, reader, readsStatement(request, drawing, reader.tenantId), signal),
    );
  };

/** Builds {@link AnalyticsStore} over the tenant-bound event store. */
export const createAnalyticsStore = (
  store: EventStore,
  rates: ReadRates = createReadRates(),
  kept: KeptEstimates = asksEachTime,
  keptProjections: KeptEstimates<readonly TakenProjection[]> = asksEachTime,
): AnalyticsStore => ({
  planFor: (_reader, _query, plan) => Promise.resolve(plan),
  takeable: (_reader, _query, plan) => Promise.resolve(plan),
  ownPlans: () => Promise.resolve([]),
  olap: async (reader, request, signal) => {
    const { range, ...asked } = request.query;
    const about = [request.plan.rollup, request.plan.own?.buildId, asked, request.lines, request.coarser];
    const [answer, projections] = await Promise.all([
      olap(store, reader, request, signal),
      holdsProjections(request.plan, range)
        ? keptProjections({ reader, range, about }, () =>
            takenProjections(store, reader, statementOf(reader, request), signal),
          )
        : [],
    ]);
    rates.observe(request.plan.rollup ?? "events", answer.cost);
    return { ...answer, cost: { ...answer.cost, projections } };
  },
  countsLinked: () => Promise.resolve(false),
  estimate: createEstimate(store, asksEachTime),
  roughEstimate: createEstimate(store, kept),
  projections: (reader, request, signal) => takenProjections(store, reader, statementOf(reader, request), signal),
  readRate: rates.of,
  sampled: (reader, request, drawing, signal) => sampled(store, reader, request, drawing, signal),
  realtime: async (reader, query, plan, signal) => {
    const statement = realtimeStatement(query, plan, reader.tenantId);
    return { ...(await store.query(reader, statement, (row) => realtimeRowOf(row, query), optionsOf(signal))), plan };
  },
  eventPage: (reader, query, signal) => eventPage(store, reader, query, signal),
  eventsById: async (reader, ids, signal) =>
    (await store.query(reader, eventsByIdStatement(ids, reader.tenantId), parseEventRow, optionsOf(signal))).rows,
  batchEvents: async (reader, slice, filter, signal) =>
    (await store.query(reader, batchEventsStatement(slice, filter, reader.tenantId), parseEventRow, optionsOf(signal)))
      .rows,
  windows: (reader, request, signal) =>
    store.query(reader, windowsStatement(request, reader.tenantId), windowRowOf, optionsOf(signal)),
});
