import type { AnalysisUnitInput } from "../analysis-unit.ts";
import type { TouchInput } from "../attribution/question.ts";
import type { Granularity } from "../calendar.ts";
import type { EventMatcherInput } from "../event-matcher.ts";
import type { FilterInput } from "../filter-input.ts";
import type { DefinitionRef } from "../semantic/asked-question.ts";
import type { DefinitionUse } from "../semantic/definition.ts";
import type { FunnelAnchor, FunnelAttribution, FunnelOrder } from "./funnel.ts";
import type { WithMeanings } from "../semantic/dimension-expression.ts";

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

/** People or events that make a group of a breakdown, once they are found. */
export interface FunnelMembersInput {
  /** Id of the cohort; null for a segment. */
  readonly cohortId: string | null;
  /** The segment in the version that counts; null for a cohort. */
  readonly segment: DefinitionUse | null;
  readonly filter: FilterInput;
  /** The place of the question that names it. */
  readonly where: string;
}

/** A breakdown as the graph delivers it. */
export interface FunnelBreakdownInput {
  readonly field?: Maybe<string>;
  readonly cohorts?: Maybe<readonly string[]>;
  readonly segments?: Maybe<readonly DefinitionRef[]>;
  /** What the cohorts and segments are; the graph does not deliver it. */
  readonly members?: readonly FunnelMembersInput[];
  readonly attribution?: Maybe<FunnelAttribution>;
  readonly step?: Maybe<number>;
  readonly first?: Maybe<number>;
}

/** What is to be told of the entries before a moment, in milliseconds since the epoch. */
export interface FunnelEntriesInput {
  readonly beforeMs: number;
  readonly fields: readonly string[];
  readonly held: readonly (readonly (string | null)[])[];
  readonly ofMember?: true;
}

/** A question to `funnel` as the graph delivers it. */
export interface FunnelInput extends WithMeanings {
  readonly range: { readonly from: string; readonly to: string };
  readonly steps: readonly FunnelStepInput[];
  readonly order?: Maybe<FunnelOrder>;
  readonly anchor?: Maybe<FunnelAnchor>;
  readonly unit?: Maybe<AnalysisUnitInput>;
  readonly window?: Maybe<string>;
  readonly exclusions?: Maybe<readonly FunnelExclusionInput[]>;
  readonly levels?: Maybe<readonly number[]>;
  readonly breakdown?: Maybe<FunnelBreakdownInput>;
  readonly entriesBefore?: Maybe<string>;
  readonly trend?: Maybe<{ readonly granularity: Granularity }>;
  readonly dropOffs?: Maybe<{ readonly first?: Maybe<number>; readonly depth?: Maybe<number> }>;
  readonly correlation?: Maybe<{
    readonly events?: Maybe<number>;
    readonly fields?: Maybe<readonly string[]>;
    readonly values?: Maybe<number>;
  }>;
  readonly attribution?: Maybe<TouchInput>;
  /** What units are told apart by at their entry; the graph does not deliver it. */
  readonly entries?: FunnelEntriesInput;
  readonly timeZone?: Maybe<string>;
  readonly sample?: Maybe<number>;
  readonly fast?: Maybe<boolean>;
}
