import type { Approximation } from "../planner.ts";

/** Persons that are told apart where they are not units: those of the least hashes, by which more of them are estimated. */
export const LEAST_PERSONS = 4_096;

/** The least of both, each once, in order. */
export const leastOf = (one: BigUint64Array, other: readonly bigint[]): BigUint64Array =>
  BigUint64Array.from(new Set([...one, ...other]))
    .toSorted()
    .slice(0, LEAST_PERSONS);

const HASHES = 2 ** 64;

/** How many persons there are, by the least hashes of theirs: exactly while there are fewer than are kept, else by how close the last of them stand (Bar-Yossef and others, 2002). */
export const personsOf = (least: BigUint64Array): number => {
  const last = least.at(LEAST_PERSONS - 1);
  return last === undefined ? least.length : Math.round(((LEAST_PERSONS - 1) * HASHES) / Number(last));
};

/** What is to be said of people who are estimated by {@link personsOf}. */
export const ESTIMATED_PEOPLE: Approximation = {
  ...{ column: "people", method: `the ${LEAST_PERSONS} persons of the least hashes` },
  relativeError: 1 / Math.sqrt(LEAST_PERSONS - 2),
};
