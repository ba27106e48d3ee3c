import { readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import { Refusal } from "@tessera/platform/errors/refusal";
import { QUESTION_KINDS } from "../../domain/dashboards/question.ts";
import { createQuestionTypes } from "./question-types.ts";

const types = createQuestionTypes(readFileSync(new URL("../../../schema.graphql", import.meta.url), "utf8"));
const RANGE = { sliding: "P7D" };
const MATCHER = { events: ["view"] };
const ONLY = { field: "country", eq: "DE" };

/** The least that each question is asked with. */
const LEAST = {
  OLAP: { range: RANGE },
  TIME_SERIES: { range: RANGE, granularity: "DAY" },
  FUNNEL: { range: RANGE, steps: [{ anyOf: [MATCHER] }], exclusions: [{ event: MATCHER }] },
  RETENTION: { range: RANGE, start: MATCHER, returning: MATCHER },
  STICKINESS: { range: RANGE, event: MATCHER },
  LIFECYCLE: { range: RANGE, event: MATCHER },
  ACTIVE_USERS: { range: RANGE, event: MATCHER },
  ATTRIBUTION: { range: RANGE, conversion: MATCHER, touchpoints: [MATCHER], models: [{ kind: "LINEAR" }] },
  PATHS: { range: RANGE, start: { event: MATCHER } },
  SESSION_METRICS: { range: RANGE, conversion: MATCHER },
  VELOCITY: { range: RANGE, event: MATCHER, by: "device", within: "PT1M", moreThan: 3 },
  RINGS: { range: RANGE, event: MATCHER, through: ["device"] },
  EVENT_QUALITY: { range: RANGE, event: MATCHER, expect: [{ name: "e", present: { field: "device" } }] },
  DRIFT: { range: RANGE, event: MATCHER, field: "device", kind: "CATEGORICAL", reference: { trailing: "P7D" } },
  COHORT_SIZES: { range: RANGE, cohort: "6f0b6a1e-6b1c-4f1e-9a53-0a4c1f3f8f11" },
  API_EXECUTIONS: { range: RANGE, by: "OPERATION" },
  SAVED_QUERY: { name: "q" },
} as const;

describe("the types of questions", () => {
  test.each(QUESTION_KINDS)("give %s its defaults, once: what was given them stays as it is", (kind) => {
    const once = types.coerce(kind, LEAST[kind], "question");
    expect(once).toMatchObject(LEAST[kind]);
    expect(types.coerce(kind, once, "question")).toEqual(once);
  });

  test.each([
    ["OLAP", { range: RANGE, limt: 5 }, "question"],
    ["OLAP", { range: RANGE, limit: 2.5 }, "question.limit"],
    ["TIME_SERIES", { range: RANGE, granularity: "FORTNIGHT" }, "question.granularity"],
    ["FUNNEL", { range: RANGE, steps: [{ anyOf: [{ events: [null] }] }] }, "question.steps.0.anyOf.0.events.0"],
    ["SAVED_QUERY", null, "question"],
  ] as const)("refuse of %s what they do not allow, where it stands", (kind, input, field) => {
    const refusal = (): Refusal => {
      try {
        types.coerce(kind, input, "question");
      } catch (error) {
        if (error instanceof Refusal) return error;
        throw error;
      }
      throw new Error("It was not refused.");
    };
    expect(refusal()).toMatchObject({ code: "BAD_INPUT", extras: { field } });
  });

  test.each(QUESTION_KINDS)("join a filter to that of every event that %s asks for", (kind) => {
    const asked = types.coerce(kind, LEAST[kind], "question");
    expect(types.narrow(kind, asked, null)).toEqual(asked);
    const narrow = types.narrow(kind, asked, ONLY);
    const matchers = JSON.stringify(asked).split('"events":').length - 1;
    const own = ["OLAP", "TIME_SERIES", "SESSION_METRICS", "SAVED_QUERY"].includes(kind) ? 1 : 0;
    // Of paths, the steps are a matcher of any event when nothing is said.
    const any = kind === "PATHS" ? 1 : 0;
    expect(JSON.stringify(narrow).split('"country"').length - 1).toBe(matchers + own + any);
    const twice = types.narrow(kind, narrow, { field: "source", eq: "web" });
    expect(JSON.stringify(twice).split('{"and":[{"field":"country","eq":"DE"},').length - 1).toBe(matchers + own + any);
  });
});
