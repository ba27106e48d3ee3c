import { randomUUID } from "node:crypto";

/** Variables of the root fields about recorded changes. */
export const explainExamples = {
  "Query.recordedChanges": () => ({}),
  "Mutation.recordChange": ({ mark }: { readonly mark: string }) => ({
    input: { key: `${mark} ${randomUUID()}`, kind: "DEPLOY", title: mark, at: new Date().toISOString() },
  }),
};
