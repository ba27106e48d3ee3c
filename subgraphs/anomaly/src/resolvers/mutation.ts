import type { MutationResolvers } from "../generated/resolvers.ts";
import {
  toAcknowledgeResult,
  toCreateRuleResult,
  toDeleteRuleResult,
  toResolveResult,
  toUpdateRuleResult,
} from "./results.ts";

/** Resolvers of the root mutations. */
export const Mutation: MutationResolvers = {
  createRule: (_root, { input }, { caller, operations }) =>
    operations.createRule(caller, input).then(toCreateRuleResult),
  updateRule: (_root, { id, input }, { caller, operations }) =>
    operations.updateRule(caller, id, input).then((outcome) => toUpdateRuleResult(id, outcome)),
  deleteRule: (_root, { id }, { caller, operations }) =>
    operations.deleteRule(caller, id).then((deleted) => toDeleteRuleResult(id, deleted)),
  acknowledgeAnomaly: (_root, { id, note }, { caller, operations }) =>
    operations.acknowledgeAnomaly(caller, id, note).then((outcome) => toAcknowledgeResult(id, outcome)),
  resolveAnomaly: (_root, { id, note }, { caller, operations }) =>
    operations.resolveAnomaly(caller, id, note).then((outcome) => toResolveResult(id, outcome)),
};
