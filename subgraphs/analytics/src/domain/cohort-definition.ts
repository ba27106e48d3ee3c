import { isUuid } from "@tessera/contracts/ids";
import { refuse } from "@tessera/platform/errors/refusal";
import { accessIn } from "./access-in.ts";
import { DAY_MS, parseDuration, SECOND_MS } from "./duration.ts";
import {
  definitionOfParts,
  MAX_COHORT_PARTS,
  type CohortDefinitionInput,
  type CountComparison,
} from "./cohort-input.ts";
import type { CohortOf } from "./cohort-unit.ts";
import { parseEventMatcher, type EventMatcher } from "./event-matcher.ts";
import { refuseInCohort } from "./in-cohort.ts";
import type { FilterInput } from "./filter-input.ts";
import { fieldsOf, parseFilter } from "./filter.ts";
import type { Condition } from "./field.ts";
import { parseCohortWindow, type CohortWindow } from "./cohort-window.ts";
import type { FieldAccess } from "./fields.ts";
import { parseTraitTests, type TraitTest, type TraitTestInput } from "./people/trait-tests.ts";

type Maybe<T> = T | null | undefined;

/** Who is in a cohort, validated; the people of a node are a set. */
export type CohortNode =
  | {
      readonly kind: "DID";
      readonly event: EventMatcher;
      readonly comparison: CountComparison;
      readonly times: number;
      readonly window: CohortWindow;
    }
  | { readonly kind: "FIRST"; readonly event: EventMatcher; readonly window: CohortWindow }
  | {
      readonly kind: "SEQUENCE";
      readonly steps: readonly EventMatcher[];
      readonly withinMs: number;
      readonly window: CohortWindow;
    }
  | { readonly kind: "LATEST"; readonly condition: Condition }
  | { readonly kind: "TRAITS"; readonly tests: readonly TraitTest[]; readonly where: string }
  | { readonly kind: "LIST" }
  | { readonly kind: "COHORT"; readonly id: string; readonly where: string }
  | { readonly kind: "UNION" | "INTERSECT"; readonly parts: readonly CohortNode[] }
  | { readonly kind: "EXCEPT"; readonly of: CohortNode; readonly without: CohortNode };

/**
 * Bounds of a definition: each part is a query within the query. `times` is far above what anybody counts to; a sequence is read per person in one
 * pass whose state grows with its steps.
 */
export const COHORT_LIMITS = {
  depth: 8,
  parts: MAX_COHORT_PARTS,
  alternatives: 20,
  times: 1_000_000,
  steps: 10,
} as const;

const PARTS = [
  ...([
    "did",
    "first",
    "sequence",
    "latest",
    "traits",
    "list",
    "cohort",
    "union",
    "intersect",
    "except",
    "parts",
  ] as const),
] as const;
const SEQUENCE_BOUNDS = { minMs: SECOND_MS, maxMs: 3_660 * DAY_MS } as const;

interface Place {
  readonly where: string;
  readonly depth: number;
  readonly access: FieldAccess;
}

const bad = (field: string, detail: string): Error => refuse("BAD_INPUT", detail, { field });

const parseDid = (input: NonNullable<CohortDefinitionInput["did"]>, { where, access }: Place): CohortNode => {
  const { comparison = "AT_LEAST", times = 1 } = input;
  const least = comparison === "AT_LEAST" ? 1 : 0;
  if (!Number.isInteger(times) || times < least || times > COHORT_LIMITS.times)
    throw bad(`${where}.times`, `\`times\` is ${least} to ${COHORT_LIMITS.times} for ${comparison}.`);
  return {
    kind: "DID",
    event: parseEventMatcher(input.event, `${where}.event`, access),
    ...{ comparison, times },
    window: parseCohortWindow(input.within, `${where}.within`),
  };
};

const parseSequence = (input: NonNullable<CohortDefinitionInput["sequence"]>, { where, access }: Place): CohortNode => {
  if (input.steps.length < 2 || input.steps.length > COHORT_LIMITS.steps)
    throw bad(`${where}.steps`, `A sequence has 2 to ${COHORT_LIMITS.steps} steps.`);
  return {
    kind: "SEQUENCE",
    steps: input.steps.map((step, index) => parseEventMatcher(step, `${where}.steps.${index}`, access)),
    withinMs: parseDuration(input.completedWithin, `${where}.completedWithin`, SEQUENCE_BOUNDS),
    window: parseCohortWindow(input.within, `${where}.within`),
  };
};

const parseLatest = (input: FilterInput, { where, access }: Place): CohortNode => {
  const condition = parseFilter(input, where, access);
  if (condition === null) throw bad(where, "`latest` needs a filter.");
  const other = fieldsOf(condition).find((field) => field.kind !== "PROPERTY" && field.type !== "TEXT");
  if (other !== undefined)
    throw bad(where, `\`${other.name}\` is no text of an event and no property: people have no latest value of it.`);
  return { kind: "LATEST", condition };
};

const parseTraits = (inputs: readonly TraitTestInput[], { where }: Place): CohortNode => {
  if (inputs.length === 0) throw bad(where, "`traits` needs a test.");
  return { kind: "TRAITS", tests: parseTraitTests(inputs, where), where };
};

const deeper = (place: Place, step: string): Place => ({
  ...place,
  where: `${place.where}.${step}`,
  depth: place.depth + 1,
});

const parseAlternatives = (
  kind: "UNION" | "INTERSECT",
  inputs: readonly CohortDefinitionInput[],
  place: Place,
): CohortNode => {
  if (inputs.length === 0 || inputs.length > COHORT_LIMITS.alternatives)
    throw bad(place.where, `\`${kind.toLowerCase()}\` takes 1 to ${COHORT_LIMITS.alternatives} definitions.`);
  return { kind, parts: inputs.map((input, index) => parse(input, deeper(place, String(index)))) };
};

const parseReference = (id: string, { where }: Place): CohortNode => {
  if (!isUuid(id)) throw bad(where, "A cohort is named by its id, a UUID.");
  return { kind: "COHORT", id: id.toLowerCase(), where };
};

const given = <T>(value: Maybe<T>): value is T => value !== null && value !== undefined;

const parse = (input: CohortDefinitionInput, from: Place): CohortNode => {
  const where = input.at ?? from.where;
  const place = { ...from, where };
  if (place.depth > COHORT_LIMITS.depth)
    throw bad(where, `A definition is at most ${COHORT_LIMITS.depth} levels deep.`);
  if (PARTS.filter((part) => given(input[part])).length !== 1)
    throw bad(where, `A definition is exactly one of ${PARTS.join(", ")}.`);
  const at = (part: string): Place => ({ ...place, where: `${where}.${part}` });
  if (given(input.parts)) return parse(definitionOfParts(input.parts, `${where}.parts`), place);
  if (given(input.did)) return parseDid(input.did, at("did"));
  if (given(input.first))
    return {
      kind: "FIRST",
      event: parseEventMatcher(input.first.event, `${where}.first.event`, place.access),
      window: parseCohortWindow(input.first.within, `${where}.first.within`),
    };
  if (given(input.sequence)) return parseSequence(input.sequence, at("sequence"));
  if (given(input.latest)) return parseLatest(input.latest, at("latest"));
  if (given(input.traits)) return parseTraits(input.traits, at("traits"));
  if (given(input.cohort)) return parseReference(input.cohort, at("cohort"));
  if (given(input.union)) return parseAlternatives("UNION", input.union, at("union"));
  if (given(input.intersect)) return parseAlternatives("INTERSECT", input.intersect, at("intersect"));
  if (given(input.except))
    return {
      kind: "EXCEPT",
      of: parse(input.except.of, deeper(at("except"), "of")),
      without: parse(input.except.without, deeper(at("except"), "without")),
    };
  if (input.list !== true) throw bad(`${where}.list`, "`list` is true, or left out.");
  return { kind: "LIST" };
};

/** Parts of a definition, references not followed. */
export const partsOf = (node: CohortNode): readonly CohortNode[] => {
  switch (node.kind) {
    case "UNION":
    case "INTERSECT":
      return [node, ...node.parts.flatMap(partsOf)];
    case "EXCEPT":
      return [node, ...partsOf(node.of), ...partsOf(node.without)];
    case "DID":
    case "FIRST":
    case "SEQUENCE":
    case "LATEST":
    case "TRAITS":
    case "LIST":
    case "COHORT":
      return [node];
  }
};

/** Refuses with FORBIDDEN to search people by their traits, which are personal data, for a caller who may see none; those of accounts are not. */
export const requireTraitsSeen = (node: CohortNode, of: CohortOf, { personalData }: FieldAccess): void => {
  const found = partsOf(node).find((part) => part.kind === "TRAITS");
  if (found?.kind !== "TRAITS" || of.group !== null || personalData) return;
  throw refuse("FORBIDDEN", "Traits of people are personal data and need the permission analytics:personal-data.", {
    field: found.where,
    permission: "analytics:personal-data",
  });
};

/**
 * Validates a definition that stands at `where`, in which the tenant's own dimensions mean what stands beside it; clock parts in them are of UTC. Refuses with
 * BAD_INPUT, or FORBIDDEN for personal data the caller may not see.
 */
export const parseCohortDefinition = (input: CohortDefinitionInput, where: string, access: FieldAccess): CohortNode => {
  refuseInCohort(input, where);
  const node = parse(input, { where, depth: 1, access: accessIn(access, { meanings: input.meanings }) });
  if (partsOf(node).length > COHORT_LIMITS.parts)
    throw bad(where, `A definition has at most ${COHORT_LIMITS.parts} parts.`);
  return node;
};
