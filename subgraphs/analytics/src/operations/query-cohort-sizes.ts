import type { Caller } from "@tessera/contracts/caller";
import { refuse } from "@tessera/platform/errors/refusal";
import type { NowMs } from "@tessera/platform/time/clock";
import { MAX_COHORT_SIZES, type Cohort, type CohortSize } from "../domain/cohort.ts";
import {
  parseCohortSizes,
  type CohortSizesInput,
  type CohortSizesQuestion,
  type CountedCohort,
} from "../domain/cohort-sizes.ts";
import { provenanceOf, type Provenance } from "../domain/provenance.ts";
import { isoTime } from "../domain/zone.ts";
import type { CohortStore } from "../store/cohort-store.ts";
import type { NotesUses } from "./telling-uses.ts";
import { namedCohort } from "./cohort-people.ts";

/** What asking for the sizes of a cohort needs. */
export interface CohortSizesDeps extends NotesUses {
  readonly cohorts: Pick<CohortStore, "findMany" | "sizes">;
  readonly nowMs: NowMs;
}

/** A size of a cohort in an answer, as in the SDL. */
export type ToldCohortSize = CohortSize & CountedCohort;

/** An answer to `cohortSizes`, as in the SDL. */
export interface CohortSizesAnswer {
  readonly cohort: Cohort;
  readonly before: ToldCohortSize | null;
  readonly computations: readonly ToldCohortSize[];
  readonly forgotten: boolean;
  readonly completeTo: string;
  readonly provenance: Provenance;
}

/** The oldest first; whether each is the first of its definition is not known of the oldest that is kept where older ones were forgotten, and taken to be so. */
const oldestFirst = (sizes: readonly CohortSize[]): readonly ToldCohortSize[] =>
  sizes.map((one, place) => ({ ...one, redefined: sizes[place + 1]?.version !== one.version })).toReversed();

/** What is kept of a cohort's computations, and those of an answer. */
export interface KnownCohortSizes {
  readonly cohort: Cohort;
  readonly kept: readonly ToldCohortSize[];
  readonly before: ToldCohortSize | null;
  readonly computations: readonly ToldCohortSize[];
}

/** Finds the computations that an answer tells; refuses an unknown cohort with BAD_INPUT, and with FORBIDDEN a caller from whom a data policy hides some people. */
export const findCohortSizes = async (
  cohorts: CohortSizesDeps["cohorts"],
  caller: Caller,
  { range, cohort: id }: CohortSizesQuestion,
): Promise<KnownCohortSizes> => {
  if (caller.dataPolicy !== null)
    throw refuse(
      "FORBIDDEN",
      "What is kept of a cohort is of everybody, and a data policy hides some from you: ask `olap` with the filter `inCohort` in its place.",
      { field: "input.cohort" },
    );
  // The cohort before its sizes: a computation that ends in between is told as still to come.
  const cohort = await namedCohort(cohorts, caller, id, "input.cohort");
  const kept = oldestFirst(await cohorts.sizes(caller.tenantId, cohort.id, MAX_COHORT_SIZES));
  return {
    ...{ cohort, kept },
    before: kept.findLast((one) => one.asOfMs <= range.fromMs) ?? null,
    computations: kept.filter((one) => one.asOfMs > range.fromMs && one.asOfMs <= range.toMs),
  };
};

/** Answers `cohortSizes`: how large a cohort was at each computation of a range, as it was found then. */
export const queryCohortSizes =
  ({ cohorts, nowMs, noteUses }: CohortSizesDeps) =>
  async (caller: Caller, input: CohortSizesInput): Promise<CohortSizesAnswer> => {
    const asOfMs = nowMs();
    const question = parseCohortSizes(input);
    const { range, timeZone } = question;
    const { cohort, kept, before, computations } = await findCohortSizes(cohorts, caller, question);
    const { name, computation } = cohort;
    const { asOfMs: computedMs, version, runningAsOfMs } = computation;
    if (computedMs !== null && version !== null)
      noteUses?.({
        cohorts: [
          { ...{ id: cohort.id, name, version }, asOf: isoTime(computedMs), ...{ basis: "RECORDED", named: true } },
        ],
      });
    return {
      ...{ cohort, before, computations },
      forgotten: kept.length >= MAX_COHORT_SIZES,
      completeTo: isoTime(Math.min(asOfMs, runningAsOfMs ?? asOfMs)),
      provenance: provenanceOf(
        { parts: [{ table: "cohort_size", ...range }], rejected: [], approximations: [] },
        ...([[], asOfMs, timeZone, caller.dataPolicy] as const),
      ),
    };
  };
