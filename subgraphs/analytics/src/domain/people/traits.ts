import { refuse } from "@tessera/platform/errors/refusal";

/** What a fact does with a trait. */
export type TraitOp = "SET" | "SET_ONCE" | "UNSET" | "INCREMENT";

/** What was said of somebody at a moment. */
export interface TraitFact {
  readonly trait: string;
  readonly atMs: number;
  readonly op: TraitOp;
  /** Null for UNSET. */
  readonly value: unknown;
}

/** A trait as it is at a moment. */
export interface Trait {
  readonly name: string;
  readonly value: unknown;
  /** When it came to be what it is. */
  readonly sinceMs: number;
}

/** Bounds of what is said of somebody at once: a profile has some dozens of traits, and a value is a word, a number or a short list. */
export const TRAIT_LIMITS = { atOnce: 100, nameCharacters: 128, valueCharacters: 4_096, facts: 10_000 } as const;

/** Facts as the graph and identify events deliver them. */
export interface TraitsInput {
  readonly set?: unknown;
  readonly setOnce?: unknown;
  readonly unset?: readonly string[] | null | undefined;
  readonly increment?: unknown;
}

const bad = (field: string, detail: string): Error => refuse("BAD_INPUT", detail, { field });

const nameOf = (name: string, where: string): string => {
  if (name.length === 0 || name.length > TRAIT_LIMITS.nameCharacters || /[\p{Cc}\p{Cs}]/u.test(name))
    throw bad(
      where,
      `The name of a trait has 1 to ${TRAIT_LIMITS.nameCharacters} characters of Unicode text, none of them a control character.`,
    );
  return name;
};

const entriesOf = (value: unknown, where: string): readonly (readonly [string, unknown])[] => {
  if (value === null || value === undefined) return [];
  if (typeof value !== "object" || Array.isArray(value))
    throw bad(where, "Traits are a JSON object: names with their values.");
  return Object.entries(value);
};

const valueOf = (value: unknown, where: string): unknown => {
  if (value === null || value === undefined) throw bad(where, "A trait has no null value: take it away with `unset`.");
  if (JSON.stringify(value).length > TRAIT_LIMITS.valueCharacters)
    throw bad(where, `A trait's value has at most ${TRAIT_LIMITS.valueCharacters} characters as JSON.`);
  return value;
};

const numberOf = (value: unknown, where: string): number => {
  if (typeof value !== "number" || !Number.isFinite(value)) throw bad(where, "A trait is incremented by a number.");
  return value;
};

/** Facts of an input that stands at `where`, all of one moment: SET, SET_ONCE, INCREMENT, UNSET, each trait named once. Refuses with BAD_INPUT. */
export const parseTraits = (input: TraitsInput, atMs: number, where: string): readonly TraitFact[] => {
  const facts = [
    ...(["set", "setOnce"] as const).flatMap((member) =>
      entriesOf(input[member], `${where}.${member}`).map(([trait, value]): TraitFact => ({
        ...{ trait: nameOf(trait, `${where}.${member}`), atMs, op: member === "set" ? "SET" : "SET_ONCE" },
        value: valueOf(value, `${where}.${member}.${trait}`),
      })),
    ),
    ...entriesOf(input.increment, `${where}.increment`).map(([trait, value]): TraitFact => ({
      ...{ trait: nameOf(trait, `${where}.increment`), atMs, op: "INCREMENT" },
      value: numberOf(value, `${where}.increment.${trait}`),
    })),
    ...(input.unset ?? []).map((trait, at): TraitFact => ({
      ...{ trait: nameOf(trait, `${where}.unset.${at}`), atMs, op: "UNSET", value: null },
    })),
  ];
  const named = new Set(facts.map(({ trait }) => trait));
  if (named.size < facts.length)
    throw bad(where, "Each trait is named once: what comes first in one call is not told.");
  if (facts.length > TRAIT_LIMITS.atOnce)
    throw bad(where, `At most ${TRAIT_LIMITS.atOnce} traits are changed at once.`);
  return facts;
};

/** Says what one more fact makes of a trait; undefined is no trait. */
const after = (value: unknown, fact: TraitFact): unknown => {
  switch (fact.op) {
    case "SET":
      return fact.value;
    case "SET_ONCE":
      return value === undefined ? fact.value : value;
    case "UNSET":
      return undefined;
    case "INCREMENT":
      return (typeof value === "number" ? value : 0) + Number(fact.value);
  }
};

/** Traits after facts in their order, by name; `facts` of one trait stand in the order they count. */
export const traitsAfter = (facts: readonly TraitFact[]): readonly Trait[] => {
  const known = new Map<string, Trait>();
  for (const fact of facts) {
    const before = known.get(fact.trait);
    const value = after(before?.value, fact);
    if (value === undefined) known.delete(fact.trait);
    else if (before === undefined || JSON.stringify(before.value) !== JSON.stringify(value))
      known.set(fact.trait, { name: fact.trait, value, sinceMs: fact.atMs });
  }
  return [...known.values()].toSorted((one, other) => (one.name < other.name ? -1 : 1));
};
