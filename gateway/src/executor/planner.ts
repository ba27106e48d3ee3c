import { createRequire } from "node:module";
import type * as Hive from "@graphql-hive/router-query-planner";
import { operationFromDocument } from "@apollo/federation-internals";
import { QueryPlanner as ApolloPlanner } from "@apollo/query-planner";
import { Kind, OperationTypeNode, print, type DocumentNode } from "graphql";
import { fromApolloPlan } from "./apollo-plan.ts";
import { fromHivePlan } from "./hive-plan.ts";
import { splitByRootField } from "./operation.ts";
import { sequence, UnsupportedPlan, type OperationPlan } from "./plan.ts";
import { createRequiredArgumentsTest } from "./required-arguments.ts";
import type { SupergraphView } from "./supergraph.ts";

/** Which planner leads; the other one is asked when it cannot plan an operation or is not there. */
export type PlannerChoice = "hive" | "apollo";

/** Plans documents of exactly one operation without conditions or introspection; throws when no planner knows a plan. */
export type Planner = (document: DocumentNode) => OperationPlan;

const NO_LABELS: ReadonlySet<string> = new Set();

/** The native addon exists for Linux glibc and macOS; elsewhere Apollo's planner answers alone. */
const loadHive = (): typeof Hive.QueryPlanner | null => {
  try {
    // boundary: the addon, whose own types these are
    return (createRequire(import.meta.url)("@graphql-hive/router-query-planner") as typeof Hive).QueryPlanner;
  } catch {
    return null;
  }
};

const hivePlanner = (view: SupergraphView): Planner | null => {
  const QueryPlanner = loadHive();
  if (QueryPlanner === null) return null;
  const planner = new QueryPlanner(view.sdl);
  return (document) => fromHivePlan(planner.plan(print(document), null, new Set(NO_LABELS), 0));
};

const apolloPlanner = (view: SupergraphView): Planner => {
  let planner: ApolloPlanner | undefined;
  return (document) => {
    planner ??= new ApolloPlanner(view.federated); // its query graph takes longer to build than many plans
    return fromApolloPlan(planner.buildQueryPlan(operationFromDocument(view.federated.apiSchema(), document)));
  };
};

const isMutation = (document: DocumentNode) =>
  document.definitions.some(
    (node) => node.kind === Kind.OPERATION_DEFINITION && node.operation === OperationTypeNode.MUTATION,
  );

/**
 * A planner for one supergraph. The native planner leads and Apollo's stands in where it knows no plan (a `@requires` behind a
 * change of keys is one such place), except for operations that Apollo's would answer wrongly: those are refused. A mutation is planned field by field and run in order, each with everything below it
 * before the next begins, as GraphQL's serial execution asks.
 */
export const createPlanner = (view: SupergraphView, choice: PlannerChoice = "hive"): Planner => {
  const apollo = apolloPlanner(view);
  const hive = choice === "hive" ? hivePlanner(view) : null;
  const conflicts = createRequiredArgumentsTest(view.sdl);
  const fallback: Planner = (document) => {
    if (conflicts(document)) throw new UnsupportedPlan("a required field is wanted with different arguments");
    return apollo(document);
  };
  const planOne: Planner = (document) => {
    if (hive === null) return fallback(document);
    try {
      return hive(document);
    } catch {
      return fallback(document);
    }
  };
  return (document) => {
    if (!isMutation(document)) return planOne(document);
    const plans = splitByRootField(document).map(planOne);
    return {
      planner: plans[0]?.planner ?? "none",
      primary: null,
      steps: sequence(plans.map((plan) => plan.steps)),
    };
  };
};
