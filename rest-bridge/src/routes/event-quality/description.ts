import { Type } from "typebox";
import { provenanceSchema } from "../../answers/provenance.ts";
import { orNull, wholeNumber } from "../../answers/schemas.ts";
import { warningsSchema } from "../../answers/warnings.ts";
import { from } from "../../http/graphql-annotation.ts";
import { toldRangeSchema } from "../../http/question-parts.ts";
import { BEHAVIOUR_REFUSALS } from "../../http/refusals.ts";
import type { RouteDescription } from "../../http/route-description.ts";
import { eventQualityQuestionSchema } from "./question.ts";

const query = Type.Object({}, { additionalProperties: false });
const result = (name: string) => from(`ExpectationResult.${name}`);
const delay = (name: string) => Type.Number(from(`EventDelay.${name}`));

const resultSchema = Type.Object(
  {
    name: Type.String(result("name")),
    kind: Type.Enum(["present", "valid", "holds", "unique", "timely"], result("kind")),
    tested: wholeNumber(result("tested")),
    passed: wholeNumber(result("passed")),
    failed: wholeNumber(result("failed")),
    share: orNull(Type.Number(), result("share")),
    at_least: orNull(Type.Number(), result("atLeast")),
    met: orNull(Type.Boolean(), result("met")),
    delay: orNull(
      Type.Object({
        p50_seconds: delay("p50Seconds"),
        p95_seconds: delay("p95Seconds"),
        p99_seconds: delay("p99Seconds"),
        max_seconds: delay("maxSeconds"),
      }),
      result("delay"),
    ),
  },
  from("ExpectationResult"),
);

const answerSchema = Type.Object(
  {
    range: toldRangeSchema("EventQualityResult.range"),
    events: wholeNumber(from("EventQualityResult.events")),
    met: orNull(Type.Boolean(), from("EventQualityResult.met")),
    expectations: Type.Array(resultSchema, from("EventQualityResult.expectations")),
    provenance: provenanceSchema,
    warnings: warningsSchema,
  },
  { ...from("EventQualityResult"), title: "EventQuality" },
);

/** POST /api/v2/analytics/event-quality. */
export const eventQualityDescription = {
  ...({ method: "post", tag: "Analytics", authenticated: true } as const),
  ...{ path: "/api/v2/analytics/event-quality", operationId: "testEvents" },
  summary: "How far events are what is expected of them",
  graphql: "Query.eventQuality",
  ...{ query, body: eventQualityQuestionSchema },
  answers: { 200: { description: "What came of each expectation.", schema: answerSchema } },
  refusals: [...BEHAVIOUR_REFUSALS, "FORBIDDEN"],
} as const satisfies RouteDescription<typeof query, typeof eventQualityQuestionSchema>;
