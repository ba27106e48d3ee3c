import { Kind, type DocumentNode, type FragmentDefinitionNode, type SelectionSetNode } from "graphql";

/** What a document asks for with its fragments opened; the largest of its operations counts. */
export interface DocumentShape {
  /** Levels of fields below the operation; `__schema` and `__type` count as one. */
  readonly depth: number;
  readonly aliases: number;
  readonly rootFields: number;
  readonly directives: number;
  /** Fields after opening every fragment wherever it is spread: small texts can ask for exponentially many. */
  readonly fields: number;
  /** True when `__schema` or `__type` is asked for. */
  readonly asksSchema: boolean;
  /** A fragment that spreads itself, directly or through others; null when none does. */
  readonly cycle: string | null;
}

/** A limit that looks at a document alone, so that its verdict is remembered with the parsed document. */
export interface DocumentLimit<R> {
  readonly check: (shape: DocumentShape) => R | null;
}

type Totals = { depth: number; aliases: number; directives: number; fields: number; direct: number };

const EMPTY: Readonly<Totals> = { depth: 0, aliases: 0, directives: 0, fields: 0, direct: 0 };

interface Walk {
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  readonly known: Map<string, Totals>;
  readonly open: Set<string>;
  asksSchema: boolean;
  cycle: string | null;
}

const add = (to: Totals, from: Readonly<Totals>): void => {
  to.depth = Math.max(to.depth, from.depth);
  to.aliases += from.aliases;
  to.directives += from.directives;
  to.fields += from.fields;
  to.direct += from.direct;
};

const ofFragment = (walk: Walk, name: string): Readonly<Totals> => {
  const known = walk.known.get(name);
  if (known !== undefined) return known;
  const fragment = walk.fragments.get(name);
  if (fragment === undefined) return EMPTY; // validation names it
  if (walk.open.has(name)) {
    walk.cycle ??= name;
    return EMPTY;
  }
  walk.open.add(name);
  const totals = ofSelections(walk, fragment.selectionSet);
  totals.directives += fragment.directives?.length ?? 0;
  walk.open.delete(name);
  walk.known.set(name, totals);
  return totals;
};

const ofSelections = (walk: Walk, set: SelectionSetNode): Totals => {
  const totals = { ...EMPTY };
  for (const selection of set.selections) {
    totals.directives += selection.directives?.length ?? 0;
    if (selection.kind === Kind.FRAGMENT_SPREAD) add(totals, ofFragment(walk, selection.name.value));
    else if (selection.kind === Kind.INLINE_FRAGMENT) add(totals, ofSelections(walk, selection.selectionSet));
    else {
      const name = selection.name.value;
      const isSchema = name === "__schema" || name === "__type";
      if (isSchema) walk.asksSchema = true;
      const below = selection.selectionSet === undefined ? EMPTY : ofSelections(walk, selection.selectionSet);
      totals.depth = Math.max(totals.depth, 1 + (isSchema ? 0 : below.depth));
      totals.aliases += below.aliases + (selection.alias === undefined ? 0 : 1);
      totals.directives += below.directives;
      totals.fields += below.fields + 1;
      totals.direct += 1;
    }
  }
  return totals;
};

/** Measures a parsed document in time linear in its text: each fragment is walked once. */
export const measureDocument = (document: DocumentNode): DocumentShape => {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const node of document.definitions) {
    if (node.kind === Kind.FRAGMENT_DEFINITION) fragments.set(node.name.value, node);
  }
  const walk: Walk = { fragments, known: new Map(), open: new Set(), asksSchema: false, cycle: null };
  const largest = { ...EMPTY };
  for (const node of document.definitions) {
    if (node.kind !== Kind.OPERATION_DEFINITION) continue;
    const totals = ofSelections(walk, node.selectionSet);
    const variableDirectives = (node.variableDefinitions ?? []).flatMap((variable) => variable.directives ?? []);
    totals.directives += (node.directives?.length ?? 0) + variableDirectives.length;
    for (const key of ["depth", "aliases", "directives", "fields", "direct"] as const) {
      largest[key] = Math.max(largest[key], totals[key]);
    }
  }
  for (const name of fragments.keys()) ofFragment(walk, name); // cycles in unused fragments would still be validated
  const { direct: rootFields, ...rest } = largest;
  return { ...rest, rootFields, asksSchema: walk.asksSchema, cycle: walk.cycle };
};
