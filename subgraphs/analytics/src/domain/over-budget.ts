import { budgetExtras, type Allowance } from "@tessera/platform/executions/allowance";
import { refuse, type Refusal } from "@tessera/platform/errors/refusal";
import { HOUR_MS } from "./duration.ts";
import type { TimeRange } from "./time-range.ts";
import { isoTime } from "./zone.ts";

/** What would make a question fit that costs more than is left; each was compared with the store's own estimate. */
export interface Suggestions {
  /** Start of the longest tried range with the same end that fits, milliseconds since the epoch. */
  readonly narrowFromMs: number | null;
  /** Dimensions of which leaving out one alone makes it fit. */
  readonly leaveOut: readonly string[];
  /** True when the tenant may start it as a job. */
  readonly asJob: boolean;
}

/** Part of what is left that a narrowed range is aimed at: events are not spread evenly. */
const AIM = 0.9;

/** Starts of shorter ranges to try, longest first, at whole hours; where reading the whole range takes `rows` and `left` may be read. */
export const narrowedStarts = ({ fromMs, toMs }: TimeRange, rows: number, left: number): readonly number[] => {
  const lengths = [AIM, AIM / 2, AIM / 4, AIM / 16].map((aim) => ((toMs - fromMs) * aim * left) / Math.max(1, rows));
  const starts = lengths.map((length) => Math.ceil((toMs - length) / HOUR_MS) * HOUR_MS);
  return [...new Set(starts)].filter((start) => start > fromMs && start < toMs);
};

const count = (value: number): string => value.toLocaleString("en-US");

const waysOut = ({ narrowFromMs, leaveOut, asJob }: Suggestions): readonly string[] => [
  ...(narrowFromMs === null ? [] : [`ask from ${isoTime(narrowFromMs)} on`]),
  ...(leaveOut.length === 0 ? [] : [`leave out the dimension ${leaveOut.map((name) => `\`${name}\``).join(" or ")}`]),
  ...(asJob ? ["start it as a job by `startQuery`"] : []),
];

/** Refuses a question that costs more than is left and can't be estimated for it: by how much, what would fit, and when rows come back. */
export const refuseOverBudget = (
  allowance: Allowance,
  rows: number,
  notSampled: string,
  suggestions: Suggestions,
): Refusal => {
  const over = rows - allowance.rows;
  const ways = [
    ...waysOut(suggestions),
    `ask again when rows have come back, from ${isoTime(allowance.refillsFromMs)} on`,
  ];
  const detail =
    `The query would read ${count(rows)} rows, ${count(over)} more than the quota "${allowance.quota}" has left. ` +
    `It can't be answered from a sample: ${notSampled} What helps: ${ways.join("; or ")}.`;
  const { narrowFromMs, leaveOut, asJob } = suggestions;
  return refuse("QUERY_TOO_COSTLY", detail, {
    ...budgetExtras(allowance),
    found: rows,
    over,
    notSampled,
    ...(narrowFromMs === null ? {} : { narrowFrom: isoTime(narrowFromMs) }),
    ...(leaveOut.length === 0 ? {} : { leaveOut: leaveOut.join(",") }),
    ...(asJob ? { job: "startQuery" } : {}),
  });
};
