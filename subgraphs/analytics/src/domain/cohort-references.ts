import { refuse } from "@tessera/platform/errors/refusal";
import { COHORT_LIMITS, partsOf, type CohortNode } from "./cohort-definition.ts";
import type { KeptVersion } from "./semantic/kept-meanings.ts";
import { membersName, OF_PEOPLE, type CohortOf } from "./cohort-unit.ts";

/** A definition in which no reference is left: lists say whose they are. */
export type ClosedNode =
  | Exclude<CohortNode, { kind: "COHORT" | "LIST" | "UNION" | "INTERSECT" | "EXCEPT" }>
  | { readonly kind: "LIST"; readonly cohortId: string | null }
  | { readonly kind: "UNION" | "INTERSECT"; readonly parts: readonly ClosedNode[] }
  | { readonly kind: "EXCEPT"; readonly of: ClosedNode; readonly without: ClosedNode };

/** A cohort that a definition may refer to. */
export interface KnownCohort {
  readonly id: string;
  readonly name: string;
  readonly version: number;
  readonly node: CohortNode;
  readonly of: CohortOf;
  /** Versions of the tenant's own dimensions that its definition is kept with; left out where it names none. */
  readonly dimensions?: readonly KeptVersion[];
}

/** A cohort in the version of its definition that another was computed with. */
export type CohortPart = Omit<KnownCohort, "node" | "of">;

/** A known cohort as one that another was computed with. */
export const partOf = ({ id, name, version, dimensions }: CohortPart): CohortPart => ({
  ...{ id, name, version },
  ...(dimensions === undefined ? {} : { dimensions }),
});

/** Cohorts of a tenant by id. */
export type KnownCohorts = Pick<ReadonlyMap<string, KnownCohort>, "get">;

/** Ids of the cohorts a definition refers to itself, each once, sorted. */
export const referencesOf = (node: CohortNode): readonly string[] =>
  [...new Set(partsOf(node).flatMap((part) => (part.kind === "COHORT" ? [part.id] : [])))].toSorted();

const bad = (field: string, detail: string, path?: readonly string[]): Error =>
  refuse("BAD_INPUT", detail, { field, ...(path === undefined ? {} : { path: path.join(" -> ") }) });

interface Walk {
  readonly known: KnownCohorts;
  /** What the members are: cohorts of something else have none in common with it. */
  readonly of: CohortOf;
  /** Cohorts on the way here, the outermost first. */
  readonly way: readonly Omit<KnownCohort, "version">[];
  /** The place in the caller's own input that led here. */
  readonly where: string;
  readonly spent: { parts: number };
}

const follow = (id: string, walk: Walk): ClosedNode => {
  const { known, way, where, of } = walk;
  const cohort = known.get(id);
  if (cohort === undefined) throw bad(where, "The tenant has no cohort of this id.");
  if (cohort.of.group !== of.group)
    throw bad(
      where,
      `The cohort ${cohort.name} is of ${membersName(cohort.of)}, and this definition of ${membersName(of)}: cohorts are made of cohorts of the same.`,
    );
  const names = [...way, cohort].map(({ name }) => name);
  if (way.some((one) => one.id === id))
    throw bad(where, `The definition refers to itself: ${names.join(" -> ")}.`, names);
  if (way.length >= COHORT_LIMITS.depth)
    throw bad(where, `References are at most ${COHORT_LIMITS.depth} deep: ${names.join(" -> ")}.`, names);
  return close(cohort.node, id, { ...walk, way: [...way, cohort] });
};

const close = (node: CohortNode, owner: string | null, walk: Walk): ClosedNode => {
  walk.spent.parts += 1;
  if (walk.spent.parts > COHORT_LIMITS.parts)
    throw bad(walk.where, `A definition has at most ${COHORT_LIMITS.parts} parts, those of referred cohorts included.`);
  const inner = (part: CohortNode): ClosedNode => close(part, owner, walk);
  switch (node.kind) {
    case "COHORT":
      // Within another cohort's definition the place is that of the reference that led to it.
      return follow(node.id, walk.way.length <= 1 ? { ...walk, where: node.where } : walk);
    case "LIST":
      return { kind: "LIST", cohortId: owner };
    case "UNION":
    case "INTERSECT":
      return { kind: node.kind, parts: node.parts.map(inner) };
    case "EXCEPT":
      return { kind: "EXCEPT", of: inner(node.of), without: inner(node.without) };
    case "DID":
    case "FIRST":
    case "SEQUENCE":
    case "LATEST":
    case "TRAITS":
      return node;
  }
};

/**
 * Follows every reference of a definition; `self` is the cohort it belongs to, null for one that is not kept. Refuses with BAD_INPUT, at the place of
 * the reference: unknown cohorts, those of other members than `of`, cycles (`path` names the cohorts in order) and too many parts.
 */
export const closeDefinition = (
  node: CohortNode,
  self: Pick<KnownCohort, "id" | "name"> | null,
  known: KnownCohorts,
  of: CohortOf = OF_PEOPLE,
): ClosedNode =>
  close(node, self?.id ?? null, {
    ...{ known, of },
    way: self === null ? [] : [{ ...self, node, of }],
    where: "definition",
    spent: { parts: 0 },
  });

/** The cohorts that a definition which can be closed refers to, itself or by way of others, each once; those it refers to itself come first. */
export const madeOf = (node: CohortNode, known: KnownCohorts): readonly CohortPart[] => {
  const found = new Map<string, CohortPart>();
  let level = referencesOf(node);
  while (level.length > 0) {
    const cohorts = level.flatMap((id) => (found.has(id) ? [] : (known.get(id) ?? [])));
    for (const one of cohorts) found.set(one.id, partOf(one));
    level = cohorts.flatMap((cohort) => referencesOf(cohort.node));
  }
  return [...found.values()];
};
