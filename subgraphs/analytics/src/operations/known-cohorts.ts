import type { Cohort } from "../domain/cohort.ts";
import { parseCohortDefinition } from "../domain/cohort-definition.ts";
import { keptVersions } from "../domain/semantic/kept-meanings.ts";
import type { KnownCohort, KnownCohorts } from "../domain/cohort-references.ts";

/** Who defined a cohort was allowed to name what it names. */
const AS_DEFINED = { personalData: true } as const;

/** A kept cohort with its definition read. */
export const knownCohort = ({ id, name, version, definition, unit, group }: Cohort): KnownCohort => {
  const dimensions = keptVersions(definition);
  return {
    ...{ id, name, version, of: { unit, group } },
    ...(dimensions.length === 0 ? {} : { dimensions }),
    node: parseCohortDefinition(definition, "definition", AS_DEFINED),
  };
};

/** Cohorts that a definition may refer to; a definition is read when it is referred to. */
export const knownCohorts = (cohorts: readonly Cohort[]): KnownCohorts => {
  const byId = new Map(cohorts.map((cohort) => [cohort.id, cohort]));
  return {
    get: (id) => {
      const cohort = byId.get(id);
      return cohort === undefined ? undefined : knownCohort(cohort);
    },
  };
};
