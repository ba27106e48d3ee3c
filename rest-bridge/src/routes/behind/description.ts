import { Type } from "typebox";
import { PROVENANCE_HEADER } from "../../answers/provenance-header.ts";
import { BEHAVIOUR_REFUSALS } from "../../http/refusals.ts";
import type { RouteDescription } from "../../http/route-description.ts";
import { NDJSON } from "../olap-rows/description.ts";
import { countsSchema, eventsSchema, journeysSchema, peopleSchema } from "./answer.ts";
import { behindPageSchema, behindQuestionSchema } from "./question.ts";

const PATH = "/api/v2/analytics/behind";
const query = Type.Object({}, { additionalProperties: false });

/** Items of a page at most: what the graph gives. */
const MAX_PAGE = 1_000;
const MAX_JOURNEYS = 100;

const eventsPage = behindPageSchema("BehindEventsQuestion", "events", MAX_PAGE);
const peoplePage = behindPageSchema("BehindPeopleQuestion", "people", MAX_PAGE);
const journeysPage = behindPageSchema("BehindJourneysQuestion", "journeys", MAX_JOURNEYS);

const common = {
  ...({ method: "post", tag: "Analytics", query, authenticated: true } as const),
  refusals: BEHAVIOUR_REFUSALS,
} as const;

const WHOLE =
  "All of them, page by page, as fast as they are taken. What can't be brought to its end is cut off, so that no part is taken for the whole; a relative range stays where it was when the first page was asked for.";
const HEADERS = {
  "tessera-as-of": "Every event acknowledged before this moment is in the first page.",
  ...PROVENANCE_HEADER,
} as const;
const linesOf = (what: string) =>
  ({
    200: {
      ...{ description: what, mediaType: NDJSON, headers: HEADERS },
      schema: Type.String({ description: "One JSON object per line." }),
    },
  }) as const;

/** POST /api/v2/analytics/behind. */
export const behindDescription = {
  ...{ ...common, path: PATH, operationId: "countBehind", body: behindQuestionSchema },
  summary: "How many units, people and events are behind a number of an answer",
  graphql: "Query.behind",
  answers: { 200: { description: "How many there are.", schema: countsSchema } },
} as const satisfies RouteDescription<typeof query, typeof behindQuestionSchema>;

/** POST /api/v2/analytics/behind/events. */
export const behindEventsDescription = {
  ...{ ...common, path: `${PATH}/events`, operationId: "listEventsBehind", body: eventsPage },
  summary: "The events behind a number of an answer, newest first",
  graphql: "Behind.events",
  answers: { 200: { description: "A page of events.", schema: eventsSchema } },
} as const satisfies RouteDescription<typeof query, typeof eventsPage>;

/** POST /api/v2/analytics/behind/events/ndjson. */
export const behindEventsNdjsonDescription = {
  ...{ ...common, path: `${PATH}/events/ndjson`, operationId: "streamEventsBehind", body: behindQuestionSchema },
  summary: "All events behind a number of an answer, one JSON object per line",
  description: `${WHOLE} A line is an event as the list of events tells it.`,
  answers: linesOf("The events."),
} as const satisfies RouteDescription<typeof query, typeof behindQuestionSchema>;

/** POST /api/v2/analytics/behind/people. */
export const behindPeopleDescription = {
  ...{ ...common, path: `${PATH}/people`, operationId: "listPeopleBehind", body: peoplePage },
  summary: "The people behind a number of an answer",
  graphql: "Behind.people",
  answers: { 200: { description: "A page of people.", schema: peopleSchema } },
} as const satisfies RouteDescription<typeof query, typeof peoplePage>;

/** POST /api/v2/analytics/behind/people/ndjson. */
export const behindPeopleNdjsonDescription = {
  ...{ ...common, path: `${PATH}/people/ndjson`, operationId: "streamPeopleBehind", body: behindQuestionSchema },
  summary: "All people behind a number of an answer, one JSON object per line",
  description: `${WHOLE} A line is a person as the list of people tells them.`,
  answers: linesOf("The people."),
} as const satisfies RouteDescription<typeof query, typeof behindQuestionSchema>;

/** POST /api/v2/analytics/behind/journeys. */
export const behindJourneysDescription = {
  ...{ ...common, path: `${PATH}/journeys`, operationId: "listJourneysBehind", body: journeysPage },
  summary: "The journeys behind a number of an attribution",
  graphql: "Behind.journeys",
  answers: { 200: { description: "A page of journeys.", schema: journeysSchema } },
} as const satisfies RouteDescription<typeof query, typeof journeysPage>;

/** POST /api/v2/analytics/behind/journeys/ndjson. */
export const behindJourneysNdjsonDescription = {
  ...{ ...common, path: `${PATH}/journeys/ndjson`, operationId: "streamJourneysBehind", body: behindQuestionSchema },
  summary: "All journeys behind a number of an attribution, one JSON object per line",
  description: `${WHOLE} A line is a journey as the list of journeys tells it.`,
  answers: linesOf("The journeys."),
} as const satisfies RouteDescription<typeof query, typeof behindQuestionSchema>;

/** The addresses of what is behind a number, in the order of the document. */
export const behindDescriptions = [
  ...[behindDescription, behindEventsDescription, behindEventsNdjsonDescription],
  ...[behindPeopleDescription, behindPeopleNdjsonDescription],
  ...[behindJourneysDescription, behindJourneysNdjsonDescription],
] as const;
