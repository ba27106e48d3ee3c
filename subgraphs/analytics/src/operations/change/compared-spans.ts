import type { SpanRhythm } from "../../domain/change/comparable-spans.ts";
import { MIN_COMPARISONS, type Quantity } from "../../domain/change/slice-measure.ts";
import type { TimeRange } from "../../domain/time-range.ts";

/** Spans to compare with by their rhythm, the most comparable first; without a rhythm those that were named. */
export type SpanChoices = readonly (readonly [SpanRhythm | null, readonly TimeRange[]])[];

/** Spans that hold events, and what was read of each. */
export interface ComparedSpans<Read> {
  readonly rhythm: SpanRhythm | null;
  readonly spans: readonly TimeRange[];
  readonly before: readonly Read[];
}

/** Reads the first of the rhythms of which enough spans hold events; null where none does. */
export const comparedSpans = async <Read extends Pick<Quantity, "units" | "seen">>(
  choices: SpanChoices,
  read: (spans: readonly TimeRange[]) => Promise<readonly Read[]>,
): Promise<ComparedSpans<Read> | null> => {
  for (const [rhythm, spans] of choices) {
    const before = await read(spans);
    const filled = spans.flatMap((span, at) => {
      const one = before[at];
      return one === undefined || (one.seen ?? one.units) <= 0 ? [] : [{ span, one }];
    });
    if (filled.length >= MIN_COMPARISONS)
      return { rhythm, spans: filled.map(({ span }) => span), before: filled.map(({ one }) => one) };
  }
  return null;
};
