import { randomUUID } from "node:crypto";

/** A name no definition of the tenant has. */
const newName = (kind: string): string => `${kind}_${randomUUID().replaceAll("-", "")}`;

/** Arguments of every root field that defines what questions name. */
export const definitionExamples: Readonly<
  Record<string, (own: { readonly mark: string }) => Readonly<Record<string, unknown>>>
> = {
  "Mutation.defineMetric": ({ mark }) => ({
    input: { name: newName("metric"), description: mark, measure: { function: "COUNT" } },
  }),
  "Mutation.defineSegment": ({ mark }) => ({
    input: { name: newName("segment"), description: mark, filter: { field: "name", eq: `${mark}-view` } },
  }),
  "Mutation.defineHierarchy": ({ mark }) => ({
    input: { name: newName("hierarchy"), description: mark, levels: ["country", "city"] },
  }),
  "Mutation.defineDimension": ({ mark }) => ({
    input: { name: newName("dimension"), description: mark, expression: { field: "country" } },
  }),
};
