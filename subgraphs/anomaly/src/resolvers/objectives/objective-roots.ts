import type { MutationResolvers, QueryResolvers } from "../../generated/resolvers.ts";
import { objectiveOfReference, toDeleteObjectiveResult, toSaveObjectiveResult } from "./objective-views.ts";

/** Root queries about service level objectives. */
export const objectiveQueries = {
  objectives: (_root, _arguments, { caller, operations }) => operations.objectives(caller),
  objective: (_root, { id }, context) => objectiveOfReference(id, context),
} satisfies QueryResolvers;

/** Root mutations about the same. */
export const objectiveMutations = {
  saveObjective: (_root, asked, { caller, operations }) =>
    operations
      .saveObjective(caller, asked)
      .then((outcome) => toSaveObjectiveResult({ id: asked.id ?? "", name: asked.input.name }, outcome)),
  deleteObjective: (_root, { id }, { caller, operations }) =>
    operations.deleteObjective(caller, id).then((outcome) => toDeleteObjectiveResult(id, outcome)),
} satisfies MutationResolvers;
