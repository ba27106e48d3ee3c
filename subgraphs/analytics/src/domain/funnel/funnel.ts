import type { AnalysisUnit } from "../analysis-unit.ts";
import type { AskedSample } from "../asked-sample.ts";
import type { TouchQuestion } from "../attribution/question.ts";
import type { Buckets } from "../calendar.ts";
import type { EventMatcher } from "../event-matcher.ts";
import type { Condition, Field } from "../field.ts";
import type { DefinitionUse } from "../semantic/definition.ts";
import type { TimeRange } from "../time-range.ts";
import type { FunnelBehind } from "./funnel-cell.ts";
import type { OffsetAt } from "@tessera/platform/time/zone";

/** How the steps of a funnel follow one another, as in the SDL. */
export type FunnelOrder = "ORDERED" | "UNORDERED" | "STRICT";
/** Which entries count, as in the SDL. */
export type FunnelAnchor = "FIRST" | "ANY";
/** Which event of an attempt gives a unit its group, as in the SDL. */
export type FunnelAttribution = "FIRST" | "LAST" | "STEP";

/** A step: what may happen in it, and how much of it must. */
export interface FunnelStep {
  readonly label: string;
  readonly anyOf: readonly EventMatcher[];
  /** How many of `anyOf` must happen. */
  readonly atLeast: number;
  readonly optional: boolean;
  /** Longest time since the previous step, in milliseconds; null for any. */
  readonly withinMs: number | null;
}

/** What must not happen between two steps; both by their index from 0, required steps. */
export interface FunnelExclusion {
  readonly matcher: EventMatcher;
  readonly from: number;
  readonly to: number;
}

interface ByEvent {
  readonly attribution: FunnelAttribution;
  /** Index of the step for STEP; 0 otherwise. */
  readonly step: number;
  /** Groups shown at most. */
  readonly first: number;
}

/** A cohort or segment whose units are a group. */
export interface FunnelMembers {
  readonly cohortId: string | null;
  readonly segment: DefinitionUse | null;
  /** What an event of theirs passes; null lets every event through. */
  readonly condition: Condition | null;
}

/** By what units are told apart: by values of a field, of which a unit has one, or by cohorts and segments, of several of which a unit may be. */
export type FunnelBreakdown = ByEvent &
  (
    | { readonly kind: "FIELD"; readonly field: Field }
    | { readonly kind: "MEMBERS"; readonly members: readonly FunnelMembers[] }
  );

/** Calendar buckets of entries. */
export interface FunnelTrend {
  readonly buckets: Buckets;
  readonly offsetAt: OffsetAt;
}

/** What is looked for beside the steps, among what units did or were at their entry. */
export interface FunnelCorrelation {
  /** Event names tried at most. */
  readonly events: number;
  /** Fields of the entry whose values are tried. */
  readonly fields: readonly Field[];
  /** Values tried of each field at most. */
  readonly values: number;
}

/** Units told apart by the event they entered with, of those that entered in time. */
export interface FunnelEntries {
  /** Those that enter later are left out; milliseconds since the epoch. */
  readonly beforeMs: number;
  readonly fields: readonly Field[];
  /** Values, one list for each of the first fields, of which the entry has one; null: it has none. */
  readonly held: readonly (readonly (string | null)[])[];
  /** Those alone that are of the first cohort or segment of the breakdown; left out where all are told. */
  readonly ofMember?: true;
}

/** A validated question to `funnel`. */
export interface Funnel {
  readonly range: TimeRange;
  readonly timeZone: string;
  readonly unit: AnalysisUnit;
  readonly order: FunnelOrder;
  readonly anchor: FunnelAnchor;
  readonly steps: readonly FunnelStep[];
  /** Longest time from entry to the last step, in milliseconds; null for any. */
  readonly windowMs: number | null;
  /** Units that enter at this moment or later are left out, milliseconds since the epoch; null: none is. */
  readonly entriesBeforeMs: number | null;
  readonly exclusions: readonly FunnelExclusion[];
  readonly levels: readonly number[];
  readonly breakdown: FunnelBreakdown | null;
  readonly trend: FunnelTrend | null;
  /** Next events shown per step at most; null when they are not asked for. */
  readonly dropOffs: number | null;
  /** Events after a drop-off that are told one after another; 1 tells the very next alone. */
  readonly dropOffDepth: number;
  readonly correlation: FunnelCorrelation | null;
  /** To which touchpoints conversions are owed; null when that is not asked for. */
  readonly attribution: TouchQuestion | null;
  /** What is told of entries; null when that is not asked for. */
  readonly entries: FunnelEntries | null;
  /** Which units are listed; null when that is not asked for. */
  readonly behind: FunnelBehind | null;
  /** What of all persons is to be looked at. */
  readonly asked: AskedSample;
  /** Part of the persons that is looked at; 1 for all, and until it is known. */
  readonly sample: number;
}

/** Bounds of a funnel: what a person lays out is far below, and each step costs a pass over the events that match. */
export const FUNNEL_LIMITS = {
  steps: 30,
  alternatives: 10,
  /** Distinct conditions an event is marked with: the bits of a number that stays exact in JSON. */
  conditions: 52,
  exclusions: 10,
  labelCharacters: 100,
  levels: 10,
  groups: 100,
  /** Cohorts and segments of one breakdown: the people of each are looked up per event, and each is one digit of what travels of it. */
  members: 10,
  dropOffs: 50,
  /** Events told after a drop-off: what people do later has little to do with the step. */
  dropOffDepth: 5,
  /** Runs of names after drop-offs that are told apart: each is a line of the answer at most. */
  dropOffPaths: 10_000,
  correlationEvents: 100,
  correlationFields: 5,
  correlationValues: 50,
  /** Values told of each field of the entries: those of the most units. */
  entryValues: 1_000,
  /** Events of one unit: a person does not do as many, a robot may; what it did first is looked at. */
  unitEvents: 50_000,
  /** Distinct groups before the smallest are put together: each keeps its own counts and times until the end. */
  distinctGroups: 20_000,
} as const;

/** The range whose events are read: with an attribution the touchpoints of a lookback before the funnel's own range too. */
export const readRange = ({ range, attribution }: Pick<Funnel, "range" | "attribution">): TimeRange => ({
  fromMs: range.fromMs - (attribution?.lookbackMs ?? 0),
  toMs: range.toMs,
});

/** Indexes of the steps that must be done, in order. */
export const requiredSteps = ({ steps }: Pick<Funnel, "steps">): readonly number[] =>
  steps.flatMap(({ optional }, index) => (optional ? [] : [index]));
