import { Type } from "typebox";
import { moment, orNull, wholeNumber } from "../../answers/schemas.ts";
import { warningsSchema } from "../../answers/warnings.ts";
import { from } from "../../http/graphql-annotation.ts";

const person = (name: string) => from(`Person.${name}`);

/** Somebody, answered. */
export const personSchema = Type.Object(
  {
    id: Type.String(person("id")),
    first_seen_at: moment(person("firstSeenAt")),
    last_seen_at: moment(person("lastSeenAt")),
    event_count: wholeNumber(person("eventCount")),
    session_count: wholeNumber(person("sessionCount")),
    revenue: Type.Array(
      Type.Object({
        currency: orNull(Type.String(), from("PersonRevenue.currency")),
        amount: Type.String(from("PersonRevenue.amount")),
        events: wholeNumber(from("PersonRevenue.events")),
      }),
      person("revenue"),
    ),
    identities: Type.Array(
      Type.Object({
        kind: Type.Enum(["user", "visitor"], from("PersonIdentity.kind")),
        id: Type.String(from("PersonIdentity.id")),
      }),
      person("identities"),
    ),
    traits: Type.Array(
      Type.Object({
        name: Type.String(from("Trait.name")),
        value: Type.Unknown(from("Trait.value")),
        since: moment(from("Trait.since")),
      }),
      person("traits"),
    ),
    cohorts: orNull(
      Type.Array(Type.Object({ id: Type.String(from("Cohort.id")), name: Type.String(from("Cohort.name")) })),
      person("cohorts"),
    ),
    timeline: Type.Array(
      Type.Object({
        id: Type.String(from("Event.id")),
        name: Type.String(from("Event.name")),
        time: moment(from("Event.time")),
        session_id: orNull(Type.String(), from("Event.sessionId")),
      }),
      person("timeline"),
    ),
    next_cursor: orNull(Type.String(), { description: "Where the timeline goes on; null at its end." }),
    warnings: warningsSchema,
  },
  { ...from("Person"), title: "Person" },
);

const erasure = (name: string) => from(`PersonErasure.${name}`);

/** The erasure of a person, answered. */
export const erasureSchema = Type.Object(
  {
    id: Type.String(erasure("id")),
    state: Type.Enum(["queued", "running", "settling", "done"], erasure("state")),
    reason: Type.String(erasure("reason")),
    requested_by: Type.String(erasure("requestedBy")),
    requested_at: moment(erasure("requestedAt")),
    cut_off: orNull(moment(), erasure("cutOff")),
    erased_at: orNull(moment(), erasure("erasedAt")),
    finished_at: orNull(moment(), erasure("finishedAt")),
    passes: wholeNumber(erasure("passes")),
    steps_done: wholeNumber(erasure("stepsDone")),
    steps_total: wholeNumber(erasure("stepsTotal")),
    erased: Type.Array(
      Type.Object({ place: Type.String(from("ErasedCount.place")), count: wholeNumber(from("ErasedCount.count")) }),
      erasure("erased"),
    ),
    digests: Type.Array(Type.String(), erasure("digests")),
    warnings: warningsSchema,
  },
  { ...from("PersonErasure"), title: "PersonErasure" },
);

/** How a change of who is who ended. */
export const peopleChangeSchema = Type.Object(
  {
    changed: Type.Boolean({ description: "Whether who is who has changed." }),
    reason: orNull(
      Type.Enum([
        ...(["same_person", "of_another", "blocked", "shared_device", "held_apart", "too_many", "not_merged"] as const),
      ]),
      from("PeopleUnchanged.reason"),
    ),
  },
  { title: "PeopleChange" },
);
