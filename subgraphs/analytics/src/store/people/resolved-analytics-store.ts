import { wholeTenant, type DataReader } from "@tessera/platform/store/data-policy";
import type { EventStore } from "@tessera/platform/store/event-store";
import { z } from "zod";
import type { Condition } from "../../domain/field.ts";
import type { Plan } from "../../domain/planner.ts";
import type { AnalyticQuery } from "../../domain/query.ts";
import type { TimeRange } from "../../domain/time-range.ts";
import type { AnalyticsStore, EstimateRead } from "../analytics-store.ts";
import { createParams } from "../params.ts";
import { momentSql } from "../time-sql.ts";
import type { PeopleVersions } from "./people-versions.ts";

/** Links up to which it is looked whether a range holds events of linked people; with more it is taken for granted, since looking would cost a scan. */
const MAX_LOOKED_FOR = 1_000;
const REASON =
  "People were linked who have events in the range; its sketches are of the ids that events were stored with.";

const countsPersons = ({ measures }: AnalyticQuery): boolean =>
  measures.some(({ formula }) => formula.kind === "UNIQUES" && formula.of.kind === "PERSONS");

/** Whether who an event's person is makes a difference to a question. */
const looksAtPersons = (query: AnalyticQuery, asksPeople: Deps["asksPeople"]): boolean =>
  countsPersons(query) || asksPeople(query.filter) || query.measures.some(({ filter }) => asksPeople(filter));

/** One row: whether somebody who counts as another has an event in a range. While nobody has, persons as stored and as they count are the same. */
const heldStatement = ({ fromMs, toMs }: TimeRange, tenantId: string) => {
  const params = createParams();
  const tenant = `tenant_id = ${params.place("String", tenantId)}`;
  const linked = `SELECT person FROM worker_people FINAL WHERE ${tenant} AND canonical != person`;
  const range = `time >= ${momentSql(fromMs, params)} AND time < ${momentSql(toMs, params)}`;
  const text = `SELECT toUInt8(count() > 0) AS held FROM (SELECT 1 FROM events_by_person WHERE ${tenant} AND ${range} AND person IN (${linked}) LIMIT 1)`;
  return { name: "linked-people-in-range", text, params: params.values };
};
const heldRow = (row: unknown): boolean => z.object({ held: z.number() }).parse(row).held === 1;

interface Deps {
  /** The store whose persons are those of the events. */
  readonly stored: AnalyticsStore;
  /** The same over {@link resolvedEventStore}. */
  readonly resolved: AnalyticsStore;
  readonly eventStore: Pick<EventStore, "query">;
  readonly versions: Pick<PeopleVersions, "of">;
  /** The plan that reads single events, after `rejected`. */
  /** Whether a filter tests who the person of an event is. */
  readonly asksPeople: (filter: Condition | null) => boolean;
  readonly fromEvents: (rejected: Plan["rejected"], query: AnalyticQuery) => Plan;
}

const createPlanFor =
  ({
    eventStore,
    versions,
    fromEvents,
  }: Pick<Deps, "eventStore" | "versions" | "fromEvents">): AnalyticsStore["planFor"] =>
  async (reader, query, plan, signal) => {
    if (plan.rollup === null || plan.settled === true || !countsPersons(query)) return plan;
    const { version, links } = await versions.of(reader.tenantId);
    if (version === 0) return plan;
    const statement = heldStatement(query.range, reader.tenantId);
    const options = signal === undefined ? {} : { signal };
    const held =
      links > MAX_LOOKED_FOR ||
      (await eventStore.query(wholeTenant(reader.tenantId), statement, heldRow, options)).rows[0] === true;
    return held ? fromEvents([...plan.rejected, { table: plan.rollup, reason: REASON }], query) : plan;
  };

/**
 * The store that answers questions which count persons by whom they count as, and all others by the tables as they are, since they are the cheaper.
 * A rollup's sketches of persons are of ids as stored: such a question is answered from single events instead where its range holds linked people.
 */
export const resolvedAnalyticsStore = (deps: Deps): AnalyticsStore => {
  const { stored, resolved, asksPeople } = deps;
  const planFor = createPlanFor(deps);
  const byPersons = (query: AnalyticQuery): AnalyticsStore => (looksAtPersons(query, asksPeople) ? resolved : stored);
  /** Rollups, which hold no linked people once `planFor` let them pass, are read as they are. */
  const storeOf = (query: AnalyticQuery, plan: Plan): AnalyticsStore =>
    plan.rollup === null ? byPersons(query) : stored;
  const planned = async <Request extends { readonly query: AnalyticQuery; readonly plan: Plan }>(
    reader: DataReader,
    request: Request,
    signal: AbortSignal | undefined,
  ) => ({ ...request, plan: await planFor(reader, request.query, request.plan, signal) });
  const estimateBy =
    (how: "estimate" | "roughEstimate"): EstimateRead =>
    async (reader, request, sample, signal) => {
      const asked = await planned(reader, request, signal);
      const store = sample === null ? storeOf(asked.query, asked.plan) : byPersons(asked.query);
      return store[how](reader, asked, sample, signal);
    };
  return {
    ...stored,
    planFor,
    takeable: planFor,
    countsLinked: async (reader, query) =>
      looksAtPersons(query, asksPeople) && (await deps.versions.of(reader.tenantId)).version > 0,
    olap: async (reader, request, signal) => {
      const asked = await planned(reader, request, signal);
      return storeOf(asked.query, asked.plan).olap(reader, asked, signal);
    },
    estimate: estimateBy("estimate"),
    roughEstimate: estimateBy("roughEstimate"),
    sampled: (reader, request, sample, signal) => byPersons(request.query).sampled(reader, request, sample, signal),
    realtime: async (reader, query, plan, signal) => {
      const taken = await planFor(reader, query, plan, signal);
      return storeOf(query, taken).realtime(reader, query, taken, signal);
    },
    eventPage: (reader, query, signal) =>
      (asksPeople(query.filter) ? resolved : stored).eventPage(reader, query, signal),
    windows: (reader, request, signal) => resolved.windows(reader, request, signal),
  };
};
