import type { SteppedAnomaly } from "../domain/anomaly.ts";
import type { ChangedRule } from "../domain/rule.ts";
import type { ResolversTypes, ResolversUnionTypes } from "../generated/resolvers.ts";
import type { CreateRuleOutcome } from "../operations/create-rule.ts";

type Results = ResolversUnionTypes<ResolversTypes>;

/** What became of `createRule`, as callers see it. */
export const toCreateRuleResult = (outcome: CreateRuleOutcome): Results["CreateRuleResult"] => {
  switch (outcome.kind) {
    case "SAVED":
      return { __typename: "RuleSaved", rule: outcome.rule };
    case "REJECTED":
      return { __typename: "RuleRejected", problems: outcome.problems };
    case "NAME_TAKEN":
      return { __typename: "RuleNameTaken", name: outcome.rule.name, rule: outcome.rule };
    case "LIMIT_REACHED":
      return { __typename: "RuleLimitReached", limit: outcome.limit };
  }
};

/** What became of `updateRule`, as callers see it. */
export const toUpdateRuleResult = (id: string, outcome: ChangedRule): Results["UpdateRuleResult"] => {
  switch (outcome.kind) {
    case "SAVED":
      return { __typename: "RuleSaved", rule: outcome.rule };
    case "REJECTED":
      return { __typename: "RuleRejected", problems: outcome.problems };
    case "NAME_TAKEN":
      return { __typename: "RuleNameTaken", name: outcome.rule.name, rule: outcome.rule };
    case "STALE":
      return { __typename: "RuleChangedMeanwhile", rule: outcome.rule };
    case "NOT_FOUND":
      return { __typename: "RuleNotFound", id };
  }
};

/** What became of `deleteRule`, as callers see it. */
export const toDeleteRuleResult = (id: string, deleted: boolean): Results["DeleteRuleResult"] =>
  deleted ? { __typename: "RuleDeleted", id } : { __typename: "RuleNotFound", id };

/** What became of `acknowledgeAnomaly`, as callers see it. */
export const toAcknowledgeResult = (id: string, outcome: SteppedAnomaly): Results["AcknowledgeAnomalyResult"] => {
  switch (outcome.kind) {
    case "SAVED":
      return { __typename: "AnomalyAcknowledged", anomaly: outcome.anomaly };
    case "REFUSED":
      return { __typename: "AnomalyStepRefused", anomaly: outcome.anomaly };
    case "NOT_FOUND":
      return { __typename: "AnomalyNotFound", id };
  }
};

/** What became of `resolveAnomaly`, as callers see it. */
export const toResolveResult = (id: string, outcome: SteppedAnomaly): Results["ResolveAnomalyResult"] => {
  switch (outcome.kind) {
    case "SAVED":
      return { __typename: "AnomalyResolved", anomaly: outcome.anomaly };
    case "REFUSED":
      return { __typename: "AnomalyStepRefused", anomaly: outcome.anomaly };
    case "NOT_FOUND":
      return { __typename: "AnomalyNotFound", id };
  }
};

/** What became of `snoozeAnomaly`, as callers see it. */
export const toSnoozeResult = (id: string, outcome: SteppedAnomaly): Results["SnoozeAnomalyResult"] => {
  switch (outcome.kind) {
    case "SAVED":
      return { __typename: "AnomalySnoozed", anomaly: outcome.anomaly };
    case "REFUSED":
      return { __typename: "AnomalyStepRefused", anomaly: outcome.anomaly };
    case "NOT_FOUND":
      return { __typename: "AnomalyNotFound", id };
  }
};
