import { refuse } from "@tessera/platform/errors/refusal";
import { DAY_MS, parseDuration } from "../duration.ts";
import { parseEventMatcher, type EventMatcher, type EventMatcherInput } from "../event-matcher.ts";
import { accessIn } from "../access-in.ts";
import { parseField, parseRevealedField, type FieldAccess } from "../fields.ts";
import type { Field } from "../field.ts";
import type { IndicatorBand } from "../shared-indicators/indicator.ts";
import { parseTimeRange, type TimeRange } from "../time-range.ts";
import type { WithMeanings } from "../semantic/dimension-expression.ts";

/** A question to `velocity` as the graph delivers it. */
export interface VelocityInput extends WithMeanings {
  readonly range: { readonly from: string; readonly to: string };
  readonly timeZone?: string | null | undefined;
  readonly event: EventMatcherInput;
  readonly by: string;
  readonly distinct?: string | null | undefined;
  readonly within: string;
  readonly moreThan: number;
  readonly first?: number;
  readonly reported?: { readonly atLeast?: IndicatorBand } | null | undefined;
}

/** A validated question: whose events are how many, within how long. */
export interface VelocityQuestion {
  readonly range: TimeRange;
  readonly timeZone: string;
  readonly event: EventMatcher;
  readonly by: Field;
  /** The field whose different values count in place of events; null: events count. */
  readonly distinct: Field | null;
  readonly withinMs: number;
  readonly moreThan: number;
  readonly first: number;
  /** The least band of other tenants that contributed an entity; null: whether they did is not asked. */
  readonly reported: IndicatorBand | null;
}

/** Bounds of the question: the window slides within a month, events of a question are put in order by entity in the store's memory. */
export const VELOCITY_LIMITS = { withinMs: 31 * DAY_MS, moreThan: 1_000_000, first: 1_000, events: 5_000_000 } as const;

/** An entity that was beyond the bound, and how. */
export interface VelocityEntity {
  readonly entity: string;
  readonly events: number;
  readonly peak: number;
  readonly peakAtMs: number;
  readonly stretches: number;
  readonly firstAtMs: number;
}

const ID_TYPES: readonly string[] = ["TEXT", "ID", "INTEGER"];

/** A field whose values name things; refuses with BAD_INPUT moments, amounts and lists. */
export const namingField = (field: Field, where: string): Field => {
  if (field.kind === "PROPERTY" || ID_TYPES.includes(field.type)) return field;
  throw refuse(
    "BAD_INPUT",
    `\`${field.name}\` is ${field.type} and names nothing: take text, an id, a whole number or a property.`,
    {
      field: where,
    },
  );
};

/** A whole number between bounds; refuses with BAD_INPUT. */
export const wholeBetween = (value: number, where: string, min: number, max: number): number => {
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  const field = where.split(".").at(-1) ?? where;
  throw refuse("BAD_INPUT", `\`${field}\` must be a whole number from ${min} to ${max.toLocaleString("en-US")}.`, {
    field: where,
  });
};

const given = <Value>(value: Value | null | undefined): value is Value => value !== null && value !== undefined;

/** Validates a question to `velocity`; refuses with BAD_INPUT, or FORBIDDEN where entities are personal data that the caller may not see. */
export const parseVelocity = (input: VelocityInput, access: FieldAccess): VelocityQuestion => {
  const own = accessIn(access, input);
  const by = namingField(parseRevealedField(input.by, "input.by", own), "input.by");
  const { distinct = null } = input;
  const counted = distinct === null ? null : namingField(parseField(distinct, "input.distinct", own), "input.distinct");
  if (counted?.name === by.name)
    throw refuse(
      "BAD_INPUT",
      "An entity has one value of the field it is told by: count another field, or leave `distinct` out.",
      {
        field: "input.distinct",
      },
    );
  return {
    range: parseTimeRange(input.range, "input.range"),
    timeZone: input.timeZone ?? "UTC",
    event: parseEventMatcher(input.event, "input.event", own),
    ...{ by, distinct: counted },
    withinMs: parseDuration(input.within, "input.within", { minMs: 1_000, maxMs: VELOCITY_LIMITS.withinMs }),
    moreThan: wholeBetween(input.moreThan, "input.moreThan", 0, VELOCITY_LIMITS.moreThan),
    first: wholeBetween(input.first ?? 100, "input.first", 1, VELOCITY_LIMITS.first),
    reported: given(input.reported) ? (input.reported.atLeast ?? "FEW") : null,
  };
};

/** Where events are looked at: a window's length before the range too, whose events are in the windows of its first moments. */
export const velocityReach = ({ range, withinMs }: Pick<VelocityQuestion, "range" | "withinMs">): TimeRange => ({
  fromMs: range.fromMs - withinMs + 1,
  toMs: range.toMs,
});
