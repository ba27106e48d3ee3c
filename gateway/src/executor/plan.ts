/** One step from an object towards the objects a fetch enriches. */
export type PathSegment =
  | "each"
  | { readonly kind: "field"; readonly name: string }
  | { readonly kind: "types"; readonly names: readonly string[] };

/** What a subgraph must be told about an entity to resolve it. */
export type RequiredSelection =
  | {
      readonly kind: "field";
      /** The key under which the value stands in the data gathered so far. */
      readonly from: string;
      /** The key under which the subgraph expects it. */
      readonly to: string;
      readonly selections: readonly RequiredSelection[] | null;
    }
  | {
      readonly kind: "fragment";
      readonly typeCondition: string | null;
      readonly selections: readonly RequiredSelection[];
    };

/** A change made to a representation before it is sent, or to an answer before it is merged. */
export type Rewrite =
  | { readonly kind: "set"; readonly path: readonly PathSegment[]; readonly field: string; readonly value: unknown }
  | { readonly kind: "rename"; readonly path: readonly PathSegment[]; readonly field: string; readonly to: string };

/** An operation on a subgraph's root type, merged into every object at `path` (the root when empty). */
export type RootFetch = {
  readonly kind: "root";
  readonly service: string;
  readonly operation: string;
  readonly operationName: string | undefined;
  readonly variableNames: readonly string[];
  readonly path: readonly PathSegment[];
  readonly outputRewrites: readonly Rewrite[];
};

/** One `_entities` field of an entity fetch. */
export type EntityBatch = {
  /** The response key of the `_entities` field. */
  readonly key: string;
  readonly representationsVariable: string;
  readonly paths: readonly (readonly PathSegment[])[];
  readonly requires: readonly RequiredSelection[];
  readonly inputRewrites: readonly Rewrite[];
  readonly outputRewrites: readonly Rewrite[];
};

/** One operation that resolves entities found at one or more paths. */
export type EntityFetch = {
  readonly kind: "entities";
  readonly service: string;
  readonly operation: string;
  readonly operationName: string | undefined;
  readonly variableNames: readonly string[];
  readonly batches: readonly EntityBatch[];
};

/** The order in which subgraphs are asked. */
export type PlanStep =
  | RootFetch
  | EntityFetch
  | { readonly kind: "sequence"; readonly steps: readonly PlanStep[] }
  | { readonly kind: "parallel"; readonly steps: readonly PlanStep[] };

/** How one operation is answered; plain data, so it can be shown to people and priced. */
export type OperationPlan = {
  readonly planner: "hive" | "apollo" | "none";
  /** The fetch that subscribes; null for queries and mutations. */
  readonly primary: RootFetch | null;
  /** What runs after it, or the whole plan; null when no subgraph has to be asked. */
  readonly steps: PlanStep | null;
};

/** Raised for a plan shape outside what the executor runs; another planner may know a simpler one. */
export class UnsupportedPlan extends Error {
  override readonly name = "UnsupportedPlan";
}

/** Steps one after another, without needless nesting; null when there are none. */
export const sequence = (steps: readonly (PlanStep | null)[]): PlanStep | null => nest("sequence", steps);

/** Steps side by side, without needless nesting; null when there are none. */
export const parallel = (steps: readonly (PlanStep | null)[]): PlanStep | null => nest("parallel", steps);

const nest = (kind: "sequence" | "parallel", steps: readonly (PlanStep | null)[]): PlanStep | null => {
  const present = steps.filter((step) => step !== null);
  const [only] = present;
  if (only === undefined) return null;
  return present.length === 1 ? only : { kind, steps: present };
};

/** Every fetch of a plan in the order it is written. */
export const fetchesOf = (step: PlanStep | null): readonly (RootFetch | EntityFetch)[] => {
  if (step === null) return [];
  return step.kind === "root" || step.kind === "entities" ? [step] : step.steps.flatMap(fetchesOf);
};
