import { sampledUnits, type UnitSlice } from "./funnel/unit-slice.ts";
import type { Approximation } from "./planner.ts";
import { CONFIDENCE, FAST_ROWS, fastSample, SAMPLE_PARTS, type Sampling } from "./sampling.ts";

/** The part of the persons that a question about what people do is answered from. */
export interface Part {
  /** Probability by which a person is in it; 1 for all. */
  readonly fraction: number;
  /** The persons' hashes; null for all. */
  readonly slice: UnitSlice | null;
  /** Rows the exact answer would have read, where somebody looked. */
  readonly exactRows: number | null;
}

/** All persons there are, so that nothing is estimated. */
export const WHOLE: Part = { fraction: 1, slice: null, exactRows: null };

const ofParts = (parts: number, exactRows: number | null): Part => {
  const fraction = parts / SAMPLE_PARTS;
  return fraction === 1 ? WHOLE : { fraction, slice: sampledUnits({ sample: fraction }), exactRows };
};

/** So much of the persons as was asked for, in whole parts of all hashes. */
export const namedPart = (fraction: number): Part => ofParts(Math.max(1, Math.round(fraction * SAMPLE_PARTS)), null);

/** How many times as long an event takes that is put into journeys and paths as one that a funnel looks at (bench/query). */
export const COSTLY_EVENT = 2;

/**
 * As many persons as can be read in about 100 ms, where all together have so many rows to read, each of which takes `eventCost` times as long as one of a funnel: a power of two of them, the smallest part there is at least,
 * or all.
 */
export const fastPart = (rows: number, eventCost = 1): Part =>
  rows * eventCost <= FAST_ROWS ? WHOLE : ofParts(fastSample("events_by_person", rows * eventCost)?.parts ?? 1, rows);

/** An estimate for all persons from a count of those of a part. */
export const estimated = ({ fraction }: Pick<Part, "fraction">, count: number): number =>
  fraction === 1 ? count : Math.round(count / fraction);

/**
 * The standard error of an estimated total, from the sum of the squares of what each person of the part adds to it (Horvitz and Thompson, 1952); where each adds
 * 0 or 1 that is their count. Null where all persons were looked at.
 */
export const standardErrorOf = ({ fraction }: Pick<Part, "fraction">, squares: number): number | null =>
  fraction === 1 ? null : Math.sqrt((1 - fraction) * squares) / fraction;

/** What an answer says of the part it is from, with how many persons of it were counted; null for all persons. */
export const samplingOf = ({ fraction, exactRows }: Part, sampledPersons: number): Sampling | null =>
  fraction === 1
    ? null
    : {
        ...{ reason: "ASKED", fraction, sampledPersons, exactRows, confidence: CONFIDENCE },
        ...{ rowsLeft: null, quota: null },
      };

/** How sure a column of an answer is, whose greatest number was made of `count` of the part's persons and of these squares; none for all persons. */
export const approximationOf = (
  part: Part,
  column: string,
  count: number,
  squares = count,
): readonly Approximation[] =>
  part.fraction === 1
    ? []
    : [
        {
          column,
          method: `sample of ${(part.fraction * 100).toPrecision(3)} % of the persons`,
          relativeError: count === 0 ? 1 : Math.min(1, Math.sqrt((1 - part.fraction) * squares) / count),
        },
      ];
