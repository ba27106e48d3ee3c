import type { WatchedAnswer, WatchedQuestion } from "@tessera/contracts/watched-series";
import { z } from "zod";

/** The world of these orders: its first hour, and the length of all. A process that evaluates imports no more than it needs. */
export const [START_MS, HOUR_MS] = [Date.parse("2021-06-07T00:00:00Z"), 3_600_000];

/** What an evaluator in a process of its own is told: to evaluate or look at a rule at a time, standing still at a place, or to go on from there. */
export const evaluatorOrder = z.discriminatedUnion("kind", [
  z.object({
    kind: z.enum(["EVALUATE", "LOOK"]),
    ...{ tenantId: z.string(), ruleId: z.string(), clockMs: z.number(), holdAt: z.string().nullable() },
  }),
  z.object({ kind: z.literal("GO") }),
]);
/** See {@link evaluatorOrder}. */
export type EvaluatorOrder = z.infer<typeof evaluatorOrder>;

/** Where it stands: READY, at the place it was told, or DONE. */
export const evaluatorNews = z.object({ at: z.string() });
/** See {@link evaluatorNews}. */
export type EvaluatorNews = z.infer<typeof evaluatorNews>;

/** Hourly counts of three countries, each beyond 100 now and then. */
const countIn = (country: number, hour: number): number => ((hour * (country + 2) * 7_919) % 5 < 2 ? 150 : 20);

/** What the analytics room would say at a moment: the hour that has not ended holds what it has so far, half of it. */
export const answerOf = (question: WatchedQuestion, nowMs: number): WatchedAnswer => {
  const [fromMs, toMs] = [Date.parse(question.from), Date.parse(question.to)];
  const first = Math.ceil(fromMs / HOUR_MS);
  const hours = Array.from({ length: Math.max(0, Math.floor(toMs / HOUR_MS) - first) }, (_, at) => first + at);
  const series = ["DE", "FR", "US"].map((value, country) => {
    const values = hours.map((hour) => {
      const whole = countIn(country, hour - START_MS / HOUR_MS);
      return (hour + 1) * HOUR_MS <= nowMs ? whole : Math.ceil(whole * 0.8);
    });
    return { group: [{ name: "country", value }], values, samples: values };
  });
  return {
    bucketsMs: hours.map((hour) => hour * HOUR_MS),
    endsMs: hours.map((hour) => (hour + 1) * HOUR_MS),
    complete: hours.map((hour) => (hour + 1) * HOUR_MS <= nowMs),
    ...{ rising: true, emptyValue: 0, series, others: null, seriesCount: series.length },
  };
};
