import { isPersonal } from "../fields.ts";
import type { Measure } from "../measures.ts";

/** Whether a part of a question tells events by their persons: who somebody is may change afterwards, and takes events from one to another. */
export const tellsByPerson = (part: unknown): boolean => {
  if (typeof part === "string") return isPersonal(part);
  if (typeof part !== "object" || part === null) return false;
  return Object.entries(part).some(
    ([name, member]: [string, unknown]) =>
      (name === "inCohort" && member !== null && member !== undefined) || tellsByPerson(member),
  );
};

/**
 * Whether the number of a question never falls as more events come: counts of events, exact counts of distinct values and sessions, and greatest values. Not
 * of persons, two of whom may turn out to be one, and not where they decide what is counted.
 */
export const neverFalls = (formula: Measure["formula"], question: object): boolean => {
  const rises =
    formula.kind === "COUNT" ||
    formula.kind === "MAX" ||
    (formula.kind === "UNIQUES" && formula.exact && formula.of.kind !== "PERSONS");
  return rises && !tellsByPerson(question);
};
