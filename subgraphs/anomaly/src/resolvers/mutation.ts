import type { MutationResolvers } from "../generated/resolvers.ts";
import { withDetector } from "./detector-input.ts";
import {
  toAcknowledgeResult,
  toCreateRuleResult,
  toDeleteRuleResult,
  toResolveResult,
  toSnoozeResult,
  toUpdateRuleResult,
} from "./results.ts";

/** Resolvers of the root mutations. */
export const Mutation: MutationResolvers = {
  snoozeAnomaly: (_root, { id, ...asked }, { caller, operations }) =>
    operations.snoozeAnomaly(caller, id, asked).then((outcome) => toSnoozeResult(id, outcome)),
  createRule: (_root, { input }, { caller, operations }) =>
    operations.createRule(caller, withDetector(input)).then(toCreateRuleResult),
  updateRule: (_root, { id, input }, { caller, operations }) =>
    operations.updateRule(caller, id, withDetector(input)).then((outcome) => toUpdateRuleResult(id, outcome)),
  deleteRule: (_root, { id }, { caller, operations }) =>
    operations.deleteRule(caller, id).then((deleted) => toDeleteRuleResult(id, deleted)),
  acknowledgeAnomaly: (_root, { id, note }, { caller, operations }) =>
    operations.acknowledgeAnomaly(caller, id, note).then((outcome) => toAcknowledgeResult(id, outcome)),
  resolveAnomaly: (_root, { id, note }, { caller, operations }) =>
    operations.resolveAnomaly(caller, id, note).then((outcome) => toResolveResult(id, outcome)),
};
