import { Type } from "typebox";
import { from, graphqlInput } from "../../http/graphql-annotation.ts";
import type { RouteDescription } from "../../http/route-description.ts";

const outcomeSchema = Type.Union(
  [
    Type.Object(
      {
        kind: Type.Literal("ACCEPTED"),
        index: Type.Integer(from("EventAccepted.index")),
        eventId: Type.String({ format: "uuid", ...from("EventAccepted.eventId") }),
        batchId: Type.String({ format: "uuid", ...from("EventAccepted.batchId") }),
      },
      { title: "EventAccepted", ...from("EventAccepted") },
    ),
    Type.Object(
      {
        kind: Type.Literal("DUPLICATE"),
        index: Type.Integer(from("EventDuplicate.index")),
        eventId: Type.String({ format: "uuid", ...from("EventDuplicate.eventId") }),
      },
      { title: "EventDuplicate", ...from("EventDuplicate") },
    ),
    Type.Object(
      {
        kind: Type.Literal("REJECTED"),
        index: Type.Integer(from("EventRejected.index")),
        path: Type.String(from("EventRejected.path")),
        code: Type.String(from("EventRejected.code")),
        reason: Type.String(from("EventRejected.reason")),
      },
      { title: "EventRejected", ...from("EventRejected") },
    ),
  ],
  { title: "IngestOutcome", ...from("IngestOutcome") },
);

/** What became of the events of one request. */
export const receiptSchema = Type.Object(
  {
    accepted: Type.Integer(from("IngestPayload.accepted")),
    duplicate: Type.Integer(from("IngestPayload.duplicate")),
    rejected: Type.Integer(from("IngestPayload.rejected")),
    outcomes: Type.Array(outcomeSchema, from("IngestPayload.outcomes")),
  },
  { title: "IngestReceipt", ...from("IngestPayload") },
);

const cloudEvent = Type.Object(
  {
    specversion: Type.Literal("1.0"),
    id: Type.String({ minLength: 1 }),
    source: Type.String({ minLength: 1 }),
    type: Type.String({ minLength: 1 }),
    time: Type.Optional(Type.String({ format: "date-time" })),
    subject: Type.Optional(Type.String()),
    data: Type.Optional(Type.Object({}, { additionalProperties: true })),
  },
  {
    title: "CloudEvent",
    description:
      "CloudEvents 1.0 in JSON; `type` is the event's name, members of `data` with the name of a field fill it.",
    additionalProperties: true,
  },
);

const event = graphqlInput("EventInput");

/** POST /api/v2/events, which the write path serves. */
export const eventsDescription = {
  method: "post",
  path: "/api/v2/events",
  operationId: "ingestEvents",
  tag: "Events",
  summary: "Store events",
  graphql: "Mutation.ingestEvents",
  description: "The body may be compressed with gzip (`Content-Encoding: gzip`).",
  query: Type.Object(
    {
      outcomes: Type.Optional(
        Type.Enum(["all", "rejected"], {
          default: "all",
          description: "Whether the answer lists every outcome or rejections only.",
        }),
      ),
    },
    { additionalProperties: false },
  ),
  bodies: {
    "application/json": Type.Union([
      Type.Array(event),
      Type.Object({ events: Type.Array(event) }, { additionalProperties: false }),
      event,
    ]),
    "application/x-ndjson": Type.String({ description: "One event per line." }),
    "application/cloudevents+json": cloudEvent,
    "application/cloudevents-batch+json": Type.Array(cloudEvent),
  },
  answers: {
    200: { description: "At least one event is stored now or had been stored before.", schema: receiptSchema },
  },
  refusals: ["BAD_INPUT", "PAYLOAD_TOO_LARGE", "UNSUPPORTED_MEDIA_TYPE", "EVENTS_REJECTED"],
  authenticated: true,
} as const satisfies RouteDescription;
