import { randomUUID } from "node:crypto";
import type { TesseraClient } from "../../testing/tessera-client.ts";
import type { OwnThings } from "../examples.ts";
import { makeObjective, objectiveExamples } from "../objective-examples.ts";
import { makeRule } from "../own-things.ts";

const rule = (objective: string) => ({
  ...{
    name: `sealed ${randomUUID()}`,
    evaluationIntervalSeconds: 86_400,
    enabled: false,
    objective: { id: objective },
  },
});
const span = { from: "2026-01-01T00:00:00Z", to: "2026-01-01T03:00:00Z" };

/** Places that take the id of a service level objective, by a fresh one of alpha where asking changes it. */
export const objectivePlaces = (client: () => TesseraClient) => {
  const selection = "{ __typename }";
  let ruleId = "";
  const kept = (own: OwnThings): string => {
    ({ ruleId } = own);
    return own.objectiveId;
  };
  const fresh = (own: OwnThings): Promise<string> => makeObjective(client(), own);
  return {
    "Query.objective(id)": { own: kept, variables: (id: string) => ({ id }), selection: "{ name }" },
    "Mutation.saveObjective(id)": {
      own: fresh,
      variables: (id: string) => ({
        ...{ id, version: 1 },
        ...objectiveExamples["Mutation.saveObjective"]({ mark: "sealed", objectiveId: id }),
      }),
      selection,
    },
    "Mutation.deleteObjective(id)": { own: fresh, variables: (id: string) => ({ id }), selection },
    "Mutation.createRule(input.objective.id)": {
      own: fresh,
      variables: (id: string) => ({ input: rule(id) }),
      selection,
    },
    "Mutation.updateRule(input.objective.id)": {
      own: async (own: OwnThings) => {
        ruleId = await makeRule(client(), own);
        return fresh(own);
      },
      variables: (id: string) => ({ id: ruleId, input: { objective: { id } } }),
      selection,
    },
    "Query.simulateRule(draft.objective.id)": {
      own: kept,
      variables: (id: string) => ({ draft: rule(id), ...span }),
      selection: "{ buckets }",
    },
    "Query.simulateRule(change.objective.id)": {
      own: kept,
      variables: (id: string) => ({ rule: ruleId, change: { objective: { id } }, ...span }),
      selection: "{ buckets }",
    },
  };
};
