import type * as Hive from "@graphql-hive/router-query-planner";
import { parallel, sequence, UnsupportedPlan } from "./plan.ts";
import type {
  EntityBatch,
  OperationPlan,
  PathSegment,
  PlanStep,
  RequiredSelection,
  Rewrite,
  RootFetch,
} from "./plan.ts";

const toSegment = (segment: Hive.FlattenNodePathSegment): PathSegment => {
  if (segment === "@") return "each";
  return "Field" in segment ? { kind: "field", name: segment.Field } : { kind: "types", names: segment.TypeCondition };
};

const toRewrite = (rewrite: Hive.FetchRewrite): Rewrite => {
  const [kind, body] =
    "KeyRenamer" in rewrite
      ? (["rename", rewrite.KeyRenamer] as const)
      : (["set", "ValueSetter" in rewrite ? rewrite.ValueSetter : rewrite] as const);
  const segments = body.path.map((segment): PathSegment =>
    "Key" in segment ? { kind: "field", name: segment.Key } : { kind: "types", names: segment.TypenameEquals },
  );
  const last = segments.pop();
  if (last === undefined || last === "each" || last.kind !== "field") {
    throw new UnsupportedPlan("a rewrite has to end in a field");
  }
  const shared = { path: segments, field: last.name };
  if (kind === "rename" && "renameKeyTo" in body) return { ...shared, kind: "rename", to: body.renameKeyTo };
  if (kind === "set" && "setValueTo" in body) return { ...shared, kind: "set", value: body.setValueTo };
  throw new UnsupportedPlan("unknown rewrite");
};

const toRequired = (selection: Hive.RequiresSelection): RequiredSelection => {
  switch (selection.kind) {
    case "Field":
      return {
        kind: "field",
        from: selection.name,
        to: selection.alias ?? selection.name,
        selections: selection.selections?.map(toRequired) ?? null,
      };
    case "InlineFragment":
      if (selection.skipIf !== undefined || selection.includeIf !== undefined) {
        throw new UnsupportedPlan("conditions are resolved before planning");
      }
      return {
        kind: "fragment",
        typeCondition: selection.typeCondition,
        selections: selection.selections.map(toRequired),
      };
    default:
      throw new UnsupportedPlan("requirements without named fragments are expected");
  }
};

const toRoot = (node: Hive.FetchNode, path: readonly PathSegment[]): RootFetch => ({
  kind: "root",
  service: node.serviceName,
  operation: node.operation,
  operationName: node.operationName,
  variableNames: node.variableUsages ?? [],
  path,
  outputRewrites: (node.outputRewrites ?? []).map(toRewrite),
});

const toFetch = (node: Hive.FetchNode, path: readonly PathSegment[]): PlanStep => {
  if (node.requires === undefined) return toRoot(node, path);
  const batch: EntityBatch = {
    key: "_entities",
    representationsVariable: "representations",
    paths: [path],
    requires: node.requires.map(toRequired),
    inputRewrites: (node.inputRewrites ?? []).map(toRewrite),
    outputRewrites: (node.outputRewrites ?? []).map(toRewrite),
  };
  return entities(node, [batch]);
};

const entities = (node: Hive.FetchNode | Hive.BatchFetchNode, batches: readonly EntityBatch[]): PlanStep => ({
  kind: "entities",
  service: node.serviceName,
  operation: node.operation,
  operationName: node.operationName,
  variableNames: node.variableUsages ?? [],
  batches,
});

const toBatch = (alias: Hive.EntityBatchAlias): EntityBatch => ({
  key: alias.alias,
  representationsVariable: alias.representationsVariableName,
  paths: alias.paths.map((path) => path.map(toSegment)),
  requires: alias.requires.map(toRequired),
  inputRewrites: (alias.inputRewrites ?? []).map(toRewrite),
  outputRewrites: (alias.outputRewrites ?? []).map(toRewrite),
});

const toStep = (node: Hive.PlanNode, path: readonly PathSegment[]): PlanStep | null => {
  switch (node.kind) {
    case "Fetch":
      return toFetch(node, path);
    case "BatchFetch":
      return entities(node, node.entityBatch.aliases.map(toBatch));
    case "Sequence":
      return sequence(node.nodes.map((child) => toStep(child, path)));
    case "Parallel":
      return parallel(node.nodes.map((child) => toStep(child, path)));
    case "Flatten":
      return toStep(node.node, [...path, ...node.path.map(toSegment)]);
    default:
      throw new UnsupportedPlan(`${node.kind} inside a plan`);
  }
};

/** Translates a plan of @graphql-hive/router-query-planner; throws UnsupportedPlan for shapes it does not know. */
export const fromHivePlan = (plan: Hive.QueryPlan): OperationPlan => {
  const { node } = plan;
  if (node === undefined) return { planner: "hive", primary: null, steps: null };
  const [first, ...rest] = node.kind === "Sequence" ? node.nodes : [node];
  if (first?.kind === "Subscription") {
    return {
      planner: "hive",
      primary: toRoot(first.primary, []),
      steps: sequence(rest.map((child) => toStep(child, []))),
    };
  }
  return { planner: "hive", primary: null, steps: toStep(node, []) };
};
