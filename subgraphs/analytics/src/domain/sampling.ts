import type { Approximate } from "./approximate.ts";
import type { AskedSample } from "./asked-sample.ts";
import { columnsOf } from "./arithmetic.ts";
import { heldByPerson } from "./behaviour-source.ts";
import type { Cell } from "./columns.ts";
import type { Estimation } from "./estimators.ts";
import { fieldsOf } from "./filter.ts";
import type { Measure } from "./measures.ts";
import type { AnalyticQuery, MeasureTest } from "./query.ts";

/** Parts the space of persons is cut into; a sample takes the first of them, so that the store reads a range of its key and nothing else. */
export const SAMPLE_PARTS = 65_536;
/** Persons a sample must hold: with fewer, an error of the size that is stated would not be near normally distributed. */
export const MIN_SAMPLED_PERSONS = 100;
/** Largest part of the persons that is worth sampling; beyond it an exact answer costs about the same. */
const LARGEST_PARTS = SAMPLE_PARTS / 2;
/** Part of what is left that a sample is aimed at: the store reads whole blocks, so it reads somewhat more. */
const AIM = 0.8;
/** Events that are read, grouped by persons and counted in some 60 ms on two cores, which with the way there and back is about 100 ms (bench/query). */
export const FAST_ROWS = 65_536;
/** Events whose reading takes as long as merging one sketch of a rollup: of many persons each takes up to 90 microseconds. */
const SKETCH_ROWS = 64;

/**
 * Tables a sample can be read from. The first is ordered by person and has few columns; the second holds a sixteenth of the persons, with all columns, ordered by who is drawn
 * within a day; the third has everything, ordered by person within an hour and a name.
 */
export type SampleTable = "events_by_person" | "events_sample" | "events";

/** Parts of the persons that each table holds. */
const HELD_PARTS: Readonly<Record<SampleTable, number>> = {
  events_by_person: SAMPLE_PARTS,
  events_sample: SAMPLE_PARTS / 16,
  events: SAMPLE_PARTS,
};

/** A sample of persons: those whose hash lies in the first `parts` of {@link SAMPLE_PARTS}. Events of nobody known are all in it, of `events_sample` as large a part of their sessions. */
export interface Sample {
  readonly table: SampleTable;
  readonly parts: number;
  /** Probability by which a person is in it. */
  readonly fraction: number;
  /** First hash that is not in it, of the 64 bits a person's hash has. */
  readonly firstOutside: string;
}

/** A sample, and what is to be read of it. */
export interface Drawing {
  readonly sample: Sample;
  readonly estimation: Estimation;
}

/** The sample of a table that holds so many parts, fewer than {@link SAMPLE_PARTS}. */
export const sampleOf = (table: SampleTable, parts: number): Sample => ({
  ...{ table, parts, fraction: parts / SAMPLE_PARTS },
  firstOutside: (BigInt(parts) * (2n ** 64n / BigInt(SAMPLE_PARTS))).toString(),
});

/** The largest sample of a table. */
export const largestSample = (table: SampleTable): Sample =>
  sampleOf(table, Math.min(HELD_PARTS[table], SAMPLE_PARTS - 1));

/** Why a measure can't be estimated from a sample of persons; null when it can. */
const whyNotMeasure = ({ name, formula }: Measure, all: readonly Measure[]): string | null => {
  switch (formula.kind) {
    case "COUNT":
    case "SUM":
    case "AVG":
      return null;
    case "FORMULA": {
      const quantile = columnsOf(formula.of).find((index) => all[index]?.formula.kind === "QUANTILE");
      return quantile === undefined ? null : `\`${name}\` computes with a quantile, whose error is that of a rank.`;
    }
    case "UNIQUES":
      if (formula.exact) return `\`${name}\` is to be exact.`;
      return formula.of.kind === "FIELD" ? `\`${name}\` counts something else than persons and sessions.` : null;
    case "QUANTILE":
      return formula.exact ? `\`${name}\` is to be exact.` : null;
    default:
      return `\`${name}\` is an extreme, which a part of the persons says nothing of.`;
  }
};

/** Why a question can't be answered from a sample; null when it can. */
export const whyNotSampled = (
  query: AnalyticQuery,
  having: readonly MeasureTest[],
  approximate: Approximate,
): string | null => {
  if (approximate === "NEVER") return "The answer is to be exact.";
  if (having.length > 0) return "Groups are chosen by what they measure.";
  return query.measures.map((one) => whyNotMeasure(one, query.measures)).find((reason) => reason !== null) ?? null;
};

const measuredFrom = ({ formula, filter }: Measure): boolean => {
  if (!fieldsOf(filter).every(heldByPerson)) return false;
  if (formula.kind === "COUNT" || formula.kind === "UNIQUES" || formula.kind === "FORMULA") return true;
  return formula.of.kind === "REVENUE" && formula.of.currency === null;
};

/**
 * Tables a question could be sampled from, cheapest first. What is drawn into `events_sample` is the person an event was stored with: it does not hold all of whom several of
 * these count as, so that persons who are `linked` are not counted from it.
 */
export const sampleTables = (query: AnalyticQuery, linked: boolean): readonly SampleTable[] => {
  const fields = [...query.dimensions, ...fieldsOf(query.filter)];
  const narrow = fields.every(heldByPerson) && query.measures.every(measuredFrom);
  return [
    ...(narrow ? (["events_by_person"] as const) : []),
    "events",
    ...(linked ? [] : (["events_sample"] as const)),
  ];
};

/** The sample of a part of the persons that was asked for: of the table made for samples where it holds so many, else of the first that could give it. */
export const askedSample = (tables: readonly SampleTable[], fraction: number): Sample => {
  const parts = Math.max(1, Math.min(SAMPLE_PARTS - 1, Math.round(fraction * SAMPLE_PARTS)));
  const made = tables.includes("events_sample") && parts <= HELD_PARTS.events_sample;
  return sampleOf(made ? "events_sample" : (tables[0] ?? "events"), parts);
};

/** The parts to try first of a table, where reading all that it holds takes `rows` and `left` may be read; 0 when nothing can be. */
export const firstParts = (table: SampleTable, rows: number, left: number): number => {
  const most = Math.min(LARGEST_PARTS, HELD_PARTS[table]);
  return rows <= 0 ? 0 : Math.min(most, Math.floor((HELD_PARTS[table] * AIM * left) / rows));
};

/** Rows of the store's estimate, those of rollups apart. */
interface EstimatedRows {
  readonly rows: number;
  readonly rollupRows: number;
}

/** Whether reading as planned takes no longer than the sample that `fast` would take. */
export const isFast = ({ measures }: AnalyticQuery, { rows, rollupRows }: EstimatedRows): boolean => {
  const sketches = measures.some(({ formula }) => formula.kind === "UNIQUES");
  return rows - rollupRows + rollupRows * (sketches ? SKETCH_ROWS : 1) <= FAST_ROWS;
};

/** The largest sample whose part of all is a power of two and that reads about {@link FAST_ROWS}, where a table's largest sample reads so many; null when none is small enough. */
export const fastSample = (table: SampleTable, rows: number): Sample | null => {
  const held = HELD_PARTS[table] === SAMPLE_PARTS ? LARGEST_PARTS : HELD_PARTS[table];
  const inHeld = rows * (held / HELD_PARTS[table]);
  const halvings = Math.max(0, Math.ceil(Math.log2(Math.max(1, inHeld) / FAST_ROWS)));
  const parts = held / 2 ** halvings;
  return parts < 1 ? null : sampleOf(table, parts);
};

/** What further parts of an answer are read from, once one part was: all from one sample, so that they agree; nothing is drawn where that part was exact. */
export const drawnAfter = (asked: AskedSample, sampling: Sampling | null): AskedSample => {
  if (asked.kind !== "FAST") return asked;
  return sampling?.reason === "ASKED" ? { kind: "PART", fraction: sampling.fraction } : asked;
};

/** A sampled number: its estimate's standard error as a part of it; null where nothing was measured. */
export const relativeErrorOf = (estimate: Cell, standardError: number | null): number | null => {
  if (estimate === null || standardError === null) return null;
  const size = Math.abs(Number(estimate));
  if (standardError === 0) return 0;
  // An error as large as the number says that the number says nothing.
  return size === 0 ? 1 : Math.min(1, standardError / size);
};

/** What an answer from a sample says of itself; as in the SDL. */
export interface Sampling {
  readonly reason: "OVER_BUDGET" | "ASKED";
  readonly fraction: number;
  readonly sampledPersons: number;
  readonly confidence: number;
  readonly exactRows: number | null;
  readonly rowsLeft: number | null;
  readonly quota: string | null;
}

/** Confidence at which a number lies within 1.96 standard errors of the exact one: estimates are sums over many persons, so about normally distributed. */
export const CONFIDENCE = 0.95;
