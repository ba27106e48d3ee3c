import { Type } from "typebox";
import { moment, orNull, wholeNumber } from "../../answers/schemas.ts";
import { from } from "../../http/graphql-annotation.ts";
import { tenantIdSchema } from "../../http/question-parts.ts";
import type { RouteDescription } from "../../http/route-description.ts";

const PATH = "/api/v2/analytics/catalogue";
/** Characters of a beginning, of a name and of a cursor: longer than any name of an event or a path that questions know. */
const MAX_TEXT = 1_000;

const text = (description: string) => Type.Optional(Type.String({ maxLength: MAX_TEXT, description }));
const page = {
  tenant_id: tenantIdSchema,
  first: Type.Optional(Type.String({ pattern: "^[0-9]{1,3}$", default: "50", description: "How many, 1 to 500." })),
  after: text("`next_cursor` of the page before."),
};
const propertiesQuery = Type.Object(
  {
    ...page,
    prefix: text("Only paths that begin with this, with or without `properties.`."),
    event: text("Only properties of events of this name, and counted of these."),
  },
  { additionalProperties: false },
);
const namesQuery = Type.Object(
  { ...page, prefix: text("Only names that begin with this.") },
  { additionalProperties: false },
);
const noBody = Type.Unknown();

const property = (name: string) => from(`CataloguedProperty.${name}`);
const eventName = (name: string) => from(`CataloguedEventName.${name}`);

const propertySchema = Type.Object(
  {
    name: Type.String(property("name")),
    types: Type.Array(
      Type.Object({
        type: Type.Enum(["text", "number", "boolean", "time", "list", "other"], from("CataloguedType.type")),
        events: wholeNumber(from("CataloguedType.events")),
      }),
      property("types"),
    ),
    events: wholeNumber(property("events")),
    first_seen: moment(property("firstSeen")),
    last_seen: moment(property("lastSeen")),
    event_names: Type.Array(
      Type.Object({
        name: Type.String(from("PropertyOfEvents.name")),
        events: wholeNumber(from("PropertyOfEvents.events")),
      }),
      property("eventNames"),
    ),
    has_more_event_names: Type.Boolean(property("hasMoreEventNames")),
  },
  { ...from("CataloguedProperty"), title: "CataloguedProperty" },
);

const nameSchema = Type.Object(
  {
    name: Type.String(eventName("name")),
    events: wholeNumber(eventName("events")),
    first_seen: moment(eventName("firstSeen")),
    last_seen: moment(eventName("lastSeen")),
  },
  { ...from("CataloguedEventName"), title: "CataloguedEventName" },
);

const next = orNull(Type.String(), { description: "Where the next page begins; null on the last one." });
const common = { method: "get", tag: "Analytics", body: noBody, authenticated: true } as const;

/** GET /api/v2/analytics/catalogue/properties. */
export const cataloguePropertiesDescription = {
  ...{ ...common, path: `${PATH}/properties`, operationId: "listCataloguedProperties" },
  summary: "Every property that events ever had, by path",
  graphql: "Dimensions.catalogue",
  query: propertiesQuery,
  answers: {
    200: {
      description: "A page of properties.",
      schema: Type.Object({
        properties: Type.Array(propertySchema, { description: "The properties of this page." }),
        next_cursor: next,
      }),
    },
  },
  refusals: ["BAD_INPUT", "TENANT_MISMATCH", "FORBIDDEN"],
} as const satisfies RouteDescription<typeof propertiesQuery, typeof noBody>;

/** GET /api/v2/analytics/catalogue/event-names. */
export const catalogueEventNamesDescription = {
  ...{ ...common, path: `${PATH}/event-names`, operationId: "listCataloguedEventNames" },
  summary: "Every name that events ever had",
  graphql: "Dimensions.eventNames",
  query: namesQuery,
  answers: {
    200: {
      description: "A page of names.",
      schema: Type.Object({
        event_names: Type.Array(nameSchema, { description: "The names of this page." }),
        next_cursor: next,
      }),
    },
  },
  refusals: ["BAD_INPUT", "TENANT_MISMATCH", "FORBIDDEN"],
} as const satisfies RouteDescription<typeof namesQuery, typeof noBody>;

/** Every address of the catalogue. */
export const catalogueDescriptions = [cataloguePropertiesDescription, catalogueEventNamesDescription];
