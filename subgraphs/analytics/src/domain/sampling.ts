import { heldByPerson } from "./behaviour-source.ts";
import type { Approximate } from "./approximate.ts";
import type { Cell } from "./columns.ts";
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

/** Tables a sample of persons can be read from. The first is ordered by person and has few columns; the second has all, ordered by person within an hour and a name. */
export type SampleTable = "events_by_person" | "events";

/** A sample of persons: those whose hash lies in the first `parts` of {@link SAMPLE_PARTS}; events of nobody known are all in it. */
export interface Sample {
  readonly table: SampleTable;
  readonly parts: number;
  /** Probability by which a person is in it. */
  readonly fraction: number;
  /** First hash that is not in it, of the 64 bits a person's hash has. */
  readonly firstOutside: string;
}

/** The sample of a table that holds so many parts, fewer than {@link SAMPLE_PARTS}. */
export const sampleOf = (table: SampleTable, parts: number): Sample => ({
  ...{ table, parts, fraction: parts / SAMPLE_PARTS },
  firstOutside: (BigInt(parts) * (2n ** 64n / BigInt(SAMPLE_PARTS))).toString(),
});

/** Why a measure can't be estimated from a sample of persons; null when it can. */
const whyNotMeasure = ({ name, formula, filter }: Measure): string | null => {
  switch (formula.kind) {
    case "FORMULA":
      return `\`${name}\` is computed of other measures, whose errors depend on each other.`;
    case "COUNT":
    case "SUM":
      return null;
    case "UNIQUES":
      if (filter !== null) return `\`${name}\` counts persons by a filter of its own.`;
      if (formula.exact) return `\`${name}\` is to be exact.`;
      return formula.of.kind === "PERSONS" ? null : `\`${name}\` counts something else than persons.`;
    default:
      return `\`${name}\` is no count, sum or number of persons.`;
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
  return query.measures.map(whyNotMeasure).find((reason) => reason !== null) ?? null;
};

const measuredFrom = ({ formula, filter }: Measure): boolean => {
  if (!fieldsOf(filter).every(heldByPerson)) return false;
  if (formula.kind !== "SUM") return true;
  return formula.of.kind === "REVENUE" && formula.of.currency === null;
};

/** Tables a question could be sampled from, cheapest first. */
export const sampleTables = (query: AnalyticQuery): readonly SampleTable[] => {
  const fields = [...query.dimensions, ...fieldsOf(query.filter)];
  return fields.every(heldByPerson) && query.measures.every(measuredFrom) ? ["events_by_person", "events"] : ["events"];
};

/** The parts to try first, where reading all persons takes `rows` and `left` may be read; 0 when nothing can be. */
export const firstParts = (rows: number, left: number): number =>
  rows <= 0 ? 0 : Math.min(LARGEST_PARTS, Math.floor((SAMPLE_PARTS * AIM * left) / rows));

/** A sampled number: its estimate's standard error as a part of it; null where nothing was measured. */
export const relativeErrorOf = (estimate: Cell, standardError: number): number | null => {
  if (estimate === null) return null;
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
