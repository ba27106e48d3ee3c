import { Type, type Static } from "typebox";
import type { EventQualityInput } from "../../generated/graphql.ts";
import { from } from "../../http/graphql-annotation.ts";
import { allowUnknownSchema, rangeSchema, tenantIdSchema, toAllowUnknown, toRange } from "../../http/question-parts.ts";
import { matcherSchema, toMatcher } from "../realtime-query/matcher.ts";
import { expectationSchema, toExpectation } from "./expectation.ts";

/** Characters of a name of a zone. */
const MAX_NAME = 512;
/** Expectations of a question: what the graph takes. */
const MAX_EXPECTATIONS = 20;

const keptSchema = Type.Object(
  {
    id: Type.String({ format: "uuid", ...from("KeptExpectationInput.id") }),
    version: Type.Optional(Type.Integer({ minimum: 1, ...from("KeptExpectationInput.version") })),
  },
  { additionalProperties: false, ...from("KeptExpectationInput") },
);

const EXAMPLE = {
  range: { from: "2026-11-01T00:00:00Z", to: "2026-12-01T00:00:00Z" },
  event: { events: ["purchase"] },
  expect: [{ name: "has a currency", present: { field: "currency" }, at_least: 0.99 }],
};

/** A question about the quality of events. */
export const eventQualityQuestionSchema = Type.Object(
  {
    tenant_id: tenantIdSchema,
    range: rangeSchema("EventQualityInput.range"),
    time_zone: Type.Optional(Type.String({ maxLength: MAX_NAME, ...from("EventQualityInput.timeZone") })),
    event: Type.Optional(matcherSchema),
    expect: Type.Optional(
      Type.Array(expectationSchema, { maxItems: MAX_EXPECTATIONS, ...from("EventQualityInput.expect") }),
    ),
    kept: Type.Optional(Type.Array(keptSchema, { maxItems: MAX_EXPECTATIONS, ...from("EventQualityInput.kept") })),
    allow_unknown: allowUnknownSchema("EventQualityInput"),
  },
  { additionalProperties: false, title: "EventQualityQuestion", examples: [EXAMPLE], ...from("EventQualityInput") },
);

/** A question about the quality of events in the graph's words. */
export const toEventQualityInput = (question: Static<typeof eventQualityQuestionSchema>): EventQualityInput => {
  const { range, time_zone: timeZone, event, expect, kept } = question;
  return {
    range: toRange(range),
    ...(timeZone === undefined ? {} : { timeZone }),
    ...(event === undefined ? {} : { event: toMatcher(event) }),
    ...(expect === undefined ? {} : { expect: expect.map(toExpectation) }),
    ...(kept === undefined ? {} : { kept }),
    ...toAllowUnknown(question),
  };
};
