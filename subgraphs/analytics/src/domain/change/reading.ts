import type { AnalysisUnit } from "../analysis-unit.ts";
import type { AttributionModel } from "../attribution/model.ts";
import type { AttributionQuestion, TouchDimension } from "../attribution/question.ts";
import type { EventMatcher } from "../event-matcher.ts";
import type { Field } from "../field.ts";
import type { VelocityQuestion } from "../fraud/velocity.ts";
import type { Members } from "../members.ts";
import type { DriftCuts } from "../quality/drift-bins.ts";
import type { DriftQuestion } from "../quality/drift.ts";
import type { ExpectationTest } from "../quality/expectation.ts";
import type { SessionMarks, SessionsQuestion } from "../sessions/sessions.ts";

/** Whose activity is read, in which calendar: place 0 is its first period. */
interface OfActivity {
  readonly event: EventMatcher;
  readonly unit: AnalysisUnit;
  /** Members of a cohort alone; null: everybody. */
  readonly members: Members | null;
  readonly startsMs: readonly number[];
}

/** Numbers of how many periods units are active in. */
export type StickinessNumber = "mean" | "total";
/** Numbers of units that are active on a day, or in days that end with it. */
export type ActiveNumber = "daily" | "weekly" | "monthly" | "ratio";
/** Numbers of units by where they are in their life. */
export type LifecycleNumber = "fresh" | "returning" | "resurrecting" | "dormant";
/** Numbers of what an expectation found; `beyond` is the share of those that it finds later than a bound. */
export type ExpectationNumber = "share" | "tested" | "passed" | "failed" | "beyond";
/** Numbers of attribution, as they are watched. */
export type CreditNumber = "credit" | "share" | "value" | "conversions";
/** Models by which each conversion's credit is its own, whatever else converts. */
export type OwnCreditModel = Exclude<AttributionModel, { readonly kind: "MARKOV" | "UPLIFT" }>;

/** Numbers of values beside a reference that add up. */
export type DriftNumber = "psi" | "samples";
/** Numbers of sessions that add up, or are ratios of such. */
export type SessionNumber =
  | ("sessions" | "people" | "events" | "eventsPerSession" | "pageViews" | "pagesPerSession" | "meanDurationSeconds")
  | ("meanActiveSeconds" | "bounced" | "bounceRate" | "engaged" | "engagementRate" | "converted" | "conversionRate")
  | ("revenue" | "revenuePerSession");

/**
 * Units of a span with what each adds to a number, and one event of each by whose fields they are told apart: the first by which an activity counts them, what an expectation tests, what took an
 * entity beyond its bound or is in its window, the event a session is entered by, the event that has a value, a conversion, the first of a member of a ring.
 */
export type Reading =
  | (OfActivity & { readonly kind: "STICKINESS"; readonly number: StickinessNumber; readonly minimum: number })
  | (OfActivity & {
      readonly kind: "ACTIVE";
      readonly number: ActiveNumber;
      /** Places of the days that are told of. */
      readonly places: readonly number[];
      /** Days that count, each of those the last. */
      readonly days: number;
    })
  | (OfActivity & {
      readonly kind: "LIFECYCLE";
      readonly number: LifecycleNumber;
      /** Places of the periods that are told of, from 1. */
      readonly places: readonly number[];
    })
  | {
      readonly kind: "EXPECTATION";
      readonly number: ExpectationNumber;
      readonly event: EventMatcher;
      readonly test: Exclude<ExpectationTest, { readonly kind: "EACH" }>;
    }
  | { readonly kind: "ENTITIES" | "PEAK"; readonly question: VelocityQuestion }
  | {
      readonly kind: "SESSIONS";
      readonly number: SessionNumber;
      readonly question: SessionsQuestion;
      readonly marks: SessionMarks;
    }
  | {
      readonly kind: "CREDITS";
      readonly number: CreditNumber;
      readonly question: AttributionQuestion;
      readonly of: TouchDimension;
      readonly stitched: boolean;
      /** To which label credit is given, by which model; null where conversions are counted. */
      readonly credited: { readonly label: string; readonly model: OwnCreditModel } | null;
    }
  | {
      readonly kind: "VALUES";
      readonly number: DriftNumber;
      readonly question: Pick<DriftQuestion, "event" | "field" | "kind">;
      readonly cuts: DriftCuts;
      /** What a value of each bin adds to the index, by the numbers of bins from 0. */
      readonly scores: readonly number[];
      /** What a value adds of a bin that has not grown, at most. */
      readonly unmoved: number;
    }
  | {
      readonly kind: "MEMBERS";
      readonly event: EventMatcher;
      readonly of: Field;
      /** What each of some members adds to the number, by name. */
      readonly weights: ReadonlyMap<string, number>;
    };

/** Fields of the one event by which units are told apart, and values that the first of them have. */
export interface ReadBy {
  readonly fields: readonly Field[];
  /** One list for each of the first fields; the empty text: the event has none. */
  readonly held: readonly (readonly string[])[];
}

/** What units of one value of a field come to; `field` is its number among those asked for, null: all units together. */
export interface ReadSlice {
  readonly field: number | null;
  readonly value: string;
  readonly sum: number;
  readonly base: number;
  readonly units: number;
  readonly seen: number;
}

/** Whom, and how much money, the events of the counted units concern. */
export interface ReadReach {
  readonly people: number;
  readonly seen: number;
  readonly revenue: ReadonlyMap<string, number>;
}
