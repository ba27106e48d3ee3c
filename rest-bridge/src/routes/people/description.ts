import { Type } from "typebox";
import { from } from "../../http/graphql-annotation.ts";
import { tenantIdSchema } from "../../http/question-parts.ts";
import { WRITING_REFUSALS } from "../../http/refusals.ts";
import type { RouteDescription } from "../../http/route-description.ts";
import { erasureSchema, peopleChangeSchema, personSchema } from "./answer.ts";

const PATH = "/api/v2/analytics";
/** Characters of an id that ingest takes, and of a reason. */
const [MAX_ID, MAX_REASON] = [256, 500];
const nothing = Type.Object({}, { additionalProperties: false });
const noBody = Type.Unknown();
const common = { tag: "Analytics", authenticated: true } as const;
const text = (maxLength: number, description: string) => Type.Optional(Type.String({ maxLength, description }));
const id = (coordinate: string) => Type.String({ minLength: 1, maxLength: MAX_ID, ...from(coordinate) });

const personQuery = Type.Object(
  {
    as_of: text(40, "Traits as of this moment, RFC 3339; now when left out."),
    first: Type.Optional(
      Type.String({ pattern: "^[0-9]{1,4}$", default: "50", description: "Events of the timeline, 1 to 1,000." }),
    ),
    after: text(500, "`next_cursor` of the page before."),
  },
  { additionalProperties: false },
);
/** GET /api/v2/analytics/people/{person_id}. */
export const personDescription = {
  ...{ ...common, method: "get", path: `${PATH}/people/{person_id}`, operationId: "getPerson" },
  pathParameters: { person_id: "Number of the person, or of any of its ids; of another tenant it is nobody." },
  summary: "Somebody: ids, traits as of a moment, cohorts, revenue and timeline",
  graphql: "Query.person",
  ...{ query: personQuery, body: noBody },
  answers: { 200: { description: "The person.", schema: personSchema } },
  refusals: ["BAD_INPUT", "NOT_FOUND", "FORBIDDEN"],
} as const satisfies RouteDescription<typeof personQuery, typeof noBody>;

const mergeSchema = Type.Object(
  {
    tenant_id: tenantIdSchema,
    from_user_id: id("MergePeopleInput.fromUserId"),
    into_user_id: id("MergePeopleInput.intoUserId"),
    reason: Type.String({ minLength: 1, maxLength: MAX_REASON, ...from("MergePeopleInput.reason") }),
  },
  { additionalProperties: false, ...from("MergePeopleInput") },
);
/** POST /api/v2/analytics/people/merge. */
export const mergePeopleDescription = {
  ...{ ...common, method: "post", path: `${PATH}/people/merge`, operationId: "mergePeople" },
  summary: "Put one user's person under another's",
  graphql: "Mutation.mergePeople",
  ...{ query: nothing, body: mergeSchema },
  answers: { 200: { description: "They are one person, or why not.", schema: peopleChangeSchema } },
  refusals: WRITING_REFUSALS,
} as const satisfies RouteDescription<typeof nothing, typeof mergeSchema>;

const eraseSchema = Type.Object(
  {
    tenant_id: tenantIdSchema,
    user_id: Type.Optional(id("ErasePersonInput.userId")),
    anonymous_id: Type.Optional(id("ErasePersonInput.anonymousId")),
    reason: Type.String({ minLength: 1, maxLength: MAX_REASON, ...from("ErasePersonInput.reason") }),
  },
  { additionalProperties: false, ...from("ErasePersonInput") },
);
/** POST /api/v2/analytics/people/erasures. */
export const erasePersonDescription = {
  ...{ ...common, method: "post", path: `${PATH}/people/erasures`, operationId: "erasePerson" },
  summary: "Erase a person: every id, and everything that is kept of them",
  graphql: "Mutation.erasePerson",
  ...{ query: nothing, body: eraseSchema },
  answers: { 200: { description: "The erasure, which goes on until it is done.", schema: erasureSchema } },
  refusals: [...WRITING_REFUSALS, "OVERLOADED"],
} as const satisfies RouteDescription<typeof nothing, typeof eraseSchema>;

/** GET /api/v2/analytics/people/erasures/{erasure_id}. */
export const personErasureDescription = {
  ...{ ...common, method: "get", path: `${PATH}/people/erasures/{erasure_id}`, operationId: "getPersonErasure" },
  pathParameters: { erasure_id: "Id of the erasure; of another tenant there is none." },
  summary: "How far the erasure of a person is, and the proof that it was done",
  graphql: "Query.personErasure",
  ...{ query: nothing, body: noBody },
  answers: { 200: { description: "The erasure.", schema: erasureSchema } },
  refusals: ["NOT_FOUND", "FORBIDDEN"],
} as const satisfies RouteDescription<typeof nothing, typeof noBody>;

const identifySchema = Type.Object(
  {
    tenant_id: tenantIdSchema,
    user_id: id("IdentifyInput.userId"),
    anonymous_id: id("IdentifyInput.anonymousId"),
    traits: Type.Optional(Type.Record(Type.String(), Type.Unknown(), from("IdentifyInput.traits"))),
  },
  { additionalProperties: false, ...from("IdentifyInput") },
);
/** POST /api/v2/analytics/identify. */
export const identifyDescription = {
  ...{ ...common, method: "post", path: `${PATH}/identify`, operationId: "identify" },
  summary: "Say that a visitor is a user, and what is known of the user",
  graphql: "Mutation.identify",
  ...{ query: nothing, body: identifySchema },
  answers: { 200: { description: "The visitor is the user's, or why not.", schema: peopleChangeSchema } },
  refusals: WRITING_REFUSALS,
} as const satisfies RouteDescription<typeof nothing, typeof identifySchema>;
