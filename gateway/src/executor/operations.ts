import { createHash } from "node:crypto";
import { executeSync, getVariableValues, GraphQLError, print, type DocumentNode } from "graphql";
import { LRUCache } from "lru-cache";
import { isJsonObject, type JsonObject } from "./json.ts";
import { decideOperation, selectOperation } from "./operation.ts";
import type { DecidedOperation, SelectedOperation, Variables } from "./operation.ts";
import type { OperationPlan } from "./plan.ts";
import { createPlanner, type PlannerChoice } from "./planner.ts";
import { compileProjection, type Projection } from "./projection.ts";
import type { SupergraphView } from "./supergraph.ts";
import { compileWriting, type Writing } from "./writing.ts";

/** Plans kept per supergraph: a product's stored operations fit many times over; an ad hoc one costs a plan when it falls out. */
export const MAX_PLANS = 2_000;

/** Everything about an operation that its text and its decided conditions settle. */
export type PreparedOperation = {
  readonly decided: DecidedOperation;
  readonly plan: OperationPlan;
  readonly project: Projection;
  readonly write: Writing;
  /** Answers `__schema` and `__type`; null when the operation asks neither. */
  readonly introspect: ((variables: Variables) => JsonObject) | null;
};

/** An operation ready to run, with its variables coerced by graphql-js; or the errors to answer with. */
export type Preparation =
  | { readonly kind: "ready"; readonly prepared: PreparedOperation; readonly variables: Variables }
  | { readonly kind: "refused"; readonly errors: readonly GraphQLError[] };

/** Prepares operations against one supergraph, remembering what was prepared. */
export type Operations = (
  document: DocumentNode,
  operationName: string | undefined,
  variables: Variables | undefined,
) => Preparation;

const NO_PLAN: OperationPlan = { planner: "none", primary: null, steps: null };

const introspector = (view: SupergraphView, decided: DecidedOperation): PreparedOperation["introspect"] => {
  const document = decided.introspection;
  if (document === null) return null;
  const run = (variableValues: Variables): JsonObject => {
    const { data } = executeSync({ schema: view.apiSchema, document, variableValues });
    return isJsonObject(data) ? data : {};
  };
  const isConstant = document.definitions.every(
    (node) => !("variableDefinitions" in node) || (node.variableDefinitions ?? []).length === 0,
  );
  if (!isConstant) return run;
  let answer: JsonObject | undefined;
  return () => (answer ??= run({}));
};

const asGraphQLError = (error: unknown): GraphQLError =>
  error instanceof GraphQLError
    ? error
    : new GraphQLError("The operation cannot be planned.", {
        extensions: { code: "OPERATION_NOT_PLANNED" },
        ...(error instanceof Error ? { originalError: error } : {}),
      });

/**
 * Operations of one supergraph. Looked up by the identity of the document first (a parsed document is kept by whoever
 * parses), then by the hash of its text, so that equal texts parsed twice share a plan.
 */
export const createOperations = (
  view: SupergraphView,
  options: { readonly planner?: PlannerChoice; readonly maxPlans?: number } = {},
): Operations => {
  const planner = createPlanner(view, options.planner);
  const prepared = new LRUCache<string, PreparedOperation>({ max: options.maxPlans ?? MAX_PLANS });
  type Known = { selected: SelectedOperation; key: string; only: PreparedOperation | null };
  const byDocument = new WeakMap<DocumentNode, Map<string, Known>>();

  const know = (document: DocumentNode, operationName: string | undefined): Known => {
    const names = byDocument.get(document) ?? new Map<string, Known>();
    byDocument.set(document, names);
    const known = names.get(operationName ?? "");
    if (known !== undefined) return known;
    const selected = selectOperation(document, operationName);
    const hash = createHash("sha256").update(print(document)).digest("base64");
    const fresh = { selected, key: `${hash}\n${operationName ?? ""}`, only: null };
    names.set(operationName ?? "", fresh);
    return fresh;
  };
  const prepare = (selected: SelectedOperation, variables: Variables): PreparedOperation => {
    const decided = decideOperation(selected, variables);
    return {
      decided,
      plan: decided.planned === null ? NO_PLAN : planner(decided.planned),
      project: compileProjection(decided, view.apiSchema),
      write: compileWriting(decided, view.apiSchema),
      introspect: introspector(view, decided),
    };
  };
  const find = (known: Known, variables: Variables): PreparedOperation => {
    if (known.only !== null) return known.only;
    const names = known.selected.conditionVariables;
    const key = `${known.key}\n${names.map((name) => (variables[name] === true ? "1" : "0")).join("")}`;
    let found = prepared.get(key);
    if (found === undefined) {
      found = prepare(known.selected, variables);
      prepared.set(key, found);
    }
    if (names.length === 0) known.only = found;
    return found;
  };
  return (document, operationName, given) => {
    try {
      const known = know(document, operationName);
      const definitions = known.selected.operation.variableDefinitions ?? [];
      if (definitions.length === 0) return { kind: "ready", prepared: find(known, {}), variables: {} };
      const values = getVariableValues(view.apiSchema, definitions, given ?? {}, { hideSuggestions: true });
      if (values.errors !== undefined) return { kind: "refused", errors: values.errors };
      return { kind: "ready", prepared: find(known, values.coerced), variables: values.coerced };
    } catch (error) {
      return { kind: "refused", errors: [asGraphQLError(error)] };
    }
  };
};
