import { z } from "zod";
import { byTime, table } from "./read-behaviour.ts";
import { labelOf, sourceShape } from "./read-columns.ts";
import type { AnswerParts, ReportCell } from "./section.ts";

const measures = z.object({
  ...{ sessions: z.number(), people: z.number(), events: z.number(), pageViews: z.number() },
  ...{ meanDurationSeconds: z.number().nullable(), bounceRate: z.number().nullable() },
  ...{ engagementRate: z.number().nullable(), conversionRate: z.number().nullable(), revenue: z.string().nullable() },
});
const answerShape = z.object({
  total: measures,
  buckets: z.array(z.string()),
  series: z.array(measures),
  groups: z.array(z.object({ values: z.array(z.string().nullable()), measures })),
});

const COLUMNS = [
  ["sessions", "INTEGER"],
  ["people", "INTEGER"],
  ["events", "INTEGER"],
  ["page views", "INTEGER"],
  ["mean seconds", "NUMBER"],
  ["bounced", "SHARE"],
  ["engaged", "SHARE"],
  ["converted", "SHARE"],
  ["revenue", "DECIMAL"],
] as const;
const cellsOf = (one: z.infer<typeof measures>): readonly ReportCell[] => [
  ...[one.sessions, one.people, one.events, one.pageViews, one.meanDurationSeconds],
  ...[one.bounceRate, one.engagementRate, one.conversionRate, one.revenue],
];

/** Reads an answer of `sessionMetrics`: over time as lines, else by group as bars, else as numbers; all numbers stand in tables. */
export const readSessionMetrics = (answer: unknown): AnswerParts => {
  const { total, buckets, series, groups } = answerShape.parse(answer);
  const labels = groups.map(({ values }) => values.map(labelOf).join(" · "));
  const whole = table("Together", COLUMNS, [cellsOf(total)]);
  const ofGroups = table(
    "By group",
    [["group", "TEXT"], ...COLUMNS],
    groups.map(({ measures: one }, index) => [labels[index] ?? "", ...cellsOf(one)]),
  );
  const beside = [...(groups.length > 0 ? [ofGroups] : []), whole];
  if (buckets.length > 0) {
    const parts = byTime(answer, buckets, [
      ["sessions", series.map(({ sessions }) => sessions)],
      ["people", series.map(({ people }) => people)],
    ]);
    return { ...parts, tables: [...parts.tables, ...beside] };
  }
  const [first = whole, ...rest] = beside;
  return {
    tables: [{ ...first, title: "" }, ...rest],
    shape:
      groups.length === 0
        ? { kind: "NUMBERS" }
        : {
            ...{ kind: "SERIES", timed: false, format: null, categories: labels },
            series: [{ name: "sessions", values: groups.map(({ measures: one }) => one.sessions) }],
          },
    ...{ notes: [], source: sourceShape.parse(answer) },
  };
};
