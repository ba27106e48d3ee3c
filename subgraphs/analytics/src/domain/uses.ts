import { z } from "zod";
import type { CohortPart } from "./cohort-references.ts";

/** Definitions and cohorts that one answer tells at most: ten named cohorts, each made of some dozen others, fit; more say little more. */
const MAX_USES_TOLD = 100;

/** How it is known who is in a cohort, as in the SDL. */
export type CohortBasis = "RECORDED" | "COMPUTED";

/** A cohort whose people went into an answer, as in the SDL. */
export interface CohortUse extends Omit<CohortPart, "dimensions"> {
  /** The moment whose people counted. */
  readonly asOf: string;
  readonly basis: CohortBasis;
  /** Whether the question names it itself; else a definition of one that it names does. */
  readonly named: boolean;
}

const USED_KINDS = [
  ...(["METRIC", "SEGMENT", "DIMENSION", "HIERARCHY", "SAVED_QUERY", "CORRELATION_RULE"] as const),
  "EXPECTATION",
] as const;

/** A version of a definition that an answer was computed by, as in the SDL. */
export interface UsedDefinition {
  readonly kind: (typeof USED_KINDS)[number];
  readonly name: string;
  readonly version: number;
}

/** What of the tenant's own definitions an answer was computed by. */
export interface Uses {
  readonly definitions: readonly UsedDefinition[];
  readonly cohorts: readonly CohortUse[];
}

/** What an answer was computed by that names nothing. */
export const NO_USES: Uses = { definitions: [], cohorts: [] };

/** Shape of uses that were kept with an answer; none are known of what was kept before they were. */
export const usesShape = z
  .object({
    definitions: z.array(z.object({ kind: z.enum(USED_KINDS), name: z.string(), version: z.number() })).default([]),
    cohorts: z.array(
      z.object({
        ...{ id: z.string(), name: z.string(), version: z.number(), asOf: z.string() },
        ...{ basis: z.enum(["RECORDED", "COMPUTED"]), named: z.boolean() },
      }),
    ),
  })
  .default({ definitions: [], cohorts: [] });

const once = <Use>(uses: readonly Use[], keyOf: (use: Use) => string): readonly Use[] => {
  const found = new Map<string, Use>();
  for (const use of uses) if (!found.has(keyOf(use))) found.set(keyOf(use), use);
  return [...found.values()];
};

const keyOf = ({ kind, name, version }: UsedDefinition): string => `${kind} ${name} ${version}`;
const keyOfCohort = ({ id, version, asOf, basis }: CohortUse): string => `${id} ${version} ${asOf} ${basis}`;

/** What several parts were computed by, each use once: the cohorts that are named before those that they are made of, of each at most {@link MAX_USES_TOLD}. */
export const usesTogether = (all: readonly Uses[]): Uses => {
  const definitions = all.flatMap((one) => one.definitions);
  const cohorts = all.flatMap((one) => one.cohorts);
  const inOrder = [...cohorts.filter(({ named }) => named), ...cohorts.filter(({ named }) => !named)];
  return {
    definitions: once(definitions, keyOf).slice(0, MAX_USES_TOLD),
    cohorts: once(inOrder, keyOfCohort).slice(0, MAX_USES_TOLD),
  };
};
