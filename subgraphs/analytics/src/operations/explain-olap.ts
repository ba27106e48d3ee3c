import type { Caller } from "@tessera/contracts/caller";
import { accessOf } from "../domain/access.ts";
import {
  candidatesOf,
  predicted,
  whyNotTaken,
  type PlanCandidate,
  type PlannedTable,
  type ReadEstimate,
} from "../domain/explanation.ts";
import type { Approximation, Plan } from "../domain/planner.ts";
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
  readonly store: Pick<AnalyticsStore, "olap" | "estimate" | "readRate" | "planFor">;
}

const requestOf = ({ query, having, orderBy, limit }: OlapQuery, plan: Plan) => ({
  ...{ query, plan, having, orderBy, limit },
  lines: null,
});

/** The candidates as they can be taken: a rollup that would count linked people apart is none, and single events take its place. */
const takeable = async (
  { store }: ExplainDeps,
  caller: Caller,
  asked: OlapQuery,
  candidates: readonly PlanCandidate[],
  signal: AbortSignal | undefined,
): Promise<readonly PlanCandidate[]> => {
  const found: PlanCandidate[] = [];
  for (const candidate of candidates) {
    const { plan, reason } = candidate;
    const taken = reason === null ? await store.planFor(caller, asked.query, plan, signal) : plan;
    const why = taken === plan ? null : (taken.rejected.at(-1)?.reason ?? null);
    found.push(why === null ? candidate : { ...candidate, plan: taken, reason: why, chosen: false });
  }
  const chosen = found.find((one) => one.chosen) ?? found.find(({ reason }) => reason === null);
  return found.map((one) => ({ ...one, chosen: one === chosen }));
};

const explained = async (
  { store }: ExplainDeps,
  caller: Caller,
  asked: OlapQuery,
  candidate: PlanCandidate,
  signal: AbortSignal | undefined,
): Promise<ExplainedCandidate> => {
  const { table, chosen, plan } = candidate;
  const able = candidate.reason === null;
  const found = able ? await store.estimate(caller, requestOf(asked, plan), null, signal) : null;
  return {
    ...{ table, chosen },
    reason: whyNotTaken(candidate, found?.rows ?? null),
    reads: able
      ? plan.parts.map((part) => ({ table: part.table, from: isoTime(part.fromMs), to: isoTime(part.toMs) }))
      : [],
    estimate: found === null ? null : { ...found, ...predicted(found, store.readRate(table)) },
  };
};

/** Answers `explain`: every way to answer a question with what it would read, which one is taken, why no other; with `run`, what that one really took. */
export const explainOlap =
  (deps: ExplainDeps) =>
  async (caller: Caller, input: OlapInput, run: boolean, signal?: AbortSignal): Promise<OlapExplanation> => {
    const asked = parseOlap(input, accessOf(caller));
    const found = await takeable(deps, caller, asked, candidatesOf(asked.query, caller.dataPolicy), signal);
    const candidates: ExplainedCandidate[] = [];
    for (const one of found) candidates.push(await explained(deps, caller, asked, one, signal));
    const taken = found.find(({ chosen }) => chosen);
    const cost =
      run && taken !== undefined ? (await deps.store.olap(caller, requestOf(asked, taken.plan), signal)).cost : null;
    return {
      candidates,
      approximations: taken?.plan.approximations ?? [],
      actual: cost === null ? null : { rows: cost.rowsRead, bytes: cost.bytesRead, milliseconds: cost.elapsedMs },
    };
  };
