import type { Caller } from "@tessera/contracts/caller";
import { isUuid } from "@tessera/contracts/ids";
import { namedCohort } from "../cohort-people.ts";
import { resolveCohorts, type InCohortDeps } from "../in-cohort.ts";

/** Members of questions whose texts are ids of cohorts. */
const NAMING: ReadonlySet<string> = new Set(["cohort", "cohorts"]);

interface Place {
  readonly id: string;
  readonly where: string;
}

const placesIn = (part: unknown, where: string, naming = false): readonly Place[] => {
  if (typeof part === "string") return naming ? [{ id: part.toLowerCase(), where }] : [];
  if (typeof part !== "object" || part === null) return [];
  return Object.entries(part).flatMap(([name, member]: [string, unknown]) =>
    placesIn(member, `${where}.${name}`, NAMING.has(name) || (naming && Array.isArray(part))),
  );
};

/**
 * Ids of the cohorts that a question names, each once: by its filters, or as what it is about or told apart by. Refuses with BAD_INPUT, at their place under
 * `where`, unknown ones, which those of other tenants are.
 */
export const cohortsNamed = async (
  deps: InCohortDeps,
  caller: Caller,
  question: unknown,
  where: string,
): Promise<readonly string[]> => {
  await resolveCohorts(deps, caller, question, where);
  const first = new Map(
    placesIn(question, where)
      .toReversed()
      .map((place) => [place.id, place]),
  );
  const known = new Set(
    (await deps.cohorts.findMany(caller.tenantId, [...first.keys()].filter(isUuid))).map(({ id }) => id),
  );
  // Whatever is not among them is refused as a question is that names it.
  for (const { id, where: at } of first.values()) if (!known.has(id)) await namedCohort(deps.cohorts, caller, id, at);
  return [...first.keys()];
};
