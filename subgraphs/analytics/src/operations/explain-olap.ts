import type { Caller } from "@tessera/contracts/caller";
import { accessOf } from "../domain/access.ts";
import {
  candidatesOf,
  predicted,
  whyNotTaken,
  type PlanCandidate,
  type PlannedTable,
  type ReadEstimate,
  type TakenProjection,
} from "../domain/explanation.ts";
import { plan, planOn, type Approximation, type Plan } from "../domain/planner.ts";
import { parseOlap, type OlapInput, type OlapQuery } from "../domain/query.ts";
import { isoTime } from "../domain/zone.ts";
import type { AnalyticsStore } from "../store/analytics-store.ts";

/** What reading takes; as in the SDL. */
export interface ReadCost {
  readonly rows: number;
  readonly bytes: number;
  readonly milliseconds: number;
}

/** A way to answer, with what it would take; as in the SDL. */
export interface ExplainedCandidate {
  readonly table: PlannedTable;
  readonly chosen: boolean;
  readonly reason: string | null;
  readonly reads: readonly { readonly table: string; readonly from: string; readonly to: string }[];
  readonly projections: readonly TakenProjection[];
  readonly estimate: (ReadCost & Pick<ReadEstimate, "marks" | "parts">) | null;
}

/** How a question is answered, and why so; as in the SDL. */
export interface OlapExplanation {
  readonly candidates: readonly ExplainedCandidate[];
  readonly approximations: readonly Approximation[];
  readonly actual: ReadCost | null;
}

/** What explaining needs. */
export interface ExplainDeps {
  readonly store: Pick<
    AnalyticsStore,
    "olap" | "estimate" | "projections" | "readRate" | "planFor" | "takeable" | "ownPlans"
  >;
}

const requestOf = ({ query, having, orderBy, limit }: OlapQuery, planned: Plan) => ({
  ...{ query, plan: planned, having, orderBy, limit },
  lines: null,
});

/** The candidates as they can be taken: a rollup that would count linked people apart is none, and the tenant's own rollups stand before the shared ones. */
const takeable = async (
  { store }: ExplainDeps,
  caller: Caller,
  { query }: OlapQuery,
  signal: AbortSignal | undefined,
): Promise<readonly PlanCandidate[]> => {
  const settled = await store.planFor(caller, query, plan(query, caller.dataPolicy), signal);
  const chosen = settled.rollup ?? "events";
  const shared: PlanCandidate[] = [];
  for (const candidate of candidatesOf(query, caller.dataPolicy)) {
    const { plan: planned, reason, table } = candidate;
    const taken = reason === null ? await store.takeable(caller, query, planned, signal) : planned;
    const why = taken === planned ? reason : (taken.rejected.at(-1)?.reason ?? null);
    shared.push({ table, plan: taken, reason: why, chosen: table === chosen });
  }
  const own = (await store.ownPlans(caller, query, signal)).map(({ table, plan: planned, reason }): PlanCandidate => ({
    ...{ table, reason, chosen: table === chosen },
    plan: table === chosen ? settled : (planned ?? planOn(null, [], query)),
  }));
  return [...own, ...shared];
};

const explained = async (
  { store }: ExplainDeps,
  caller: Caller,
  asked: OlapQuery,
  candidate: PlanCandidate,
  signal: AbortSignal | undefined,
): Promise<ExplainedCandidate> => {
  const { table, chosen, plan: planned } = candidate;
  const able = candidate.reason === null;
  const request = requestOf(asked, { ...planned, settled: true });
  const [found, projections] = able
    ? await Promise.all([store.estimate(caller, request, null, signal), store.projections(caller, request, signal)])
    : [null, []];
  return {
    ...{ table, chosen },
    reason: whyNotTaken(candidate, found?.rows ?? null),
    reads: able
      ? planned.parts.map((part) => ({ table: part.table, from: isoTime(part.fromMs), to: isoTime(part.toMs) }))
      : [],
    projections,
    estimate: found === null ? null : { ...found, ...predicted(found, store.readRate(table)) },
  };
};

/** Answers `explain`: every way to answer a question with what it would read, which one is taken, why no other; with `run`, what that one really took. */
export const explainOlap =
  (deps: ExplainDeps) =>
  async (caller: Caller, input: OlapInput, run: boolean, signal?: AbortSignal): Promise<OlapExplanation> => {
    const asked = parseOlap(input, accessOf(caller));
    const found = await takeable(deps, caller, asked, signal);
    const candidates: ExplainedCandidate[] = [];
    for (const one of found) candidates.push(await explained(deps, caller, asked, one, signal));
    const taken = found.find(({ chosen }) => chosen);
    const cost =
      run && taken !== undefined
        ? (await deps.store.olap(caller, requestOf(asked, { ...taken.plan, settled: true }), signal)).cost
        : null;
    return {
      candidates,
      approximations: taken?.plan.approximations ?? [],
      actual: cost === null ? null : { rows: cost.rowsRead, bytes: cost.bytesRead, milliseconds: cost.elapsedMs },
    };
  };
