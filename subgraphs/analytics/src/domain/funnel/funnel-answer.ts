import type { Provenance } from "../provenance.ts";
import type { DefinitionUse } from "../semantic/definition.ts";
import type { Interval, SignificanceTest } from "../statistics.ts";
import type { TimeBin } from "./histogram.ts";
import type { FunnelCredits } from "./lay-out-credits.ts";

/** Times between two steps, as in the SDL; seconds. */
export interface FunnelTimes {
  readonly count: number;
  readonly meanSeconds: number | null;
  readonly quantilesSeconds: readonly (number | null)[];
  readonly histogram: readonly TimeBin[];
}

/** One step of a funnel's outcome, as in the SDL. */
export interface FunnelStepResult {
  readonly number: number;
  readonly label: string;
  readonly optional: boolean;
  readonly reached: number;
  readonly droppedOff: number | null;
  readonly fromPrevious: number | null;
  readonly fromFirst: number | null;
  readonly fromFirstInterval: Interval | null;
  readonly timeFromPrevious: FunnelTimes | null;
}

/** A funnel's outcome for a set of units, as in the SDL. */
export interface FunnelResult {
  readonly steps: readonly FunnelStepResult[];
  readonly entered: number;
  readonly converted: number;
  readonly conversion: number | null;
  readonly conversionInterval: Interval | null;
  readonly timeToConvert: FunnelTimes;
}

/** How a group's conversion differs from that of all other units, as in the SDL. */
export interface FunnelContrast {
  readonly difference: number;
  readonly interval: Interval | null;
  readonly test: SignificanceTest;
  readonly p: number;
  readonly pAdjusted: number;
}

/** The units of one value of the breakdown, or of a cohort or segment, as in the SDL. */
export interface FunnelGroup {
  readonly value: string | null;
  readonly cohortId: string | null;
  readonly segment: DefinitionUse | null;
  readonly result: FunnelResult;
  readonly versusRest: FunnelContrast | null;
}

/** Whether the groups differ at all, as in the SDL. */
export interface FunnelGroupsTest {
  readonly chiSquare: number;
  readonly degreesOfFreedom: number;
  readonly p: number;
}

/** Entries over time, as in the SDL. */
export interface FunnelTrendResult {
  readonly buckets: readonly string[];
  readonly complete: readonly boolean[];
  readonly steps: readonly { readonly number: number; readonly label: string; readonly reached: readonly number[] }[];
  readonly conversion: readonly (number | null)[];
}

/** What units did one after another that got no further than a step, as in the SDL: `units` are those that `ended`, `others`, and those of the paths with one event more. */
export interface FunnelDropOffPath {
  readonly events: readonly string[];
  readonly units: number;
  readonly ended: number;
  readonly others: number;
}

/** What units did next that got no further than a step, as in the SDL. */
export interface FunnelDropOff {
  readonly step: number;
  readonly label: string;
  readonly droppedOff: number;
  readonly next: readonly { readonly name: string | null; readonly units: number }[];
  readonly others: number;
  readonly paths: readonly FunnelDropOffPath[];
}

/** Something that goes or does not go with converting, as in the SDL. */
export interface FunnelCorrelate {
  readonly kind: "EVENT" | "FIELD";
  readonly field: string | null;
  readonly value: string | null;
  readonly convertedWith: number;
  readonly convertedWithout: number;
  readonly notConvertedWith: number;
  readonly notConvertedWithout: number;
  readonly oddsRatio: number;
  readonly oddsRatioInterval: Interval;
  readonly test: SignificanceTest;
  readonly p: number;
  readonly pAdjusted: number;
}

/** An answer to `funnel`, as in the SDL. */
export interface FunnelAnswer {
  readonly result: FunnelResult;
  readonly groups: readonly FunnelGroup[];
  readonly groupCount: number;
  readonly others: FunnelResult | null;
  readonly groupsTest: FunnelGroupsTest | null;
  readonly trend: FunnelTrendResult | null;
  readonly dropOffs: readonly FunnelDropOff[];
  readonly correlation: readonly FunnelCorrelate[];
  readonly attribution: FunnelCredits | null;
  readonly cutUnits: number;
  readonly provenance: Provenance;
}
