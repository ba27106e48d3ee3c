import { randomUUID } from "node:crypto";

/** Variables of the root fields about recorded changes. */
export const explainExamples = {
  "Query.recordedChanges": () => ({}),
  "Query.changeSources": () => ({}),
  "Mutation.saveChangeSource": ({ mark }: { readonly mark: string }) => ({
    input: { name: mark.slice(0, 100), kind: "FLAG", event: mark.slice(0, 128) },
  }),
  "Mutation.deleteChangeSource": () => ({ name: "none" }),
  "Mutation.recordChange": ({ mark }: { readonly mark: string }) => ({
    input: { key: `${mark} ${randomUUID()}`, kind: "DEPLOY", title: mark, at: new Date().toISOString() },
  }),
};
