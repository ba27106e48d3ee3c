import type { TesseraClient } from "../../testing/tessera-client.ts";
import { idPlaces } from "../api-schema.ts";
import type { OwnThings } from "../examples.ts";
import { makeExpectation } from "../expectation-examples.ts";

const range = { from: "2026-01-01T00:00:00Z", to: "2026-01-02T00:00:00Z" };
const EVENT_QUALITY = "Query.eventQuality(input.kept.id)";
const SAVED = "Mutation.saveQuery(input.eventQuality.kept.id)";

/** The places that take the id of an expectation, by a fresh one of alpha, or the one that it keeps. */
export const expectationPlaces = (client: () => TesseraClient) => ({
  "Mutation.deleteExpectation(id)": {
    own: (things: OwnThings): Promise<string> => makeExpectation(client(), things),
    ...{ variables: (id: string) => ({ id }), selection: "{ __typename }" },
  },
  [EVENT_QUALITY]: {
    own: ({ expectationId }: OwnThings): string => expectationId,
    ...{ variables: (id: string) => ({ input: { range, kept: [{ id }] } }), selection: "{ expectations { name } }" },
  },
  [SAVED]: {
    own: ({ expectationId }: OwnThings): string => expectationId,
    variables: (id: string) => ({ input: { name: "sealed_quality", eventQuality: { range, kept: [{ id }] } } }),
    selection: "{ __typename }",
  },
});

/** Places of other questions that name an expectation: found as that of `eventQuality` itself, where the same id is tried. */
export const expectationWords: Readonly<Record<string, string>> = Object.fromEntries(
  idPlaces
    .filter((place) => place.endsWith(".kept.id)") && place !== EVENT_QUALITY && place !== SAVED)
    .map((place) => [place, "found as that of Query.eventQuality(input.kept.id), whoever asks the question"]),
);
