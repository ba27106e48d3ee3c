import { beforeEach, describe, expect, it } from "@jest/globals";
import { Value } from "typebox/value";
import type { KeptExpectationPartsFragment, RestEventQualityQuery } from "../../generated/graphql.ts";
import { bridgeOfTests } from "../../testing/bridge-of-tests.ts";
import { metricsAnswer } from "../../testing/metrics-answer.ts";
import { OTHER_TENANT } from "../../testing/running-bridge.ts";
import { eventQualityDescription } from "../event-quality/description.ts";
import { expectationsDescription, removeExpectationDescription, saveExpectationDescription } from "./description.ts";

const PATH = "/api/v2/analytics/expectations";
const ID = "6d6e2f0a-0000-4000-8000-000000000001";
const at = "2026-11-01T00:00:00.000Z";
const rateLimit = {};
const noTests = {
  ...{ eq: null, in: null, contains: null, startsWith: null, matches: null, gt: null, gte: null, lt: null, lte: null },
  ...{ exists: null, inCohort: null, and: null, or: null, not: null, field: null },
};
/** A filter of several parts by their numbers, as the graph tells it. */
const where = {
  parts: [
    { ...noTests, and: [1, 2] },
    { ...noTests, field: "utmSource", startsWith: "ma" },
    { ...noTests, not: 3 },
    { ...noTests, field: "properties.planName", in: ["a", "b"] },
  ],
};
const version = {
  ...{ version: 2, event: "purchase", where, kind: "VALID" as const, atLeast: 0.9, span: "P1D" },
  valid: {
    ...{ field: "utmMedium", type: "EMAIL" as const, in: null, matches: null, gt: 1, gte: null, lt: null, lte: null },
  },
  ...{ present: null, holds: null, unique: null, timely: null, definedBy: "USER:u", definedAt: at },
};
const verdict = {
  ...{ verdict: "FAILING" as const, version: 2, testedAt: at, range: { from: at, to: at }, tested: 4, passed: 3 },
  ...{ share: 0.75, atLeast: 0.9, code: null, detail: null },
};
const kept: KeptExpectationPartsFragment = {
  ...{ id: ID, name: "mail", version: 2, definition: version, verdict, createdBy: "USER:u", createdAt: at },
};

const bridge = bridgeOfTests();
beforeEach(() => {
  bridge.graph.decide(() => ({ data: { expectations: [kept] }, rateLimit }));
});

describe("kept expectations over REST", () => {
  it("are listed in REST's words as the description says, with what can be sent again as it is told", async () => {
    const all = { ...kept, verdicts: [verdict], versions: [version] };
    bridge.graph.decide(() => ({ data: { expectations: [all] }, rateLimit }));
    const { status, body } = await bridge.asked(`${PATH}?event=purchase&verdicts=7&versions=true`);
    const told = {
      ...{ version: 2, event: "purchase", kind: "valid", at_least: 0.9 },
      where: {
        and: [{ field: "utm_source", starts_with: "ma" }, { not: { field: "properties.planName", in: ["a", "b"] } }],
      },
      valid: { field: "utm_medium", type: "email", gt: 1 },
    };
    expect([status, body]).toMatchObject([
      200,
      {
        expectations: [
          {
            ...{ id: ID, definition: told, versions: [told] },
            ...{ verdict: { verdict: "failing", tested: 4 }, verdicts: [{ share: 0.75 }] },
          },
        ],
      },
    ]);
    expect([...Value.Errors(expectationsDescription.answers[200].schema, body)]).toEqual([]);
    expect(bridge.graph.calls[0]?.variables).toEqual({
      ...{ event: "purchase", verdicts: 7, withVerdicts: true, withVersions: true },
    });
    await bridge.asked(PATH);
    expect(bridge.graph.calls[1]?.variables).toMatchObject({ event: null, withVerdicts: false, withVersions: false });
  });

  it("are kept in the graph's words, and too many of them are a conflict", async () => {
    const saved = { __typename: "ExpectationSaved", changed: true, expectation: kept };
    bridge.graph.decide(() => ({ data: { saveExpectation: saved }, rateLimit }));
    const expect_ = { name: "mail", valid: { field: "utm_medium", type: "email" }, at_least: 0.9 };
    const input = { event: "purchase", expect: expect_, expected_version: 1, where: { field: "utm_source", eq: "x" } };
    const { status, body } = await bridge.asked(PATH, "POST", input);
    expect([status, body]).toMatchObject([200, { changed: true, expectation: { name: "mail" } }]);
    expect([...Value.Errors(saveExpectationDescription.answers[200].schema, body)]).toEqual([]);
    expect(bridge.graph.calls[0]?.variables).toEqual({
      input: {
        ...{ event: "purchase", expectedVersion: 1, where: { field: "utmSource", eq: "x" } },
        expect: { name: "mail", valid: { field: "utmMedium", type: "EMAIL" }, atLeast: 0.9 },
      },
    });
    const tooMany = { __typename: "TooManyExpectations", limit: 20, event: "purchase" };
    bridge.graph.decide(() => ({ data: { saveExpectation: tooMany }, rateLimit }));
    expect(await bridge.asked(PATH, "POST", input)).toMatchObject({ status: 409, body: { code: "CONFLICT" } });
  });

  it("are deleted by their ids; one that there is not is not found, and another tenant's address is refused", async () => {
    bridge.graph.decide(() => ({
      data: { deleteExpectation: { __typename: "ExpectationDeleted", id: ID } },
      rateLimit,
    }));
    const { status, body } = await bridge.asked(`${PATH}/${ID}/remove`, "POST", {});
    expect([status, body]).toEqual([200, { id: ID }]);
    expect([...Value.Errors(removeExpectationDescription.answers[200].schema, body)]).toEqual([]);
    bridge.graph.decide(() => ({ data: { deleteExpectation: { __typename: "ExpectationNotFound" } }, rateLimit }));
    expect(await bridge.asked(`${PATH}/${ID}/remove`, "POST", {})).toMatchObject({
      ...{ status: 404, body: { code: "NOT_FOUND", field: "expectation_id" } },
    });
    expect(await bridge.asked(`${PATH}?tenant_id=${OTHER_TENANT}`)).toMatchObject({ status: 403 });
  });

  it("say who names an expectation that is to be deleted, those that the caller may not see by their ids", async () => {
    const rules = Array.from({ length: 5 }, (_, place) => ({ kind: "RULE", id: `r${place}`, name: null }));
    const users = [{ kind: "DASHBOARD", id: "d", name: "Sales" }, ...rules];
    bridge.graph.decide(() => ({ data: { deleteExpectation: { __typename: "ExpectationInUse", users } }, rateLimit }));
    expect(await bridge.asked(`${PATH}/${ID}/remove`, "POST", {})).toMatchObject({
      status: 409,
      body: {
        ...{ code: "CONFLICT", field: "expectation_id" },
        detail: expect.stringContaining("dashboard `Sales`, rule `r0`, rule `r1`, rule `r2`, rule `r3` and 1 more"),
      },
    });
  });
});

describe("POST /api/v2/analytics/event-quality", () => {
  it("tells what came of each expectation as the description says, and calls a wrong place by REST's name", async () => {
    const { provenance } = metricsAnswer(1, "1-1").realtimeMetrics;
    const answer: RestEventQualityQuery = {
      eventQuality: {
        ...{ range: { from: at, to: at }, events: 4, met: false, provenance },
        expectations: [
          {
            ...{ name: "soon", kind: "TIMELY", tested: 4, passed: 3, failed: 1, share: 0.75, atLeast: 0.9, met: false },
            delay: { p50Seconds: 1, p95Seconds: 2, p99Seconds: 3, maxSeconds: 4 },
          },
        ],
      },
    };
    bridge.graph.decide(() => ({ data: answer, rateLimit }));
    const question = { range: { from: at, to: at }, kept: [{ id: ID, version: 2 }], event: { events: ["purchase"] } };
    const { status, body } = await bridge.asked("/api/v2/analytics/event-quality", "POST", question);
    expect([status, body]).toMatchObject([
      200,
      { events: 4, expectations: [{ kind: "timely", at_least: 0.9, delay: { max_seconds: 4 } }] },
    ]);
    expect([...Value.Errors(eventQualityDescription.answers[200].schema, body)]).toEqual([]);
    expect(bridge.graph.calls[0]?.variables).toEqual({ input: question });
    const extensions = { code: "BAD_INPUT", field: "input.expect.0.atLeast" };
    bridge.graph.decide(() => ({ errors: [{ message: "A share is from 0 to 1.", extensions }], rateLimit }));
    expect(await bridge.asked("/api/v2/analytics/event-quality", "POST", question)).toMatchObject({
      ...{ status: 400, body: { field: "expect.0.at_least" } },
    });
  });
});
