import type { OwnThings } from "../examples.ts";
import { makeSavedQuery } from "../own-things.ts";
import type { TesseraClient } from "../../testing/tessera-client.ts";

/** Places that take the id of a definition, by a fresh saved query of alpha where asking changes it. */
export const definitionPlaces = (client: () => TesseraClient) => {
  const fresh = (things: OwnThings): Promise<string> => makeSavedQuery(client(), things);
  const kept = ({ savedQueryId }: OwnThings): string => savedQueryId;
  const variables = (id: string) => ({ id });
  const selection = "{ __typename }";
  return {
    "Query.savedQuery(id)": { own: kept, variables, selection: "{ name description question }" },
    "Query.runSavedQuery(id)": { own: kept, variables, selection },
    "Mutation.archiveDefinition(id)": { own: fresh, variables, selection },
    "Mutation.restoreDefinition(id)": { own: fresh, variables: (id: string) => ({ id, version: 1 }), selection },
  };
};

/** Words of definitions that are never looked up as a thing of anybody. */
export const definitionWords: Readonly<Record<string, string>> = {
  "Mutation.defineMetric(input.owner)": "stored as sent",
  "Mutation.defineSegment(input.owner)": "stored as sent",
  "Mutation.defineHierarchy(input.owner)": "stored as sent",
  "Mutation.defineDimension(input.owner)": "stored as sent",
  "Mutation.saveQuery(input.owner)": "stored as sent",
};
