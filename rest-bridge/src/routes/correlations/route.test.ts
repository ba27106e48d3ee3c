import { beforeEach, describe, expect, it } from "@jest/globals";
import { Value } from "typebox/value";
import { bridgeOfTests } from "../../testing/bridge-of-tests.ts";
import { provenanceAnswer } from "../../testing/provenance-answer.ts";
import * as descriptions from "./description.ts";

const ID = "0195e2a0-0000-7000-8000-000000000001";
const PATH = "/api/v2/analytics/correlations";

const bridge = bridgeOfTests();

const AT = "2026-11-20T12:00:00.000Z";
const pattern = { kind: "COUNT", parts: [{ name: "a", events: ["a"], key: ["userId"] }], atLeast: 3, window: "PT1M" };
const rule = {
  ...{ __typename: "CorrelationRule", id: ID, name: "often", title: "Often", description: "", owner: null, pattern },
  definitions: [{ kind: "DIMENSION", name: "plan", version: 3 }],
  ...{ version: 2, latestVersion: 2, pinnedVersion: null, retired: false },
  ...{ createdBy: "USER:1", createdAt: AT, definedBy: "USER:1", definedAt: AT },
};
const counts = {
  ...{ events: 4, late: 1, overtaken: 0, shedKeys: 0, shedRuns: 0, shedEvents: 0, matches: 1, shedMatches: 0 },
};
const match = {
  ...{ id: ID, version: 2, from: AT, completedAt: AT, foundAt: null, key: ["ada"] },
  events: [{ part: "a", eventId: ID, time: AT }],
};
const pageInfo = { hasNextPage: true, endCursor: "next" };
const comparison = {
  ...{ version: 1, total: 2, both: 1, onlyHereTotal: 0, onlyThereTotal: 1, onlyHere: [], onlyThere: [match] },
};

const answerWith = (data: Record<string, unknown>): void => bridge.graph.decide(() => ({ data, rateLimit: {} }));
beforeEach(() => {
  bridge.graph.calls.length = 0;
});
const asked = async (path: string, method = "GET", body?: unknown) => {
  const init = body === undefined ? { method } : { method, body: JSON.stringify(body) };
  const headers: Record<string, string> = body === undefined ? {} : { "content-type": "application/json" };
  const answer = await bridge.ask(path, { ...init, headers });
  const json: unknown = await answer.json();
  return { status: answer.status, body: json };
};
const errorsOf = (description: { readonly answers: { readonly 200: { readonly schema: object } } }, body: unknown) => [
  ...Value.Errors(description.answers[200].schema, body),
];

describe("addresses about correlation rules", () => {
  it("answer what the graph answers, as their descriptions say; a pattern keeps its own words", async () => {
    answerWith({ correlationRules: { edges: [{ node: rule }], pageInfo } });
    const list = await asked(`${PATH}?first=1&retired=true`);
    expect([list.status, errorsOf(descriptions.correlationsDescription, list.body)]).toEqual([200, []]);
    expect(list.body).toMatchObject({
      correlations: [{ latest_version: 2, pattern, definitions: [{ kind: "dimension", name: "plan", version: 3 }] }],
      next_cursor: "next",
    });
    answerWith({
      correlationRule: {
        ...rule,
        run: { version: 2, since: AT, watermark: AT, failureCode: null, failure: null, counts },
      },
    });
    const one = await asked(`${PATH}/${ID}?version=2`);
    expect([one.status, errorsOf(descriptions.correlationDescription, one.body)]).toEqual([200, []]);
    expect(one.body).toMatchObject({ pattern, run: { counts: { shed_keys: 0 } } });
    answerWith({ correlationMatches: { edges: [{ node: match }], pageInfo } });
    const found = await asked(`${PATH}/${ID}/matches?from=${AT}`);
    expect([found.status, errorsOf(descriptions.correlationMatchesDescription, found.body)]).toEqual([200, []]);
    expect(found.body).toMatchObject({ matches: [{ completed_at: AT, events: [{ event_id: ID }] }] });
    expect(bridge.graph.calls.map(({ variables }) => variables)).toEqual([
      { retired: true, first: 1, after: null },
      { id: ID, version: 2 },
      { rule: ID, range: { from: AT }, first: 50, after: null },
    ]);
  });

  it("define, retire and pin in the graph's words", async () => {
    answerWith({ defineCorrelationRule: { __typename: "CorrelationRuleDefined", changed: true, rule } });
    const words = {
      ...{ kind: "sequence", window: "PT1M", skip: "to_next_event", at_least: 2, distinct: "utm_source" },
      parts: [
        {
          name: "a",
          filter: { field: "utm_source", eq: "x" },
          key: ["session_id", "properties.order_id"],
          absent: false,
        },
      ],
      conditions: [
        {
          left: { part: "a", field: "revenue" },
          comparison: "gt",
          right: { part: "a", field: "utm_source" },
          times: 2,
        },
      ],
    };
    const defined = await asked(PATH, "POST", { name: "often", expected_version: 1, pattern: words });
    expect([defined.status, errorsOf(descriptions.defineCorrelationDescription, defined.body)]).toEqual([200, []]);
    answerWith({ retireCorrelationRule: { __typename: "CorrelationRuleChanged", rule } });
    expect((await asked(`${PATH}/${ID}/retire`, "POST")).status).toBe(200);
    answerWith({ pinCorrelationRule: { __typename: "CorrelationRuleChanged", rule } });
    expect((await asked(`${PATH}/${ID}/pin`, "PUT", { version: null })).status).toBe(200);
    expect(bridge.graph.calls.map(({ variables }) => variables)).toEqual([
      {
        input: {
          ...{ name: "often", expectedVersion: 1 },
          pattern: {
            ...{ kind: "SEQUENCE", window: "PT1M", skip: "TO_NEXT_EVENT", atLeast: 2, distinct: "utmSource" },
            parts: [
              {
                ...{ name: "a", filter: { field: "utmSource", eq: "x" }, absent: false },
                key: ["sessionId", "properties.order_id"],
              },
            ],
            conditions: [
              {
                ...{ left: { part: "a", field: "revenue" }, comparison: "GT", times: 2 },
                right: { part: "a", field: "utmSource" },
              },
            ],
          },
        },
      },
      { id: ID },
      { id: ID, version: null },
    ]);
  });

  it("try a rule on stored events, and compare its versions", async () => {
    answerWith({
      backtestCorrelationRule: {
        ...{
          range: { from: AT, to: AT },
          version: 2,
          total: 1,
          matches: [match],
          counts,
          comparison,
          provenance: provenanceAnswer,
        },
        ...{ overTime: [{ start: AT, matches: 1 }], topKeys: [{ matches: 1, match }] },
      },
    });
    const question = {
      ...{ rule: ID, compare_with: 1, range: { sliding: "PT24H" }, late: "take_in", granularity: "hour" },
      time_zone: "Europe/Berlin",
    };
    const { status, body } = await asked(`${PATH}/backtest`, "POST", question);
    expect([status, errorsOf(descriptions.backtestCorrelationDescription, body)]).toEqual([200, []]);
    expect(body).toMatchObject({ over_time: [{ matches: 1 }], comparison: { only_there_total: 1 } });
    expect(bridge.graph.calls[0]?.variables).toEqual({
      input: {
        ...{ rule: ID, compareWith: 1, range: { sliding: "PT24H" }, late: "TAKE_IN", granularity: "HOUR" },
        timeZone: "Europe/Berlin",
      },
    });
  });

  it("say that there is no such rule, and that there are too many", async () => {
    answerWith({ correlationRule: null });
    const none = { status: 404, body: { code: "NOT_FOUND", field: "correlation_id" } };
    expect(await asked(`${PATH}/${ID}`)).toMatchObject(none);
    answerWith({ retireCorrelationRule: { __typename: "CorrelationRuleNotFound" } });
    expect(await asked(`${PATH}/${ID}/retire`, "POST")).toMatchObject(none);
    answerWith({ pinCorrelationRule: { __typename: "CorrelationRuleNotFound" } });
    expect(await asked(`${PATH}/${ID}/pin`, "PUT", { version: 9 })).toMatchObject(none);
    const errors = [{ message: "None.", extensions: { code: "NOT_FOUND", field: "rule" } }];
    bridge.graph.decide(() => ({ data: null, errors, rateLimit: {} }));
    expect(await asked(`${PATH}/${ID}/matches`)).toMatchObject(none);
    answerWith({ defineCorrelationRule: { __typename: "TooManyCorrelationRules", limit: 100 } });
    const asPattern = { kind: "count", parts: [{ name: "a", key: ["person"] }], at_least: 2, window: "PT1M" };
    expect(await asked(PATH, "POST", { name: "more", pattern: asPattern })).toMatchObject({
      ...{ status: 409, body: { code: "CONFLICT" } },
    });
  });

  it.each([
    [`${PATH}?retired=perhaps`, "GET", undefined, "retired"],
    [`${PATH}/${ID}/matches?to=${AT}`, "GET", undefined, "from"],
    [PATH, "POST", { name: "x", pattern: { kind: "sometimes", parts: [], window: "PT1M" } }, "pattern.kind"],
    [`${PATH}/backtest`, "POST", { range: { sliding: "PT1H" }, more: 1 }, "more"],
  ])("refuse %s by %s with 400, naming what is wrong, before the graph is asked", async (path, method, body, field) => {
    expect(await asked(path, method, body)).toMatchObject({ status: 400, body: { code: "BAD_INPUT", field } });
    expect(bridge.graph.calls).toEqual([]);
  });
});
