import { z } from "zod";
import { labelOf, shortTime, sourceShape } from "./read-columns.ts";
import type { AnswerParts, ReportCell, ReportColumn, ReportColumnKind, ReportTable, Shape } from "./section.ts";

const number = z.number().nullable();
const step = z.object({
  label: z.string(),
  reached: z.number(),
  droppedOff: number,
  fromPrevious: number,
  fromFirst: number,
});
const funnelShape = z.object({
  result: z.object({ steps: z.array(step) }),
  groups: z.array(z.object({ value: z.string().nullable(), result: z.object({ steps: z.array(step) }) })),
  cutUnits: z.number(),
});
const cells = z.object({
  size: z.number(),
  returned: z.array(z.number()),
  rate: z.array(number),
  complete: z.array(z.boolean()),
});
const retentionShape = z.object({
  columns: z.array(z.object({ from: z.number(), to: z.number() })),
  groups: z.array(
    z.object({
      dimensions: z.array(z.string().nullable()),
      cohortId: z.string().nullable(),
      rows: z.array(z.object({ start: z.string(), cells })),
    }),
  ),
  hasMoreGroups: z.boolean(),
});
const stickinessShape = z.object({ units: z.array(z.number()), atLeast: z.array(z.number()) });
const lifecycleShape = z.object({
  starts: z.array(z.string()),
  fresh: z.array(z.number()),
  returning: z.array(z.number()),
  resurrecting: z.array(z.number()),
  dormant: z.array(number),
});
const activeShape = z.object({
  days: z.array(z.string()),
  daily: z.array(z.number()),
  weekly: z.array(z.number()),
  monthly: z.array(z.number()),
  ratio: z.array(number),
});
const credit = z.object({ label: z.string(), conversions: z.number(), value: z.number(), share: number });
const attributionShape = z.object({
  breakdowns: z.array(
    z.object({ dimension: z.string(), models: z.array(z.object({ kind: z.string(), credits: z.array(credit) })) }),
  ),
});
const pathsShape = z.object({
  nodes: z.array(z.object({ depth: z.number(), label: z.string().nullable(), paths: z.number() })),
  links: z.array(z.object({ from: z.number(), to: z.number(), paths: z.number() })),
  topPaths: z.array(z.object({ labels: z.array(z.string()), paths: z.number(), share: number })),
  cutUnits: z.number(),
});

const column = (name: string, kind: ReportColumnKind): ReportColumn => ({ name, kind, format: null });
/** A table of rows. */
export const table = (
  title: string,
  columns: readonly (readonly [string, ReportColumnKind])[],
  rows: readonly (readonly ReportCell[])[],
): ReportTable => ({ title, columns: columns.map(([name, kind]) => column(name, kind)), rows });

const cutNote = (cut: number): readonly string[] =>
  cut === 0 ? [] : [`Of ${cut} only the first events were looked at: they have more than are followed.`];

const STEP_COLUMNS = [
  ["step", "TEXT"],
  ["reached", "INTEGER"],
  ["dropped off", "INTEGER"],
  ["of the step before", "SHARE"],
  ["of the first", "SHARE"],
] as const;
const stepRow = (one: z.infer<typeof step>): readonly ReportCell[] => [
  ...[one.label, one.reached, one.droppedOff, one.fromPrevious, one.fromFirst],
];

/** Reads an answer of `funnel`. */
export const readFunnel = (answer: unknown): AnswerParts => {
  const { result, groups, cutUnits } = funnelShape.parse(answer);
  const ofGroups = groups.flatMap(({ value, result: { steps } }) =>
    steps.map((one) => [labelOf(value), ...stepRow(one)]),
  );
  return {
    tables: [
      table("", STEP_COLUMNS, result.steps.map(stepRow)),
      ...(groups.length === 0 ? [] : [table("By group", [["group", "TEXT"], ...STEP_COLUMNS], ofGroups)]),
    ],
    shape: { kind: "STEPS", steps: result.steps.map(({ label, reached }) => ({ label, value: reached })) },
    notes: cutNote(cutUnits),
    source: sourceShape.parse(answer),
  };
};

/** Reads an answer of `retention`: the rates of its first group are drawn, all are told. */
export const readRetention = (answer: unknown): AnswerParts => {
  const { columns, groups, hasMoreGroups } = retentionShape.parse(answer);
  const names = columns.map(({ from, to }) => (to === from ? `${from}` : `${from}–${to}`));
  const tables = groups.map(({ dimensions, cohortId, rows }, place) =>
    table(
      place === 0 && dimensions.length === 0 && cohortId === null
        ? ""
        : (cohortId ?? dimensions.map(labelOf).join(" · ")),
      [["start", "TIME"], ["size", "INTEGER"], ...names.map((name) => [name, "SHARE"] as const)],
      rows.map(({ start, cells: { size, rate } }) => [start, size, ...rate]),
    ),
  );
  const [first] = groups;
  const shape: Shape =
    first === undefined
      ? { kind: "NONE" }
      : {
          ...{ kind: "MATRIX", shares: true, columns: names },
          rows: first.rows.map(({ start }) => shortTime(start)),
          values: first.rows.map((row) => row.cells.rate),
        };
  return {
    ...{ tables, shape, source: sourceShape.parse(answer) },
    notes: [
      ...(groups.length > 1 ? ["The picture is of the first group; the tables are of all."] : []),
      ...(hasMoreGroups ? ["There are more groups than the question asks for."] : []),
    ],
  };
};

/** Reads an answer of `stickiness`. */
export const readStickiness = (answer: unknown): AnswerParts => {
  const { units, atLeast } = stickinessShape.parse(answer);
  return {
    tables: [
      table(
        "",
        [
          ["periods", "INTEGER"],
          ["active in exactly", "INTEGER"],
          ["active in at least", "INTEGER"],
        ],
        units.map((count, index) => [index + 1, count, atLeast[index] ?? null]),
      ),
    ],
    shape: {
      ...{ kind: "SERIES", timed: false, format: null, categories: units.map((_count, index) => String(index + 1)) },
      series: [{ name: "active in exactly so many periods", values: units }],
    },
    ...{ notes: [], source: sourceShape.parse(answer) },
  };
};

/** Numbers by period or day, as a table and as lines. */
export const byTime = (
  answer: unknown,
  times: readonly string[],
  lines: readonly (readonly [string, readonly (number | null)[], ReportColumnKind?])[],
): AnswerParts => ({
  tables: [
    table(
      "",
      [["time", "TIME"], ...lines.map(([name, , kind = "INTEGER"]) => [name, kind] as const)],
      times.map((time, row) => [time, ...lines.map(([, values]) => values[row] ?? null)]),
    ),
  ],
  shape: {
    ...{ kind: "SERIES", timed: true, format: null, categories: times.map(shortTime) },
    series: lines.filter(([, , kind]) => kind === undefined).map(([name, values]) => ({ name, values })),
  },
  ...{ notes: [], source: sourceShape.parse(answer) },
});

/** Reads an answer of `lifecycle`. */
export const readLifecycle = (answer: unknown): AnswerParts => {
  const { starts, fresh, returning, resurrecting, dormant } = lifecycleShape.parse(answer);
  return byTime(answer, starts, [
    ["new", fresh],
    ["returning", returning],
    ["resurrecting", resurrecting],
    ["dormant", dormant],
  ]);
};

/** Reads an answer of `activeUsers`. */
export const readActiveUsers = (answer: unknown): AnswerParts => {
  const { days, daily, weekly, monthly, ratio } = activeShape.parse(answer);
  return byTime(answer, days, [
    ["daily", daily],
    ["weekly", weekly],
    ["monthly", monthly],
    ["daily of monthly", ratio, "SHARE"],
  ]);
};

/** Reads an answer of `attribution`: the conversions of its first dimension are drawn, a bar for each model. */
export const readAttribution = (answer: unknown): AnswerParts => {
  const { breakdowns } = attributionShape.parse(answer);
  const [first] = breakdowns;
  const labels = [...new Set(first?.models.flatMap(({ credits }) => credits.map(({ label }) => label)) ?? [])];
  return {
    tables: breakdowns.map(({ dimension, models }, place) =>
      table(
        place === 0 ? "" : `By ${dimension}`,
        [
          ["model", "TEXT"],
          [dimension, "TEXT"],
          ["conversions", "NUMBER"],
          ["value", "NUMBER"],
          ["share", "SHARE"],
        ],
        models.flatMap(({ kind, credits }) =>
          credits.map(({ label, conversions, value, share }) => [kind, label, conversions, value, share]),
        ),
      ),
    ),
    shape: {
      ...{ kind: "SERIES", timed: false, format: null, categories: labels },
      series: (first?.models ?? []).map(({ kind, credits }) => {
        const byLabel = new Map(credits.map(({ label, conversions }) => [label, conversions]));
        return { name: kind, values: labels.map((label) => byLabel.get(label) ?? null) };
      }),
    },
    notes: breakdowns.length > 1 ? ["The picture is of the first dimension; the tables are of all."] : [],
    source: sourceShape.parse(answer),
  };
};

/** Reads an answer of `paths`. */
export const readPaths = (answer: unknown): AnswerParts => {
  const { nodes, links, topPaths, cutUnits } = pathsShape.parse(answer);
  const nameOf = (index: number): string => nodes[index]?.label ?? "(others)";
  return {
    tables: [
      table(
        "",
        [
          ["step", "INTEGER"],
          ["from", "TEXT"],
          ["to", "TEXT"],
          ["paths", "INTEGER"],
        ],
        links.map(({ from, to, paths }) => [(nodes[from]?.depth ?? 0) + 1, nameOf(from), nameOf(to), paths]),
      ),
      table(
        "Whole paths",
        [
          ["path", "TEXT"],
          ["paths", "INTEGER"],
          ["share", "SHARE"],
        ],
        topPaths.map(({ labels, paths, share }) => [labels.join(" → "), paths, share]),
      ),
    ],
    shape: {
      kind: "FLOWS",
      nodes: nodes.map(({ depth }, index) => ({ name: nameOf(index), depth })),
      links: links.map(({ from, to, paths }) => ({ from, to, value: paths })),
    },
    notes: cutNote(cutUnits),
    source: sourceShape.parse(answer),
  };
};
