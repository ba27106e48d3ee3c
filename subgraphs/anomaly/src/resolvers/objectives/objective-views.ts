import type { Context } from "../../context.ts";
import { indicatorFormOf } from "../../domain/objectives/check-objective.ts";
import type {
  DeletedObjective,
  Indicator,
  SavedObjective,
  SavedObjectiveOutcome,
} from "../../domain/objectives/objective.ts";
import type { Rule } from "../../domain/rule.ts";
import type { ObjectiveIndicator, ResolversTypes, ResolversUnionTypes } from "../../generated/resolvers.ts";
import { keptId } from "../../operations/silences/silence-operations.ts";
import { requireRead } from "../entities.ts";

type Results = ResolversUnionTypes<ResolversTypes>;
type Reach = Pick<Context, "caller" | "loaders" | "objectives">;

/** The objective a reference names; null when the caller's tenant has none. Refuses without anomaly:read. */
export const objectiveOfReference = async (text: string, context: Reach): Promise<SavedObjective | null> => {
  requireRead(context, "Objective");
  const id = keptId(text);
  return id === null ? null : context.objectives.objective.load(id);
};

/** The objective that a rule watches; null of others. */
export const objectiveOfRule = async (
  { watch }: Pick<Rule, "watch">,
  { objectives }: Pick<Context, "objectives">,
): Promise<SavedObjective | null> =>
  watch.kind === "QUESTION" && watch.objective !== null ? objectives.objective.load(watch.objective) : null;

/** What an objective measures, as callers see it. */
export const toIndicator = (indicator: Indicator): ObjectiveIndicator => ({
  kind: indicator.kind,
  settings: Object.values(indicatorFormOf(indicator))[0],
});

/** What became of `saveObjective`, as callers see it. */
export const toSaveObjectiveResult = (
  { id, name }: { readonly id: string; readonly name: string },
  outcome: SavedObjectiveOutcome,
): Results["SaveObjectiveResult"] => {
  switch (outcome.kind) {
    case "SAVED":
      return { __typename: "ObjectiveSaved", objective: outcome.objective };
    case "STALE":
      return { __typename: "ObjectiveChangedMeanwhile", objective: outcome.objective };
    case "NAME_TAKEN":
      return { __typename: "ObjectiveNameTaken", name };
    case "NOT_FOUND":
      return { __typename: "ObjectiveNotFound", id };
    case "LIMIT_REACHED":
      return { __typename: "ObjectiveLimitReached", limit: outcome.limit };
  }
};

/** What became of `deleteObjective`, as callers see it. */
export const toDeleteObjectiveResult = (id: string, outcome: DeletedObjective): Results["DeleteObjectiveResult"] => {
  switch (outcome.kind) {
    case "DELETED":
      return { __typename: "ObjectiveDeleted", id };
    case "NOT_FOUND":
      return { __typename: "ObjectiveNotFound", id };
    case "IN_USE":
      return { __typename: "ObjectiveInUse", rules: [...outcome.rules] };
  }
};
