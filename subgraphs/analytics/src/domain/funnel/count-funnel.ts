import { zoneOffset } from "@tessera/platform/time/zone";
import type { EventMatcher } from "../event-matcher.ts";
import type { Field } from "../field.ts";
import type { EntryCounts } from "./entry-counts.ts";
import type { UnitsBehind } from "./funnel-cell.ts";
import type { FunnelAnswer } from "./funnel-answer.ts";
import { FUNNEL_LIMITS, type Funnel } from "./funnel.ts";
import type { FunnelMarks } from "./funnel-marks.ts";
import { layOutCredits } from "./lay-out-credits.ts";
import { layOutCorrelation, layOutDropOffs, layOutGroups, layOutTrend } from "./lay-out-parts.ts";
import { laterNames } from "./drop-off-paths.ts";
import { layOutDropOffPaths } from "./lay-out-drop-off-paths.ts";
import { layOutResult } from "./lay-out-result.ts";
import { eachPackedUnit, type PackedEvents } from "./packed-events.ts";
import { createPlainSearch, isPlain } from "./plain-search.ts";
import { createTally } from "./tally.ts";
import { eachUnit, type UnitColumns } from "./unit-columns.ts";

/** A funnel as its events are counted: the store has marked them, so that nothing of what they must pass is left. */
export type CountedFunnel = Omit<Funnel, "trend"> & {
  readonly trend: Pick<NonNullable<Funnel["trend"]>, "buckets"> | null;
};

/** What is to be counted of a funnel: plain data throughout. */
export interface FunnelTask {
  readonly funnel: CountedFunnel;
  readonly marks: FunnelMarks;
  /** Names of the events a correlation tries. */
  readonly candidates: readonly string[];
  readonly asOfMs: number;
}

/** A funnel's answer but for where it comes from. */
export interface FunnelParts extends Omit<FunnelAnswer, "provenance"> {
  /** Units of the sample that entered, not scaled. */
  readonly enteredInSample: number;
  /** Whether there were more times of one step than are kept one by one, so that quantiles are not exact. */
  readonly timesCounted: boolean;
  /** Units by what their entry was, not scaled; null when that was not asked for. */
  readonly entries: EntryCounts | null;
  /** The units behind a number; null when they were not asked for. */
  readonly behind: UnitsBehind | null;
}

const ANY: EventMatcher = { names: [], filter: null };
const named = ({ name }: Field): Field => ({ kind: "PROPERTY", name, path: "" });

const breakdownOf = (breakdown: Funnel["breakdown"]): Funnel["breakdown"] => {
  if (breakdown === null) return null;
  if (breakdown.kind === "FIELD") return { ...breakdown, field: named(breakdown.field) };
  return { ...breakdown, members: breakdown.members.map((member) => ({ ...member, condition: null })) };
};

/** What is to be counted of a funnel whose events the store marks by `marks`. */
export const funnelTask = (
  funnel: Funnel,
  marks: FunnelMarks,
  candidates: readonly string[],
  asOfMs: number,
): FunnelTask => {
  const { correlation, attribution, trend, entries } = funnel;
  return {
    ...{ candidates, asOfMs },
    marks: { ...marks, conditions: marks.conditions.map(() => []) },
    funnel: {
      ...funnel,
      unit: { kind: "PERSON" },
      steps: funnel.steps.map((step) => ({ ...step, anyOf: step.anyOf.map(() => ANY) })),
      exclusions: funnel.exclusions.map((exclusion) => ({ ...exclusion, matcher: ANY })),
      breakdown: breakdownOf(funnel.breakdown),
      trend: trend === null ? null : { buckets: trend.buckets },
      correlation: correlation === null ? null : { ...correlation, fields: correlation.fields.map(named) },
      entries: entries === null ? null : { ...entries, fields: entries.fields.map(named) },
      attribution: attribution === null ? null : { ...attribution, touchpoints: [], rules: [] },
    },
  };
};

/** Counts the events of a funnel slice by slice. */
export interface FunnelCount {
  readonly addPacked: (events: PackedEvents) => void;
  readonly addColumns: (columns: UnitColumns) => void;
  readonly parts: () => FunnelParts;
}

/** Makes the count of a funnel, which holds every unit's attempt to docs/funnel-semantics.md. */
export const createFunnelCount = ({ funnel: counted, marks, candidates, asOfMs }: FunnelTask): FunnelCount => {
  const { trend } = counted;
  const offsetAt = zoneOffset(counted.timeZone);
  const funnel: Funnel = { ...counted, trend: trend === null ? null : { ...trend, offsetAt } };
  const tally = createTally(funnel, candidates.length, marks);
  const searchPlain = isPlain(funnel) ? createPlainSearch(funnel, marks) : null;
  const { unitEvents: most } = FUNNEL_LIMITS;
  return {
    addPacked: (events) => {
      if (searchPlain === null) eachPackedUnit(events, most, tally.add);
      else searchPlain(events, tally.addPlain);
    },
    addColumns: (columns) =>
      eachUnit(
        columns,
        { most, keepAll: funnel.order === "STRICT" || funnel.behind !== null, later: laterNames(funnel) },
        tally.add,
      ),
    parts: () => {
      const counts = tally.result();
      return {
        result: layOutResult(funnel, counts.all),
        ...layOutGroups(funnel, counts),
        trend: layOutTrend(funnel, counts, asOfMs),
        dropOffs: layOutDropOffs(funnel, counts).map((one) => ({
          ...one,
          paths: layOutDropOffPaths(funnel, counts.nextPaths, one.step),
        })),
        correlation: layOutCorrelation(funnel, candidates, counts),
        attribution: layOutCredits(funnel, counts),
        cutUnits: counts.cutUnits,
        enteredInSample: counts.all.reached[0] ?? 0,
        timesCounted: [counts.all.total, ...counts.all.times].some((list) => list.counted !== null),
        entries: counts.entries,
        behind: counts.behind,
      };
    },
  };
};
