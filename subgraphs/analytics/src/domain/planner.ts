import type { DataPolicy } from "@tessera/contracts/data-policy";
import { filteredColumns, maskedColumns } from "@tessera/platform/store/data-policy";
import type { ClockPart } from "./field-parts.ts";
import { basesOf } from "./fields.ts";
import type { Field } from "./field.ts";
import { asksPeople, fieldsOf } from "./filter.ts";
import { DAY_MS, HOUR_MS } from "./duration.ts";
import type { Measure } from "./measures.ts";
import type { AnalyticQuery } from "./query.ts";
import { DAY_SKETCH_BITS, EVENT_SKETCH_BITS, sketchRelativeError, TDIGEST_RANK_ERROR } from "./sketch-error.ts";
import { wholeSteps, type TimeRange } from "./time-range.ts";
import type { OwnReading } from "./rollups/own-reading.ts";

/** Rollup tables, cheapest first: the hourly one has fewer rows per day than the daily one, which holds more dimensions. */
export const ROLLUPS = {
  rollup_hour_name: {
    stepMs: HOUR_MS,
    step: "hour",
    dimensions: ["name", "currency"],
    uniques: ["PERSONS", "SESSIONS"],
    sketchBits: EVENT_SKETCH_BITS,
  },
  rollup_day_dimensions: {
    stepMs: DAY_MS,
    step: "UTC day",
    dimensions: ["name", "country", "device", "source", "currency"],
    uniques: ["PERSONS"],
    sketchBits: DAY_SKETCH_BITS,
  },
} as const;

/** Name of a rollup table. */
export type RollupTable = keyof typeof ROLLUPS;
/** The rollup tables in the order they are tried. */
export const ROLLUP_TABLES = ["rollup_hour_name", "rollup_day_dimensions"] as const satisfies readonly RollupTable[];

/** Name by which a tenant's own rollup stands in plans: `rollups.` and its name. */
export type OwnTable = `rollups.${string}`;

/** A table and the part of the range it answers. */
export interface PlanPart extends TimeRange {
  readonly table: RollupTable | OwnTable | "events";
}

/** A cheaper table that could not answer, and why. */
export interface RejectedTable {
  readonly table: RollupTable | OwnTable | "events_sample";
  readonly reason: string;
}

/** An estimated column. */
export interface Approximation {
  readonly column: string;
  readonly method: string;
  readonly relativeError: number;
}

/** How a question is answered: from which tables, in order of time; with a rollup, the range's ends come from single events. */
export interface Plan {
  readonly rollup: RollupTable | OwnTable | null;
  /** How a tenant's own rollup holds the question; absent unless it is the plan's. */
  readonly own?: OwnReading;
  /** Chosen among all there are, a tenant's own rollups too: it is taken as it is. */
  readonly settled?: true;
  readonly sketchBits: number;
  readonly parts: readonly PlanPart[];
  /** Where the rollup by the hour is read in whole days of UTC, which it keeps merged; absent where hours are read. */
  readonly days?: TimeRange;
  readonly rejected: readonly RejectedTable[];
  readonly approximations: readonly Approximation[];
}

const holds = (table: RollupTable, field: Field): boolean => {
  const names: readonly string[] = ROLLUPS[table].dimensions;
  return basesOf(field).every((base) => base.kind === "COLUMN" && names.includes(base.column));
};

const whyNotMeasure = (table: RollupTable, { name, formula, filter }: Measure): string | null => {
  if (filter !== null) return `${name} is of those events that pass a filter of its own.`;
  switch (formula.kind) {
    case "FORMULA":
    case "COUNT":
      return null;
    case "SUM":
    case "AVG":
      return formula.of.kind === "REVENUE"
        ? null
        : `${name} needs the property ${formula.of.field.name} of each event.`;
    case "MIN":
    case "MAX":
      return `${name} needs each event's value; the rollup holds sums.`;
    case "QUANTILE":
      return `${name} needs each event's value; the rollup holds no distribution.`;
    case "UNIQUES": {
      const kinds: readonly string[] = ROLLUPS[table].uniques;
      if (formula.exact) return `${name} is to be exact; the rollup holds sketches.`;
      return kinds.includes(formula.of.kind) ? null : `${name} counts values the rollup holds no sketch of.`;
    }
  }
};

/** What a measure reads of each event that can be masked. */
const maskableOf = ({ formula }: Measure): string | null => {
  if (formula.kind === "COUNT" || formula.kind === "FORMULA") return null;
  if (formula.kind === "UNIQUES") return formula.of.kind === "SESSIONS" ? "session_id" : null;
  return formula.of.kind === "REVENUE" ? "revenue" : null;
};

/** Why a rollup, which counts all rows and their true values, can't answer under a data policy; null when it can. */
const whyNotFor = (table: RollupTable, query: AnalyticQuery, policy: DataPolicy | null): string | null => {
  const names: readonly string[] = ROLLUPS[table].dimensions;
  const hidden = filteredColumns(policy).find((column) => !names.includes(column));
  if (hidden !== undefined) return `A data policy filters rows by ${hidden}, which it does not hold.`;
  const masked = maskedColumns(policy);
  const measure = query.measures.find((one) => masked.includes(maskableOf(one) ?? ""));
  return measure === undefined ? null : `${measure.name} is of a column that a data policy masks.`;
};

/** Whether steps lie wholly under one reading of a clock's hand, for all of a range: an hour of a zone is one where its offset is of whole hours. */
export const tellsHand = (stepMs: number, { hand, clock }: ClockPart, range: TimeRange): boolean => {
  const seconds = stepMs / 1_000;
  if ((hand === "MINUTE_OF_HOUR" && stepMs >= HOUR_MS) || (hand === "HOUR_OF_DAY" && stepMs > HOUR_MS)) return false;
  return clock.aheadSeconds.every((ahead, place) => {
    const [from, to] = [clock.fromSeconds[place] ?? 0, clock.fromSeconds[place + 1] ?? Infinity];
    return ahead % seconds === 0 || from * 1_000 >= range.toMs || to * 1_000 <= range.fromMs;
  });
};

const groupsBy = (table: RollupTable, field: Field, range: TimeRange): boolean =>
  field.kind === "PART" && field.part.kind === "CLOCK"
    ? tellsHand(ROLLUPS[table].stepMs, field.part, range)
    : holds(table, field);

/** Why a rollup can't give this very answer to who may see what the policy lets through; null when it can. */
export const whyNotRollup = (table: RollupTable, query: AnalyticQuery, policy: DataPolicy | null): string | null => {
  const { stepMs, step } = ROLLUPS[table];
  const foreign = query.dimensions.find((field) => !groupsBy(table, field, query.range));
  if (foreign !== undefined) return `It does not hold ${foreign.name}, which is grouped by.`;
  const unfiltered = fieldsOf(query.filter).find((field) => !holds(table, field));
  if (unfiltered !== undefined) return `It does not hold ${unfiltered.name}, which is filtered on.`;
  if (asksPeople(query.filter)) return "It does not hold persons, whose cohort is filtered on.";
  const hidden = whyNotFor(table, query, policy);
  if (hidden !== null) return hidden;
  for (const measure of query.measures) {
    const reason = whyNotMeasure(table, measure);
    if (reason !== null) return reason;
  }
  const middle = wholeSteps(query.range, stepMs);
  if (middle === null) return `The range holds no whole ${step}.`;
  const cut = query.buckets?.startsMs.find((ms) => ms > middle.fromMs && ms < middle.toMs && ms % stepMs !== 0);
  return cut === undefined ? null : `A bucket begins at ${new Date(cut).toISOString()}, inside a ${step}.`;
};

/** Whole days from which on reading them apart pays: a statement's further part takes as long as merging the hours of one to three days. */
const MIN_DAYS = 3;

const keptByDay = ({ formula }: Measure): boolean => ["COUNT", "UNIQUES", "FORMULA"].includes(formula.kind);

/**
 * The whole days of UTC that a question can be answered from by the rollup of hours: where it counts persons or sessions, whose sketches take long to be merged, by
 * nothing but names and times that lie on whole days. Without them hours are added up as fast.
 */
const daysOf = (rollup: RollupTable | null, { range, buckets, ...query }: AnalyticQuery): TimeRange | null => {
  const days = wholeSteps(range, DAY_MS);
  if (rollup !== "rollup_hour_name" || days === null || days.toMs - days.fromMs < MIN_DAYS * DAY_MS) return null;
  const { dimensions, filter, measures } = query;
  if (!measures.every(keptByDay) || !measures.some(({ formula }) => formula.kind === "UNIQUES")) return null;
  const bases = [...dimensions, ...fieldsOf(filter)].flatMap(basesOf);
  if (bases.some((base) => base.kind === "COLUMN" && base.column === "currency")) return null;
  const hands = dimensions.flatMap((field) =>
    field.kind === "PART" && field.part.kind === "CLOCK" ? [field.part] : [],
  );
  if (!hands.every((hand) => tellsHand(DAY_MS, hand, days))) return null;
  return buckets?.startsMs.some((ms) => ms > days.fromMs && ms < days.toMs && ms % DAY_MS !== 0) === true ? null : days;
};

const partsOf = (rollup: RollupTable | null, { range }: AnalyticQuery): readonly PlanPart[] => {
  const middle = rollup === null ? null : wholeSteps(range, ROLLUPS[rollup].stepMs);
  if (rollup === null || middle === null) return [{ table: "events", ...range }];
  const parts: readonly PlanPart[] = [
    { table: "events", fromMs: range.fromMs, toMs: middle.fromMs },
    { table: rollup, ...middle },
    { table: "events", fromMs: middle.toMs, toMs: range.toMs },
  ];
  return parts.filter((part) => part.fromMs < part.toMs);
};

/** What a measure's column estimates when it is read from sketches of so many registers; nothing for what is exact. */
export const approximationOf = ({ name, formula }: Measure, sketchBits: number): readonly Approximation[] => {
  if (formula.kind === "UNIQUES" && !formula.exact)
    return [{ column: name, method: `uniqCombined64(${sketchBits})`, relativeError: sketchRelativeError(sketchBits) }];
  if (formula.kind === "QUANTILE" && !formula.exact)
    return [{ column: name, method: "quantilesTDigest", relativeError: TDIGEST_RANK_ERROR }];
  return [];
};

/** The plan that reads a given table, whatever would be cheaper; null rollup reads single events. */
export const planOn = (rollup: RollupTable | null, rejected: readonly RejectedTable[], query: AnalyticQuery): Plan => {
  const sketchBits = rollup === null ? EVENT_SKETCH_BITS : ROLLUPS[rollup].sketchBits;
  const days = daysOf(rollup, query);
  return {
    rollup,
    sketchBits,
    parts: partsOf(rollup, query),
    ...(days === null ? {} : { days }),
    rejected,
    approximations: query.measures.flatMap((measure) => approximationOf(measure, sketchBits)),
  };
};

/** Picks the cheapest table that answers a question exactly as asked for who may see what the policy lets through, and says why cheaper ones could not. */
export const plan = (query: AnalyticQuery, policy: DataPolicy | null): Plan => {
  const rejected: RejectedTable[] = [];
  for (const table of ROLLUP_TABLES) {
    const reason = whyNotRollup(table, query, policy);
    if (reason === null) return planOn(table, rejected, query);
    rejected.push({ table, reason });
  }
  return planOn(null, rejected, query);
};
