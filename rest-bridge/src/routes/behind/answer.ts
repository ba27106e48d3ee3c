import { Type } from "typebox";
import { inRestWords } from "../../answers/in-rest-words.ts";
import { provenanceSchema } from "../../answers/provenance.ts";
import { moment, orNull, wholeNumber } from "../../answers/schemas.ts";
import { warningsSchema } from "../../answers/warnings.ts";
import type { WholeEventPartsFragment } from "../../generated/graphql.ts";
import { from } from "../../http/graphql-annotation.ts";
import { toldRangeSchema } from "../../http/question-parts.ts";
import { snakeCase } from "../../http/snake-case.ts";

const text = (coordinate: string) => Type.String(from(coordinate));
const maybeText = (coordinate: string) => orNull(Type.String(), from(coordinate));
const maybeNumber = (coordinate: string) => orNull(Type.Number(), from(coordinate));
const nextCursorSchema = orNull(Type.String(), { description: "Where to go on (`after`); null at the end." });

const TEXTS = [
  ...([
    "userId",
    "anonymousId",
    "sessionId",
    "source",
    "country",
    "region",
    "city",
    "device",
    "os",
    "browser",
  ] as const),
  ...(["url", "referrer", "utmSource", "utmMedium", "utmCampaign", "utmTerm", "utmContent"] as const),
  ...(["revenue", "currency", "correlationId", "traceId"] as const),
];

const eventSchema = Type.Object(
  {
    id: text("Event.id"),
    name: text("Event.name"),
    time: moment(from("Event.time")),
    received_at: moment(from("Event.receivedAt")),
    ...Object.fromEntries(TEXTS.map((name) => [snakeCase(name), maybeText(`Event.${name}`)])),
    schema_version: Type.Integer(from("Event.schemaVersion")),
    synthetic: Type.Boolean(from("Event.synthetic")),
    quality_flags: Type.Array(Type.String(), from("Event.qualityFlags")),
    properties: Type.Unknown(from("Event.properties")),
    batch_id: text("Event.batchId"),
  },
  { ...from("Event"), title: "StoredEvent" },
);

/** An event in REST's words; its properties stay as they were sent. Whose it is, is null for callers who may not see it. */
export const toEvent = ({ properties, userId = null, anonymousId = null, ...event }: WholeEventPartsFragment) => ({
  ...Object.fromEntries(
    Object.entries({ ...event, userId, anonymousId })
      .filter(([name]) => name !== "__typename")
      .map(([name, value]): [string, unknown] => [snakeCase(name), value]),
  ),
  properties,
});

/** People, or journeys, in REST's words. */
export const toItem = (item: object): unknown => inRestWords(item);

const shortEventSchema = (coordinate: string) =>
  orNull(
    Type.Object({ id: text("Event.id"), name: text("Event.name"), time: moment(from("Event.time")) }),
    from(coordinate),
  );

/** How many there are behind a number. */
export const countsSchema = Type.Object(
  {
    units: wholeNumber(from("BehindCounts.units")),
    people: orNull(wholeNumber(), from("BehindCounts.people")),
    events: wholeNumber(from("BehindCounts.events")),
    credit: maybeNumber("BehindCounts.credit"),
    credited_value: maybeNumber("BehindCounts.creditedValue"),
    range: toldRangeSchema("BehindCounts.range"),
    provenance: provenanceSchema,
    warnings: warningsSchema,
  },
  { ...from("BehindCounts"), title: "BehindCounts" },
);

const page = {
  next_cursor: nextCursorSchema,
  provenance: provenanceSchema,
  warnings: warningsSchema,
};

/** A page of the events behind a number. */
export const eventsSchema = Type.Object(
  {
    events: Type.Array(eventSchema, { description: "The events, newest first." }),
    range: orNull(toldRangeSchema("EventConnection.range")),
    ...page,
  },
  { ...from("Behind.events"), title: "BehindEvents" },
);

const personSchema = Type.Object(
  {
    user_id: maybeText("BehindPerson.userId"),
    anonymous_id: maybeText("BehindPerson.anonymousId"),
    events: wholeNumber(from("BehindPerson.events")),
    first_event: shortEventSchema("BehindPerson.firstEvent"),
    last_event: shortEventSchema("BehindPerson.lastEvent"),
  },
  { ...from("BehindPerson"), title: "BehindPerson" },
);

/** A page of the people behind a number. */
export const peopleSchema = Type.Object(
  {
    people: Type.Array(personSchema, from("BehindPeople.nodes")),
    range: toldRangeSchema("BehindPeople.range"),
    ...page,
  },
  { ...from("BehindPeople"), title: "BehindPeople" },
);

const touchpointSchema = Type.Object(
  {
    label: text("BehindTouchpoint.label"),
    time: moment(from("BehindTouchpoint.time")),
    credit: maybeNumber("BehindTouchpoint.credit"),
    event: shortEventSchema("BehindTouchpoint.event"),
  },
  from("BehindTouchpoint"),
);

const journeySchema = Type.Object(
  {
    ended_at: moment(from("BehindJourney.endedAt")),
    conversion: shortEventSchema("BehindJourney.conversion"),
    value: maybeNumber("BehindJourney.value"),
    credit: maybeNumber("BehindJourney.credit"),
    credited_value: maybeNumber("BehindJourney.creditedValue"),
    touchpoints: Type.Array(touchpointSchema, from("BehindJourney.touchpoints")),
  },
  from("BehindJourney"),
);

/** A page of the journeys behind a number of attribution. */
export const journeysSchema = Type.Object(
  {
    journeys: Type.Array(journeySchema, from("BehindJourneys.nodes")),
    range: toldRangeSchema("BehindJourneys.range"),
    ...page,
  },
  { ...from("BehindJourneys"), title: "BehindJourneys" },
);
