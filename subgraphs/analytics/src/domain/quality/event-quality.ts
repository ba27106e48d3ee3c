import { refuse } from "@tessera/platform/errors/refusal";
import { parseEventMatcher, type EventMatcher, type EventMatcherInput } from "../event-matcher.ts";
import { accessIn } from "../access-in.ts";
import type { FieldAccess } from "../fields.ts";
import { parseTimeRange, type TimeRange } from "../time-range.ts";
import {
  EXPECTATION_LIMITS,
  parseExpectations,
  type Expectation,
  type ExpectationInput,
  type ExpectationKind,
  type FoundExpectation,
} from "./expectation.ts";
import type { WithMeanings } from "../semantic/dimension-expression.ts";

/** A kept expectation that is named, in a version or as it is now. */
export interface KeptReference {
  readonly id: string;
  readonly version?: number | null | undefined;
}

/** A question to `eventQuality` as the graph delivers it, and beside it what was found of the kept expectations that it names. */
export interface EventQualityInput extends WithMeanings {
  readonly range: { readonly from: string; readonly to: string };
  readonly timeZone?: string | null | undefined;
  readonly event?: EventMatcherInput | null | undefined;
  readonly expect?: readonly ExpectationInput[];
  readonly kept?: readonly KeptReference[] | null | undefined;
  /** In the order of `kept`; left out where none is named. */
  readonly found?: readonly FoundExpectation[];
}

/** A validated question: what is expected of which events. */
export interface EventQualityQuestion {
  readonly range: TimeRange;
  readonly timeZone: string;
  readonly event: EventMatcher;
  readonly expect: readonly Expectation[];
}

/** Events of a question: keys of them are kept in the store's memory, each once. */
export const MAX_QUALITY_EVENTS = 20_000_000;

/** Refuses with BAD_INPUT a question that expects nothing, or more than one may. */
export const requireFewExpectations = (
  { expect = [], kept }: Pick<EventQualityInput, "expect" | "kept">,
  where: string,
): void => {
  const count = expect.length + (kept ?? []).length;
  if (count >= 1 && count <= EXPECTATION_LIMITS.expectations) return;
  throw refuse(
    "BAD_INPUT",
    `A question has 1 to ${EXPECTATION_LIMITS.expectations} expectations, written out in \`expect\` or named in \`kept\`.`,
    { field: expect.length === 0 && count > 0 ? `${where}.kept` : `${where}.expect` },
  );
};

/** Validates a question to `eventQuality`; refuses with BAD_INPUT, or FORBIDDEN for personal data the caller may not see. */
export const parseEventQuality = (input: EventQualityInput, access: FieldAccess): EventQualityQuestion => {
  const own = accessIn(access, input);
  const { expect = [], kept, found = [] } = input;
  requireFewExpectations(input, "input");
  if (found.length !== (kept ?? []).length) throw new Error("Kept expectations are found before a question is parsed.");
  return {
    ...{ range: parseTimeRange(input.range, "input.range"), timeZone: input.timeZone ?? "UTC" },
    event: parseEventMatcher(input.event ?? {}, "input.event", own),
    expect: parseExpectations(expect, found, "input", own),
  };
};

/** How late events came: seconds from an event's time to its arrival. */
export interface ToldDelay {
  readonly p50Seconds: number;
  readonly p95Seconds: number;
  readonly p99Seconds: number;
  readonly maxSeconds: number;
}

/** What the store counted of an expectation. */
export interface Counted {
  readonly tested: number;
  readonly passed: number;
  /** Null unless lateness was measured, and where there is no event. */
  readonly delay: ToldDelay | null;
}

/** How far events are what was expected, as in the SDL. */
export interface ExpectationResult {
  readonly name: string;
  readonly kind: ExpectationKind;
  readonly tested: number;
  readonly passed: number;
  readonly failed: number;
  readonly share: number | null;
  readonly atLeast: number | null;
  readonly met: boolean | null;
  readonly delay: ToldDelay | null;
}

/** Tells how far events are what was expected: where nothing was tested there is no share, and nothing is met or missed. */
export const resultOf = (
  { name, kind, atLeast }: Expectation,
  { tested, passed, delay }: Counted,
): ExpectationResult => {
  const share = tested === 0 ? null : passed / tested;
  return {
    ...{ name, kind, tested, passed, failed: tested - passed, share, atLeast, delay },
    met: share === null || atLeast === null ? null : share >= atLeast,
  };
};

/** Whether all expectations that have a bound are met; null where none could be told. */
export const allMet = (results: readonly ExpectationResult[]): boolean | null => {
  const told = results.flatMap(({ met }) => (met === null ? [] : [met]));
  return told.length === 0 ? null : told.every(Boolean);
};
