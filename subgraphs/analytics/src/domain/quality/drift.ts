import { refuse } from "@tessera/platform/errors/refusal";
import { DAY_MS, parseDuration } from "../duration.ts";
import { parseEventMatcher, type EventMatcher, type EventMatcherInput } from "../event-matcher.ts";
import { accessIn } from "../access-in.ts";
import { parseRevealedField, type FieldAccess } from "../fields.ts";
import type { Field } from "../field.ts";
import { namingField, wholeBetween } from "../fraud/velocity.ts";
import { parseTimeRange, type TimeRange } from "../time-range.ts";
import type { WithMeanings } from "../semantic/dimension-expression.ts";

type Maybe<T> = T | null | undefined;

/** How values are told apart: by where a number lies, or by what they are. */
export type DriftKind = "NUMERIC" | "CATEGORICAL";

/** What values are compared with, as the graph delivers it: a range that stands still, or one that trails. */
export interface DriftReferenceInput {
  readonly from?: Maybe<string>;
  readonly to?: Maybe<string>;
  readonly trailing?: Maybe<string>;
  readonly gap?: Maybe<string>;
}

/** A question to `drift` as the graph delivers it. */
export interface DriftInput extends WithMeanings {
  readonly range: { readonly from: string; readonly to: string };
  readonly timeZone?: Maybe<string>;
  readonly event?: Maybe<EventMatcherInput>;
  readonly field: string;
  readonly kind: DriftKind;
  readonly reference: DriftReferenceInput;
  readonly bins?: number;
  readonly minSamples?: number;
}

/** A validated question: how unlike the values of a field in one range are to those in another. */
export interface DriftQuestion {
  readonly range: TimeRange;
  readonly reference: TimeRange;
  readonly timeZone: string;
  readonly event: EventMatcher;
  readonly field: Field;
  readonly kind: DriftKind;
  readonly bins: number;
  readonly minSamples: number;
}

/** Bounds of the question: the numbers of the reference are put in order in the store's memory; fewer than ten values are no distribution. */
export const DRIFT_LIMITS = {
  ...{ bins: 50, leastSamples: 10, mostSamples: 1_000_000, events: 5_000_000 },
  ...{ trailingMs: 366 * DAY_MS, gapMs: 366 * DAY_MS, leastTrailingMs: 60_000 },
} as const;

const bad = (field: string, detail: string): Error => refuse("BAD_INPUT", detail, { field });
const given = <T>(value: Maybe<T>): value is T => value !== null && value !== undefined;

const parseReference = (input: DriftReferenceInput, { fromMs }: TimeRange): TimeRange => {
  const { from, to, trailing, gap } = input;
  const where = "input.reference";
  if (given(trailing)) {
    if (given(from) || given(to))
      throw bad(where, "A reference is `from` and `to`, or `trailing`: leave one of them out.");
    const [least, most] = [DRIFT_LIMITS.leastTrailingMs, DRIFT_LIMITS.trailingMs];
    const lengthMs = parseDuration(trailing, `${where}.trailing`, { minMs: least, maxMs: most });
    const gapMs = parseDuration(gap ?? "PT0S", `${where}.gap`, { minMs: 0, maxMs: DRIFT_LIMITS.gapMs });
    return { fromMs: fromMs - gapMs - lengthMs, toMs: fromMs - gapMs };
  }
  if (given(gap))
    throw bad(`${where}.gap`, "A gap lies before a `trailing` reference: leave it out, or take `trailing`.");
  if (!given(from) || !given(to)) throw bad(where, "A reference is both `from` and `to`, or `trailing`.");
  return parseTimeRange({ from, to }, where);
};

const NUMBER_TYPES: readonly string[] = ["INTEGER", "DECIMAL"];

const parseValues = (name: string, kind: DriftKind, access: FieldAccess): Field => {
  const field = parseRevealedField(name, "input.field", access);
  if (kind === "CATEGORICAL") return namingField(field, "input.field");
  if (field.kind === "PROPERTY" || NUMBER_TYPES.includes(field.type)) return field;
  throw bad(
    "input.field",
    `\`${field.name}\` is ${field.type} and no number: take \`kind: CATEGORICAL\`, or another field.`,
  );
};

/** Validates a question to `drift`; refuses with BAD_INPUT, or FORBIDDEN where values are personal data that the caller may not see. */
export const parseDrift = (input: DriftInput, access: FieldAccess): DriftQuestion => {
  const own = accessIn(access, input);
  const range = parseTimeRange(input.range, "input.range");
  const { bins, leastSamples, mostSamples } = DRIFT_LIMITS;
  return {
    ...{ range, reference: parseReference(input.reference, range), timeZone: input.timeZone ?? "UTC" },
    event: parseEventMatcher(input.event ?? {}, "input.event", own),
    ...{ field: parseValues(input.field, input.kind, own), kind: input.kind },
    bins: wholeBetween(input.bins ?? 10, "input.bins", 2, bins),
    minSamples: wholeBetween(input.minSamples ?? 100, "input.minSamples", leastSamples, mostSamples),
  };
};
