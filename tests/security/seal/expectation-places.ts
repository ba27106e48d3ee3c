import type { TesseraClient } from "../../testing/tessera-client.ts";
import type { OwnThings } from "../examples.ts";
import { makeExpectation } from "../expectation-examples.ts";

/** The place that takes the id of an expectation, by a fresh one of alpha. */
export const expectationPlaces = (client: () => TesseraClient) => ({
  "Mutation.deleteExpectation(id)": {
    own: (things: OwnThings): Promise<string> => makeExpectation(client(), things),
    ...{ variables: (id: string) => ({ id }), selection: "{ __typename }" },
  },
});
