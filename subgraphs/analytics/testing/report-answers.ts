import type { Section } from "../src/domain/reports/section.ts";
import { readAnswer } from "../src/domain/reports/read-answer.ts";

/** Names that would be something else to whoever does not take care: HTML, a formula, control characters, half a character, text turned around. */
export const HOSTILE = {
  html: `<script>alert(1)</script><img src=x onerror="alert('1')">`,
  formula: `=HYPERLINK("http://example.com";"x")`,
  control: "a\u0000b\u0007c\u202ed",
  half: "\ud800x",
} as const;

const said = {
  range: { from: "2026-10-01T00:00:00+02:00", to: "2026-11-01T00:00:00+01:00" },
  provenance: {
    ...{ asOf: "2026-11-20T12:00:00.000Z", timeZone: "Europe/Berlin", exactness: "APPROXIMATE", relativeError: 0.0081 },
    ...{ rowsFilteredBy: ["country"], maskedColumns: ["userId"] },
  },
};

/** The answer to a question by one dimension, with hostile values in it. */
export const hostileOlap = {
  ...{ ...said, hasMore: true, others: null, subtotals: [], comparisons: [], pivot: null },
  columns: [
    { name: "name", role: "DIMENSION", kind: "TEXT", texts: [...Object.values(HOSTILE), null] },
    { name: "n", role: "MEASURE", kind: "INTEGER", integers: [1234567, 20, 3, 1, 0] },
    { name: "=sum", role: "MEASURE", kind: "DECIMAL", decimals: ["-1234.5", "12345678901234.5678", "0", null, "1"] },
    { name: "mean", role: "MEASURE", kind: "NUMBER", numbers: [0.5, 1 / 3, null, 2, -7.25] },
  ],
  totals: [{ name: "n", role: "MEASURE", kind: "INTEGER", integers: [1234591] }],
} as const;

const funnel = {
  ...{ ...said, groups: [], cutUnits: 0 },
  result: {
    steps: [
      { label: "view", reached: 1000, droppedOff: 600, fromPrevious: null, fromFirst: 1 },
      { label: HOSTILE.html, reached: 400, droppedOff: 350, fromPrevious: 0.4, fromFirst: 0.4 },
      { label: "pay", reached: 50, droppedOff: null, fromPrevious: 0.125, fromFirst: 0.05 },
    ],
  },
} as const;

const cells = (rate: readonly (number | null)[]) => ({ size: 10, returned: [10, 5], rate, complete: [true, true] });
const retention = {
  ...{
    ...said,
    hasMoreGroups: false,
    columns: [
      { from: 0, to: 0 },
      { from: 1, to: 1 },
    ],
  },
  groups: [
    {
      ...{ dimensions: [], cohortId: null },
      rows: [
        { start: "2026-10-01T00:00:00+02:00", cells: cells([1, 0.5]) },
        { start: "2026-10-08T00:00:00+02:00", cells: cells([1, null]) },
      ],
    },
  ],
} as const;

const days = Array.from({ length: 14 }, (_, day) => `2026-10-${String(day + 1).padStart(2, "0")}T00:00:00+02:00`);
const series = {
  ...{ ...said, buckets: days, complete: days.map(() => true), hasMoreLines: false },
  lines: ["DE", "US"].map((country, place) => ({
    values: [country],
    columns: [
      { name: "n", role: "MEASURE", kind: "INTEGER", integers: days.map((_day, index) => (index + 1) * (place + 1)) },
    ],
  })),
  totals: [{ name: "n", role: "MEASURE", kind: "INTEGER", integers: [315] }],
} as const;

const lifecycle = {
  ...{ ...said, starts: days.slice(0, 4) },
  ...{ fresh: [4, 3, 2, 1], returning: [0, 2, 3, 4], resurrecting: [0, 0, 1, 1], dormant: [1, 1, 0, null] },
} as const;

const active = {
  ...{
    ...said,
    days: days.slice(0, 3),
    daily: [1, 2, 3],
    weekly: [4, 5, 6],
    monthly: [7, 8, 9],
  },
  ratio: [1 / 7, 0.25, null],
} as const;

const stickiness = { ...said, units: [10, 4, 1], atLeast: [15, 5, 1] } as const;

const credits = [
  { label: "search", conversions: 2.5, value: 250, share: 0.625 },
  { label: "mail", conversions: 1.5, value: 99.9, share: 0.375 },
];
const attribution = {
  ...{ ...said },
  breakdowns: [{ dimension: "channel", models: ["LAST", "LINEAR"].map((kind) => ({ kind, credits })) }],
} as const;

const paths = {
  ...{ ...said, cutUnits: 2 },
  nodes: [
    { depth: 0, label: "home", paths: 10 },
    { depth: 1, label: HOSTILE.html, paths: 6 },
    { depth: 1, label: null, paths: 3 },
  ],
  links: [
    { from: 0, to: 1, paths: 6 },
    { from: 0, to: 2, paths: 3 },
  ],
  topPaths: [{ labels: ["home", "docs"], paths: 6, share: 0.6 }],
} as const;

const visits = (sessions: number) => ({
  ...{ sessions, people: sessions, events: 3 * sessions, pageViews: 2 * sessions, meanDurationSeconds: 61.5 },
  ...{ bounceRate: 0.25, engagementRate: 0.75, conversionRate: null, revenue: "12.5" },
});
const sessionsByDay = {
  ...{ ...said, total: visits(9), buckets: days.slice(0, 3), series: [visits(4), visits(3), visits(2)], groups: [] },
} as const;
const sessionsByField = {
  ...{ ...said, total: visits(9), buckets: [], series: [] },
  groups: [
    { values: [HOSTILE.html], measures: visits(6) },
    { values: [null], measures: visits(3) },
  ],
} as const;

const numbers = {
  ...hostileOlap,
  ...{ hasMore: false, totals: [] },
  columns: [
    { name: "revenue", role: "MEASURE", kind: "DECIMAL", decimals: ["1234567.5"] },
    { name: "rate", role: "MEASURE", kind: "NUMBER", numbers: [0.125] },
  ],
} as const;

const ask = (
  title: string,
  chart: string,
  typename: Parameters<typeof readAnswer>[0]["__typename"],
  answer: object,
  formats = new Map(),
): Section => ({
  ...{ kind: "ANSWER", title, chart, parts: readAnswer({ ...answer, __typename: typename }, formats) },
});

/** A section for each type of answer and chart, with hostile names, and one without an answer. */
export const reportSections = (): readonly Section[] => [
  ask(
    "Figures",
    "NUMBER",
    "OlapResult",
    numbers,
    new Map([
      ["revenue", { kind: "CURRENCY", decimals: 2, currency: "EUR", unit: null }],
      ["rate", { kind: "PERCENT", decimals: 1, currency: null, unit: null }],
    ]),
  ),
  ask(`Names ${HOSTILE.html}`, "BAR", "OlapResult", hostileOlap),
  ask("Names as a map", "MAP", "OlapResult", hostileOlap),
  ask("A table", "TABLE", "OlapResult", hostileOlap),
  ask("By day", "LINE", "TimeSeries", series),
  ask("By day, stacked", "STACKED_BAR", "TimeSeries", series),
  ask("Steps", "FUNNEL", "FunnelAnswer", funnel),
  ask("Retention", "HEATMAP", "RetentionResult", retention),
  ask("Stickiness", "BAR", "StickinessResult", stickiness),
  ask("Lifecycle", "STACKED_BAR", "LifecycleResult", lifecycle),
  ask("Active", "LINE", "ActiveUsersResult", active),
  ask("Credit", "BAR", "AttributionAnswer", attribution),
  ask("Paths", "SANKEY", "PathsAnswer", paths),
  ask("Sessions", "LINE", "SessionMetrics", sessionsByDay),
  ask("Sessions by source", "BAR", "SessionMetrics", sessionsByField),
  { kind: "TEXT", title: "A note", text: `Two lines\n${HOSTILE.html}` },
  { kind: "ERROR", title: "Not answered", code: "FORBIDDEN", detail: "`country` needs a permission." },
];
