import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { TesseraClient } from "../testing/tessera-client.ts";

/** What the examples about kept expectations name. */
export interface OwnExpectations {
  readonly mark: string;
  readonly expectationId: string;
}

const expectation = (mark: string) => ({
  ...{ event: `${mark}-view`, where: { field: "country", exists: false } },
  expect: { name: `${mark} ${randomUUID().slice(0, 8)}`, present: { field: "url" } },
});

/** Arguments of every root field about kept expectations. */
export const expectationExamples = {
  "Query.expectations": () => ({}),
  "Mutation.saveExpectation": ({ mark }: OwnExpectations) => ({ input: expectation(mark) }),
  "Mutation.deleteExpectation": ({ expectationId }: OwnExpectations) => ({ id: expectationId }),
};

/** Keeps an expectation; answers its id. */
export const makeExpectation = async (
  client: TesseraClient,
  { mark }: Pick<OwnExpectations, "mark">,
): Promise<string> => {
  const shape = z.object({ saveExpectation: z.object({ expectation: z.object({ id: z.string() }) }) });
  const text = `mutation ($input: SaveExpectationInput!) { saveExpectation(input: $input) { ... on ExpectationSaved { expectation { id } } } }`;
  return (await client.ask(shape, text, { input: expectation(mark) })).saveExpectation.expectation.id;
};
