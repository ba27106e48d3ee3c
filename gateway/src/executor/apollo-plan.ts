import type * as Apollo from "@apollo/query-planner";
import { parallel, sequence, UnsupportedPlan } from "./plan.ts";
import type { OperationPlan, PathSegment, PlanStep, RequiredSelection, Rewrite, RootFetch } from "./plan.ts";

const FRAGMENT_PREFIX = "... on ";

const toSegment = (element: string | number): PathSegment => {
  if (element === "@") return "each";
  const name = String(element);
  return name.startsWith(FRAGMENT_PREFIX)
    ? { kind: "types", names: [name.slice(FRAGMENT_PREFIX.length)] }
    : { kind: "field", name };
};

const toRewrite = (rewrite: Apollo.FetchDataRewrite): Rewrite => {
  const path = rewrite.path.map(toSegment);
  const last = path.pop();
  if (last === undefined || last === "each" || last.kind !== "field") {
    throw new UnsupportedPlan("a rewrite has to end in a field");
  }
  return rewrite.kind === "KeyRenamer"
    ? { kind: "rename", path, field: last.name, to: rewrite.renameKeyTo }
    : { kind: "set", path, field: last.name, value: rewrite.setValueTo };
};

const toRequired = (selection: Apollo.QueryPlanSelectionNode): RequiredSelection => {
  if (selection.kind === "InlineFragment") {
    return {
      kind: "fragment",
      typeCondition: selection.typeCondition ?? null,
      selections: selection.selections.map(toRequired),
    };
  }
  const key = selection.alias ?? selection.name;
  return { kind: "field", from: key, to: key, selections: selection.selections?.map(toRequired) ?? null };
};

const toRoot = (node: Apollo.FetchNode, path: readonly PathSegment[]): RootFetch => ({
  kind: "root",
  service: node.serviceName,
  operation: node.operation,
  operationName: node.operationName,
  variableNames: node.variableUsages ?? [],
  path,
  outputRewrites: (node.outputRewrites ?? []).map(toRewrite),
});

const toFetch = (node: Apollo.FetchNode, path: readonly PathSegment[]): PlanStep => {
  if (node.requires === undefined) return toRoot(node, path);
  return {
    kind: "entities",
    service: node.serviceName,
    operation: node.operation,
    operationName: node.operationName,
    variableNames: node.variableUsages ?? [],
    batches: [
      {
        key: "_entities",
        representationsVariable: "representations",
        paths: [path],
        requires: node.requires.map(toRequired),
        inputRewrites: (node.inputRewrites ?? []).map(toRewrite),
        outputRewrites: (node.outputRewrites ?? []).map(toRewrite),
      },
    ],
  };
};

const toStep = (node: Apollo.PlanNode, path: readonly PathSegment[]): PlanStep | null => {
  switch (node.kind) {
    case "Fetch":
      return toFetch(node, path);
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

/** Translates a plan of @apollo/query-planner; throws UnsupportedPlan for shapes it does not know. */
export const fromApolloPlan = (plan: Apollo.QueryPlan): OperationPlan => {
  const { node } = plan;
  if (node === undefined) return { planner: "apollo", primary: null, steps: null };
  if (node.kind === "Subscription") {
    return {
      planner: "apollo",
      primary: toRoot(node.primary, []),
      steps: node.rest === undefined ? null : toStep(node.rest, []),
    };
  }
  return { planner: "apollo", primary: null, steps: toStep(node, []) };
};
