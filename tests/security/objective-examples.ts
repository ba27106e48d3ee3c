import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { TesseraClient } from "../testing/tessera-client.ts";

/** The service level objective a tenant has. */
export interface OwnObjectives {
  readonly mark: string;
  readonly objectiveId: string;
}

const objective = (mark: string) => ({
  ...{ name: `${mark} ${randomUUID()}`, description: mark, percent: 99, window: "DAYS_7" },
  indicator: { events: { good: { field: "properties.status", lt: 500 } } },
});

/** Variables of the root fields about service level objectives. */
export const objectiveExamples = {
  "Query.objectives": () => ({}),
  "Query.objective": ({ objectiveId }: OwnObjectives) => ({ id: objectiveId }),
  "Mutation.saveObjective": ({ mark }: OwnObjectives) => ({ input: objective(mark) }),
  "Mutation.deleteObjective": ({ objectiveId }: OwnObjectives) => ({ id: objectiveId }),
};

/** Makes a service level objective; answers its id. */
export const makeObjective = async (client: TesseraClient, { mark }: Pick<OwnObjectives, "mark">): Promise<string> => {
  const shape = z.object({ saveObjective: z.object({ objective: z.object({ id: z.string() }) }) });
  const text = `mutation ($input: ObjectiveInput!) { saveObjective(input: $input) { ... on ObjectiveSaved { objective { id } } } }`;
  return (await client.ask(shape, text, { input: objective(mark) })).saveObjective.objective.id;
};
