import { refuse } from "@tessera/platform/errors/refusal";
import type { InCohortInput } from "./filter-input.ts";

/** Cohorts one question may name in its filters: the people of each are looked up while it is answered. */
export const MAX_FILTER_COHORTS = 10;

/** A place of a question where a cohort is named, by the members that lead there. */
export interface NamedCohort {
  readonly input: InCohortInput;
  readonly where: string;
}

const isInCohort = (name: string, value: unknown): value is InCohortInput =>
  name === "inCohort" && typeof value === "object" && value !== null && "cohort" in value;

/** Every place of a question, which stands at `where`, whose filter names a cohort. */
export const namedCohorts = (part: unknown, where: string): readonly NamedCohort[] => {
  if (typeof part !== "object" || part === null) return [];
  return Object.entries(part).flatMap(([name, member]: [string, unknown]) => {
    const place = `${where}.${name}`;
    return isInCohort(name, member) ? [{ input: member, where: place }] : namedCohorts(member, place);
  });
};

/** The same question with what was found in the place of each test that names a cohort. */
export const withPeople = (part: unknown, found: ReadonlyMap<InCohortInput, InCohortInput>): unknown => {
  if (typeof part !== "object" || part === null) return part;
  if (Array.isArray(part)) return part.map((one: unknown) => withPeople(one, found));
  return Object.fromEntries(
    Object.entries(part).map(([name, member]: [string, unknown]) => [
      name,
      isInCohort(name, member) ? (found.get(member) ?? member) : withPeople(member, found),
    ]),
  );
};

/** Refuses a filter that names a cohort where what is kept must not change with one. */
export const refuseInCohort = (part: unknown, where: string): void => {
  const [first] = namedCohorts(part, where);
  if (first === undefined) return;
  throw refuse(
    "BAD_INPUT",
    "`inCohort` stands in the filters of questions: what is defined or streamed tells events by their fields alone.",
    { field: first.where },
  );
};
