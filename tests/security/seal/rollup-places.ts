import type { TesseraClient } from "../../testing/tessera-client.ts";
import type { OwnThings } from "../examples.ts";
import { makeRollup } from "../own-things.ts";

/** Places that take the id of a rollup, by a fresh one of alpha where asking changes it. */
export const rollupPlaces = (client: () => TesseraClient) => {
  const byId = (id: string) => ({ id });
  return {
    "Query.rollup(id)": {
      ...{ own: ({ rollupId }: OwnThings): string => rollupId, variables: byId },
      selection: "{ name description state versions { version } }",
    },
    "Mutation.archiveRollup(id)": {
      own: (things: OwnThings): Promise<string> => makeRollup(client(), things),
      ...{ variables: byId, selection: "{ __typename }" },
    },
  };
};
