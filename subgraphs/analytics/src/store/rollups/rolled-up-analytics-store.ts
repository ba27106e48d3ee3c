import type { TenantId } from "@tessera/contracts/ids";
import { Refusal } from "@tessera/platform/errors/refusal";
import type { DataReader } from "@tessera/platform/store/data-policy";
import type { NowMs } from "@tessera/platform/time/clock";
import type { Plan } from "../../domain/planner.ts";
import type { AnalyticQuery } from "../../domain/query.ts";
import type { shapeOf } from "../../domain/rollups/asked-shape.ts";
import type { chooseByMeasure, choosePlan, rejectedOwn } from "../../domain/rollups/choose-plan.ts";
import type { compileRollup } from "../../domain/rollups/compile-rollup.ts";
import type { OwnPlan, planOwn } from "../../domain/rollups/own-plan.ts";
import type { CompiledRollup } from "../../domain/rollups/rollup.ts";
import type { AnalyticsStore, EstimateRead, OlapRows } from "../analytics-store.ts";
import type { OlapRequest } from "../olap-sql.ts";
import type { QuestionLog } from "./question-log.ts";
import type { Answering, AnsweringBuild, BuildStore } from "./rollup-store-types.ts";

/** Milliseconds for which a process takes a tenant that has no rollup to have none still; one that has any is asked for anew each time. */
const NONE_KEPT_MS = 1_000;
/** Milliseconds for which an estimate of rows is taken for that of questions about as long a range: it decides what is cheaper, never what is answered. */
const ESTIMATE_KEPT_MS = 60_000;
/** Tenants without rollups, compiled rollups, and estimates, that one process remembers of each. */
const MAX_REMEMBERED = 10_000;
/** Own rollups whose rows are estimated for a question: those with the fewest dimensions and the longest buckets. */
const MAX_ESTIMATED = 4;

interface Deps {
  /** The store whose plans know the shared rollups alone. */
  readonly below: AnalyticsStore;
  readonly builds: Pick<BuildStore, "answering">;
  readonly rules: {
    readonly compile: typeof compileRollup;
    readonly planOwn: typeof planOwn;
    readonly choose: typeof choosePlan;
    readonly chooseByMeasure: typeof chooseByMeasure;
    readonly rejected: typeof rejectedOwn;
    readonly shapeOf: typeof shapeOf;
  };
  readonly nowMs: NowMs;
  /** Where it is noted what was asked and what it took. */
  readonly questionLog: Pick<QuestionLog, "note">;
}

const DAY_MS = 86_400_000;
const NONE: Answering = { builds: [], waiting: [] };

/** What is remembered grows to a bound, and is then forgotten as a whole: it is cheap to find again. */
const remember = <Key, Value>(known: Map<Key, Value>, key: Key, value: Value): Value => {
  if (known.size >= MAX_REMEMBERED) known.clear();
  known.set(key, value);
  return value;
};

/** What of a tenant's rollups answers now. While the control plane is out of reach none does, and questions are answered without. */
const createAnswering = ({ builds, nowMs }: Deps) => {
  const none = new Map<TenantId, number>();
  return async (tenantId: TenantId): Promise<Answering> => {
    if (nowMs() - (none.get(tenantId) ?? -Infinity) < NONE_KEPT_MS) return NONE;
    try {
      const found = await builds.answering(tenantId);
      if (found.builds.length === 0) remember(none, tenantId, nowMs());
      return found;
    } catch (error) {
      if (error instanceof Refusal) return NONE;
      throw error;
    }
  };
};

const createCompiled = ({ rules }: Deps) => {
  const known = new Map<string, CompiledRollup>();
  return ({ id, content }: AnsweringBuild): CompiledRollup =>
    known.get(id) ?? remember(known, id, rules.compile(content));
};

const rowsPerEvent = ({ rows, events }: AnsweringBuild): number | null =>
  rows === null || events === 0 ? null : rows / events;

const createOwnPlans = (deps: Deps): AnalyticsStore["ownPlans"] => {
  const { below, rules } = deps;
  const [answering, compiled] = [createAnswering(deps), createCompiled(deps)];
  const planned = async (
    reader: DataReader,
    query: AnalyticQuery,
    build: AnsweringBuild,
    waiting: Answering["waiting"],
    signal: AbortSignal | undefined,
  ): Promise<OwnPlan> => {
    const table = `rollups.${build.name}` as const;
    if (waiting === null)
      return { table, plan: null, reason: "More events wait to be counted in it than can be told apart." };
    const ready = { name: build.name, buildId: build.id, rollup: compiled(build), rowsPerEvent: rowsPerEvent(build) };
    const own = rules.planOwn(ready, query, reader.dataPolicy, waiting);
    if (own.plan === null) return own;
    const taken = await below.takeable(reader, query, own.plan, signal);
    if (taken === own.plan) return own;
    return { table, plan: null, reason: taken.rejected.at(-1)?.reason ?? "It can't be read for this question." };
  };
  return async (reader, query, signal) => {
    const { builds, waiting } = await answering(reader.tenantId);
    const plans: OwnPlan[] = [];
    for (const build of builds) plans.push(await planned(reader, query, build, waiting, signal));
    return plans;
  };
};

/** The rows that a plan would leave to be read, by the engine's index; asked once a minute for questions with the same filter about as long a range. */
const createRowsOf = ({ below, nowMs }: Deps) => {
  const known = new Map<string, { readonly rows: number; readonly atMs: number }>();
  return async (
    reader: DataReader,
    query: AnalyticQuery,
    plan: Plan,
    signal: AbortSignal | undefined,
  ): Promise<number> => {
    const { filter, range } = query;
    const key = JSON.stringify([
      reader.tenantId,
      reader.dataPolicy,
      plan.rollup,
      plan.own?.buildId,
      filter,
      range.toMs - range.fromMs,
    ]);
    const before = known.get(key);
    if (before !== undefined && nowMs() - before.atMs < ESTIMATE_KEPT_MS) return before.rows;
    const request = { query, plan, having: [], orderBy: [], limit: 1, lines: null };
    const { rows } = await below.estimate(reader, request, null, signal);
    return remember(known, key, { rows, atMs: nowMs() }).rows;
  };
};

/** Fewer dimensions first, then longer buckets: no bucket is longer than a day. */
const fineness = ({ own }: Plan): number => (own === undefined ? 0 : own.width * DAY_MS - own.grainMs);

/**
 * The store that answers from a tenant's own rollup where that reads fewer rows than the shared rollups and single events do, by the engine's own estimate.
 * Everything else is answered by the store below.
 */
export const rolledUpAnalyticsStore = (deps: Deps): AnalyticsStore => {
  const { below, rules } = deps;
  const ownPlans = createOwnPlans(deps);
  const rowsOf = createRowsOf(deps);
  const planFor: AnalyticsStore["planFor"] = async (reader, query, plan, signal) => {
    if (plan.settled === true) return plan;
    const [shared, own] = [await below.planFor(reader, query, plan, signal), await ownPlans(reader, query, signal)];
    const rejected = rules.rejected(own);
    const able = own
      .flatMap((one) => (one.plan === null ? [] : [one.plan]))
      .toSorted((one, other) => fineness(one) - fineness(other))
      .slice(0, MAX_ESTIMATED);
    if (able.length === 0) return rules.choose({ plan: shared, rows: 0 }, [], rejected);
    const sure = rules.chooseByMeasure(shared, able, rejected);
    if (sure !== null) return sure;
    const [rows = 0, ...rowsOfOwn] = await Promise.all(
      [shared, ...able].map((one) => rowsOf(reader, query, one, signal)),
    );
    const measured = able.map((one, place) => ({ plan: one, rows: rowsOfOwn[place] ?? Infinity }));
    return rules.choose({ plan: shared, rows }, measured, rejected);
  };
  /** What a rollup can't answer is of no use to proposals: questions of callers under a data policy, and of some lines alone. */
  const note = (reader: DataReader, { query, lines }: OlapRequest, { cost }: Pick<OlapRows, "cost">): void => {
    const shape = reader.dataPolicy === null && lines === null ? rules.shapeOf(query) : null;
    const { fromMs, toMs } = query.range;
    const { rowsRead, elapsedMs } = cost;
    if (shape !== null)
      deps.questionLog.note(reader.tenantId, { shape, rowsRead, elapsedMs, days: (toMs - fromMs) / DAY_MS });
  };
  const planned = async <Request extends { readonly query: AnalyticQuery; readonly plan: Plan }>(
    reader: DataReader,
    request: Request,
    signal: AbortSignal | undefined,
  ) => ({ ...request, plan: await planFor(reader, request.query, request.plan, signal) });
  const estimateBy =
    (how: "estimate" | "roughEstimate"): EstimateRead =>
    async (reader, request, sample, signal) =>
      below[how](reader, sample === null ? await planned(reader, request, signal) : request, sample, signal);
  return {
    ...below,
    planFor,
    ownPlans,
    olap: async (reader, request, signal) => {
      const answer = await below.olap(reader, await planned(reader, request, signal), signal);
      note(reader, request, answer);
      return answer;
    },
    estimate: estimateBy("estimate"),
    roughEstimate: estimateBy("roughEstimate"),
  };
};
