import type { DataPolicy } from "@tessera/contracts/data-policy";
import { refuse } from "@tessera/platform/errors/refusal";
import { dataPolicyShape } from "@tessera/platform/store/data-policy";
import { z } from "zod";
import type { Column } from "../columns.ts";
import { isoTime } from "../zone.ts";
import type { CorrelationCounts } from "./correlator.ts";
import type { CorrelationMatch } from "./match.ts";
import type { CorrelationPattern, CorrelationPatternInput } from "./rule.ts";

/** Events one backtest job looks at: as many as are streamed through the matcher in the time a job has, with room. */
export const MAX_JOB_EVENTS = 10_000_000;

/** What a backtest job is asked, as it is kept with the job: the pattern itself, so that it is the same whatever becomes of the rule. */
export interface BacktestJobInput {
  readonly ruleId: string;
  /** Null for a pattern that is no version of a rule. */
  readonly version: number | null;
  readonly pattern: CorrelationPatternInput;
  readonly range: { readonly fromMs: number; readonly toMs: number };
  readonly dropLate: boolean;
  readonly maxRows: number;
  readonly dataPolicy: DataPolicy | null;
}

const pattern = z.record(z.string(), z.unknown()).transform(
  // boundary: a pattern is kept after it was validated, and validated again before anything is made of it.
  (kept) => kept as unknown as CorrelationPatternInput,
);

const stored = z.object({
  backtest: z.object({
    ...{ ruleId: z.string(), version: z.number().nullable(), pattern, dropLate: z.boolean() },
    range: z.object({ fromMs: z.number(), toMs: z.number() }),
  }),
  ...{ maxRows: z.number(), dataPolicy: dataPolicyShape.nullable() },
});

/** Writes what is kept with a backtest job. */
export const keptBacktest = ({ maxRows, dataPolicy, ...backtest }: BacktestJobInput): object => ({
  ...{ backtest, maxRows, dataPolicy },
});

/** Reads what is kept with a backtest job; null for another job. */
export const parseBacktestJob = (input: unknown): BacktestJobInput | null => {
  if (typeof input !== "object" || input === null || !("backtest" in input)) return null;
  const { backtest, ...rest } = stored.parse(input);
  return { ...backtest, ...rest };
};

/** Refuses once a job has looked at more events than it may. */
export const withinJob = (events: number): void => {
  if (events > MAX_JOB_EVENTS)
    throw refuse(
      "QUERY_TOO_COSTLY",
      `The backtest would look at more than ${MAX_JOB_EVENTS.toLocaleString("en-US")} events: take a shorter range or narrower parts.`,
      { field: "input.range", limit: MAX_JOB_EVENTS },
    );
};

/** A row of a result: a match, with the ids of its events by part. */
export type MatchRow = Readonly<Record<string, string | number | null>>;

const partColumn = (index: number): string => `p${index}`;

/** The row of a match. */
export const matchRow = (match: CorrelationMatch, { parts }: CorrelationPattern): MatchRow => {
  const idsOf = (part: string): string =>
    match.events
      .filter((event) => event.part === part)
      .map(({ id }) => id)
      .join(" ");
  const named = parts.map(({ name }, index): [string, string | null] => [partColumn(index), idsOf(name) || null]);
  return { id: match.id, from_ms: match.fromMs, completed_ms: match.completedAtMs, ...Object.fromEntries(named) };
};

/** What a run has counted, as the row of totals. */
export const countsRow = (counts: CorrelationCounts): MatchRow => ({ ...counts });

const textOf = (cell: string | number | null | undefined): string | null =>
  cell === null || cell === undefined ? null : String(cell);
const timeOf = (cell: string | number | null | undefined): string | null =>
  cell === null || cell === undefined ? null : isoTime(Number(cell));

/** Columns of a result: the match's id, its beginning and end, and for each part the ids of its events, apart by spaces. */
export const matchColumns = (rows: readonly MatchRow[], { parts }: CorrelationPattern): readonly Column[] => {
  const named = { role: "DIMENSION" } as const;
  return [
    { ...named, name: "match", kind: "TEXT", texts: rows.map(({ id }) => textOf(id)) },
    { role: "TIME", name: "from", kind: "TIME", times: rows.map(({ from_ms: ms }) => timeOf(ms)) },
    { role: "TIME", name: "completedAt", kind: "TIME", times: rows.map(({ completed_ms: ms }) => timeOf(ms)) },
    ...parts.map(({ name }, index): Column => ({
      ...named,
      ...{ name, kind: "TEXT", texts: rows.map((row) => textOf(row[partColumn(index)])) },
    })),
  ];
};

/** Columns of the totals: what the run has counted. */
export const countsColumns = (row: MatchRow): readonly Column[] =>
  Object.entries(row).map(([name, count]): Column => ({
    name,
    role: "MEASURE",
    kind: "INTEGER",
    integers: [Number(count)],
  }));
