import { beforeEach, describe, expect, it } from "@jest/globals";
import { Value } from "typebox/value";
import { bridgeOfTests } from "../../testing/bridge-of-tests.ts";
import {
  erasePersonDescription,
  identifyDescription,
  mergePeopleDescription,
  personDescription,
  personErasureDescription,
} from "./description.ts";

const AT = "2026-11-20T12:00:00.000Z";
const PATH = "/api/v2/analytics";

const bridge = bridgeOfTests();

const answerWith = (data: Record<string, unknown>): void => bridge.graph.decide(() => ({ data, rateLimit: {} }));
beforeEach(() => {
  bridge.graph.calls.length = 0;
});
const asked = async (path: string, body?: unknown) => {
  const init = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
  const headers: Record<string, string> = body === undefined ? {} : { "content-type": "application/json" };
  const answer = await bridge.ask(`${PATH}${path}`, { ...init, headers });
  const json: unknown = await answer.json();
  return { status: answer.status, body: json };
};
const errorsOf = (description: { readonly answers: { readonly 200: { readonly schema: object } } }, body: unknown) => [
  ...Value.Errors(description.answers[200].schema, body),
];

const person = {
  ...{ id: "77", firstSeenAt: AT, lastSeenAt: AT, eventCount: 2, sessionCount: 1 },
  revenue: [{ currency: "EUR", amount: "3.5", events: 1 }],
  identities: [{ kind: "USER", id: "ada" }],
  traits: [{ name: "plan", value: { seatCount: 3, kind: "PRO" }, since: AT }],
  cohorts: [{ id: "c", name: "Regulars" }],
  timeline: {
    edges: [{ node: { id: "e", name: "view", time: AT, sessionId: "s" } }],
    pageInfo: { hasNextPage: true, endCursor: "next" },
  },
};

const erasure = {
  ...{ id: "e", state: "SETTLING", reason: "asked", requestedBy: "USER:u", requestedAt: AT, cutOff: AT, erasedAt: AT },
  ...{ finishedAt: null, passes: 1, stepsDone: 0, stepsTotal: 12, digests: ["sha256:00"] },
  erased: [{ place: "eventIds", count: 3 }],
};

describe("addresses about people", () => {
  it("erase somebody and tell how far it is; places keep their names", async () => {
    answerWith({ erasePerson: erasure });
    const asking = await asked("/people/erasures", { user_id: "ada", reason: "asked" });
    expect([asking.status, errorsOf(erasePersonDescription, asking.body)]).toEqual([200, []]);
    expect(bridge.graph.calls[0]?.variables).toEqual({ input: { userId: "ada", reason: "asked" } });
    answerWith({ personErasure: erasure });
    const told = await asked("/people/erasures/e");
    expect([told.status, errorsOf(personErasureDescription, told.body)]).toEqual([200, []]);
    expect(told.body).toMatchObject({
      ...{ state: "settling", cut_off: AT, finished_at: null, steps_total: 12 },
      erased: [{ place: "eventIds", count: 3 }],
    });
    answerWith({ personErasure: null });
    expect(await asked("/people/erasures/x")).toMatchObject({ status: 404, body: { field: "erasure_id" } });
  });

  it("answer somebody as their description says; a trait's value keeps its own words", async () => {
    answerWith({ person });
    const { status, body } = await asked(`/people/77?as_of=${AT}&first=1&after=x`);
    expect([status, errorsOf(personDescription, body)]).toEqual([200, []]);
    expect(body).toMatchObject({
      ...{ identities: [{ kind: "user", id: "ada" }], next_cursor: "next", timeline: [{ session_id: "s" }] },
      traits: [{ value: { seatCount: 3, kind: "PRO" } }],
    });
    expect(bridge.graph.calls[0]?.variables).toEqual({ id: "77", asOf: AT, first: 1, after: "x" });
  });

  it("say of nobody that there is none, and of a wrong moment where it stands", async () => {
    answerWith({ person: null });
    expect(await asked("/people/78")).toMatchObject({ status: 404, body: { code: "NOT_FOUND", field: "person_id" } });
    expect(await asked("/people/78?as_of=yesterday")).toMatchObject({ status: 400, body: { field: "as_of" } });
  });

  it("merge and identify, and tell why nothing changed", async () => {
    answerWith({ mergePeople: { __typename: "PeopleChanged" } });
    const merged = await asked("/people/merge", { from_user_id: "a", into_user_id: "b", reason: "one" });
    expect([merged.status, errorsOf(mergePeopleDescription, merged.body)]).toEqual([200, []]);
    expect(merged.body).toEqual({ changed: true, reason: null });
    answerWith({ identify: { __typename: "PeopleUnchanged", reason: "OF_ANOTHER" } });
    const identified = await asked("/identify", { user_id: "a", anonymous_id: "v", traits: { seatCount: 3 } });
    expect(errorsOf(identifyDescription, identified.body)).toEqual([]);
    expect(identified.body).toEqual({ changed: false, reason: "of_another" });
    expect(bridge.graph.calls.map(({ variables }) => variables)).toEqual([
      { input: { fromUserId: "a", intoUserId: "b", reason: "one" } },
      { input: { userId: "a", anonymousId: "v", traits: { seatCount: 3 } } },
    ]);
  });

  it.each([
    ["/people/erasures", { user_id: "a" }],
    ["/people/merge", { from_user_id: "a", into_user_id: "b" }],
    ["/people/merge", { from_user_id: "", into_user_id: "b", reason: "r" }],
    ["/identify", { user_id: "a", anonymous_id: "v", traits: [1] }],
    ["/identify", { user_id: "a", anonymous_id: "x".repeat(257) }],
    ["/identify", { user_id: "a", anonymous_id: "v", tenant_id: "0195e2a0-0000-7000-8000-000000000001" }],
  ])("refuse %s with %j before the graph is asked", async (path, body) => {
    const { status } = await asked(path, body);
    expect([400, 403]).toContain(status);
    expect(bridge.graph.calls).toEqual([]);
  });
});
