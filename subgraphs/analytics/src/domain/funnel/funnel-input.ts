import type { AnalysisUnitInput } from "../analysis-unit.ts";
import type { TouchInput } from "../attribution/question.ts";
import type { Granularity } from "../calendar.ts";
import type { EventMatcherInput } from "../event-matcher.ts";
import type { FunnelAnchor, FunnelAttribution, FunnelOrder } from "./funnel.ts";

type Maybe<T> = T | null | undefined;

/** A step as the graph delivers it. */
export interface FunnelStepInput {
  readonly label?: Maybe<string>;
  readonly anyOf: readonly EventMatcherInput[];
  readonly atLeast?: Maybe<number>;
  readonly optional?: Maybe<boolean>;
  readonly within?: Maybe<string>;
}

/** An exclusion as the graph delivers it; steps are numbered from 1. */
export interface FunnelExclusionInput {
  readonly event: EventMatcherInput;
  readonly fromStep?: Maybe<number>;
  readonly toStep?: Maybe<number>;
}

/** A breakdown as the graph delivers it. */
export interface FunnelBreakdownInput {
  readonly field: string;
  readonly attribution?: Maybe<FunnelAttribution>;
  readonly step?: Maybe<number>;
  readonly first?: Maybe<number>;
}

/** A question to `funnel` as the graph delivers it. */
export interface FunnelInput {
  readonly range: { readonly from: string; readonly to: string };
  readonly steps: readonly FunnelStepInput[];
  readonly order?: Maybe<FunnelOrder>;
  readonly anchor?: Maybe<FunnelAnchor>;
  readonly unit?: Maybe<AnalysisUnitInput>;
  readonly window?: Maybe<string>;
  readonly exclusions?: Maybe<readonly FunnelExclusionInput[]>;
  readonly levels?: Maybe<readonly number[]>;
  readonly breakdown?: Maybe<FunnelBreakdownInput>;
  readonly trend?: Maybe<{ readonly granularity: Granularity }>;
  readonly dropOffs?: Maybe<{ readonly first?: Maybe<number> }>;
  readonly correlation?: Maybe<{
    readonly events?: Maybe<number>;
    readonly fields?: Maybe<readonly string[]>;
    readonly values?: Maybe<number>;
  }>;
  readonly attribution?: Maybe<TouchInput>;
  readonly timeZone?: Maybe<string>;
  readonly sample?: Maybe<number>;
}
