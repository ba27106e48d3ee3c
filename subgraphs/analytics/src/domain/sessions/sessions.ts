import type { AnalysisUnit } from "../analysis-unit.ts";
import type { Buckets } from "../calendar.ts";
import { DAY_MS } from "../duration.ts";
import type { Part } from "../asked-part.ts";
import type { AskedSample } from "../asked-sample.ts";
import type { EventMatcher } from "../event-matcher.ts";
import type { Condition, Field } from "../field.ts";
import type { TimeRange } from "../time-range.ts";
import type { OffsetAt } from "@tessera/platform/time/zone";

/** What makes events one session, as in the SDL. */
export type SessionKind = "SENT" | "GAP";
/** What a bounce is, as in the SDL. */
export type SessionBounce = "NOT_ENGAGED" | "SINGLE_PAGE" | "SINGLE_EVENT";

/** How events are put together into sessions. */
export type SessionDefinition =
  | { readonly kind: "SENT" }
  | {
      readonly kind: "GAP";
      readonly gapMs: number;
      /** Whose events are put together. */
      readonly unit: AnalysisUnit;
      /** Starts of the zone's days that a session is cut at; null for none. */
      readonly midnightsMs: readonly number[] | null;
      readonly cutAtCampaign: boolean;
      readonly maxLengthMs: number | null;
      readonly bySource: boolean;
    };

/** Bounds of a number, both inclusive; null for none. */
export interface Between {
  readonly least: number | null;
  readonly most: number | null;
}

/** What must hold of a session. */
export interface SessionConditions {
  readonly entry: Condition | null;
  readonly exit: Condition | null;
  readonly has: readonly EventMatcher[];
  readonly hasNot: readonly EventMatcher[];
  readonly durationMs: Between;
  readonly events: Between;
  readonly bounced: boolean | null;
  readonly engaged: boolean | null;
  readonly converted: boolean | null;
}

/** A validated question about sessions; the meaning of each part is in docs/sessions.md. */
export interface SessionsQuestion {
  readonly range: TimeRange;
  readonly timeZone: string;
  readonly definition: SessionDefinition;
  /** Which events sessions are made of; null for all. */
  readonly filter: Condition | null;
  readonly views: EventMatcher;
  readonly page: Field;
  readonly conversion: EventMatcher | null;
  readonly currency: string | null;
  readonly engagedAfterMs: number;
  readonly engagedViews: number;
  readonly idleMs: number;
  readonly bounce: SessionBounce;
  readonly conditions: SessionConditions;
  /** The part of the persons whose sessions are looked at; all until it is known. */
  readonly part: Part;
}

/** A validated question to `sessionMetrics`. */
export interface SessionMetricsQuestion extends SessionsQuestion {
  /** What of all persons is to be looked at. */
  readonly asked: AskedSample;
  readonly buckets: Buckets | null;
  readonly offsetAt: OffsetAt;
  readonly breakdown: readonly Field[];
  /** Groups shown at most. */
  readonly first: number;
  readonly levels: readonly number[];
  /** Pages shown at most; 0 for none. */
  readonly pages: number;
}

/** Bounds of a question about sessions. */
export const SESSION_LIMITS = {
  /** How far before and after the range events are looked at: a session belongs to where it starts. */
  reachMs: DAY_MS,
  /** No longer than is looked back, so that whether an event begins a session is known. */
  gapMs: DAY_MS,
  matchers: 5,
  breakdown: 3,
  groups: 100,
  levels: 10,
  pages: 500,
  page: 100,
  engagedViews: 100,
  /** Events that are looked at at once: the store puts each unit's together in memory. */
  events: 5_000_000,
  /** Groups times buckets that are read. */
  lines: 50_000,
  /** Groups times buckets of sessions that are counted in slices, which keep durations and persons of each. */
  slicedLines: 400,
  /** Different pages of such sessions: as many as the store hands over at once. */
  slicedPages: 50_000,
  range: 1_098 * DAY_MS,
} as const;

/** Events and the days before and after a range in which sessions of it may lie. */
export const reachOf = ({ fromMs, toMs }: TimeRange): TimeRange => ({
  fromMs: fromMs - SESSION_LIMITS.reachMs,
  toMs: toMs + SESSION_LIMITS.reachMs,
});

/** How events are marked: bit b of an event's mark says that it passes matcher b. */
export interface SessionMarks {
  readonly matchers: readonly EventMatcher[];
  readonly view: number;
  readonly conversion: number | null;
  readonly has: readonly number[];
  readonly hasNot: readonly number[];
  readonly entry: number | null;
  readonly exit: number | null;
}

/** Lays out the marks of a question. */
export const sessionMarks = ({ views, conversion, conditions }: SessionsQuestion): SessionMarks => {
  const matchers: EventMatcher[] = [];
  const bit = (matcher: EventMatcher): number => matchers.push(matcher) - 1;
  const maybe = (filter: Condition | null): number | null => (filter === null ? null : bit({ names: [], filter }));
  return {
    view: bit(views),
    conversion: conversion === null ? null : bit(conversion),
    has: conditions.has.map(bit),
    hasNot: conditions.hasNot.map(bit),
    entry: maybe(conditions.entry),
    exit: maybe(conditions.exit),
    matchers,
  };
};
