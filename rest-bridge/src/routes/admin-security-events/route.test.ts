import { beforeEach, describe, expect, it } from "@jest/globals";
import { Value } from "typebox/value";
import { bridgeOfTests } from "../../testing/bridge-of-tests.ts";
import { OTHER_TENANT, TENANT } from "../../testing/running-bridge.ts";
import { adminLiftThrottleDescription } from "../admin-lift-throttle/description.ts";
import { adminSecurityEventsDescription } from "./description.ts";

const source = { __typename: "AbuseSource", kind: "API_KEY", id: "k" };
const throttle = {
  ...{
    __typename: "Throttle",
    id: "0190aaaa-0000-7000-8000-00000000000b",
    kind: "COST_SPIKE",
    source,
    level: "REDUCED",
  },
  ...{ percent: 25, strikes: 1, startsAt: "2026-11-20T12:00:00.000Z", until: "2026-11-20T12:15:00.000Z", active: true },
  ...{ liftedAt: null, liftReason: null },
};
const event = {
  ...{ __typename: "SecurityEvent", id: "0190aaaa-0000-7000-8000-00000000000a", kind: "COST_SPIKE", source, throttle },
  ...{ windowFrom: "2026-11-20T12:00:00.000Z", windowTo: "2026-11-20T12:10:00.000Z", measured: 1_100, bound: 1_000 },
  ...{ usual: 0, raisedAt: "2026-11-20T12:01:00.000Z" },
};

const bridge = bridgeOfTests();

const parsed = async (answer: Response): Promise<{ status: number; body: unknown }> => ({
  status: answer.status,
  body: await answer.json(),
});

describe("GET /api/v2/admin/tenants/{id}/security-events", () => {
  const get = async (tenant: string, query = "") =>
    parsed(await bridge.ask(`/api/v2/admin/tenants/${tenant}/security-events${query}`));
  beforeEach(() => {
    const pageInfo = { hasNextPage: true, endCursor: "1.a" };
    bridge.graph.decide(() => ({ data: { securityEvents: { nodes: [event], pageInfo } }, rateLimit: {} }));
  });

  it("answers what was noticed in the words of its description, and hands filters on", async () => {
    const { status, body } = await get(TENANT, "?kind=cost_spike&source_kind=api_key&source_id=k&first=1");
    expect(status).toBe(200);
    expect(body).toMatchObject({
      events: [{ kind: "cost_spike", source: { kind: "api_key", id: "k" }, throttle: { level: "reduced" } }],
      next_cursor: "1.a",
    });
    expect([...Value.Errors(adminSecurityEventsDescription.answers[200].schema, body)]).toEqual([]);
    expect(bridge.graph.calls[0]?.variables).toEqual({
      ...{ tenantId: TENANT, first: 1, after: null },
      filter: { kinds: ["COST_SPIKE"], sourceKind: "API_KEY", sourceId: "k", since: null },
    });
  });

  it("refuses another tenant, and what is no kind, moment or number", async () => {
    expect(await get(OTHER_TENANT)).toMatchObject({ status: 403, body: { code: "TENANT_MISMATCH" } });
    for (const query of ["?kind=x", "?since=yesterday", "?first=many", "?more=1"])
      expect(await get(TENANT, query)).toMatchObject({ status: 400, body: { code: "BAD_INPUT" } });
    expect(bridge.graph.calls).toEqual([]);
  });
});

describe("POST /api/v2/admin/tenants/{id}/lift-throttle", () => {
  const input = { throttle_id: throttle.id, reason: "The month's report." };
  const post = async (tenant: string, body: unknown) => {
    const headers = { "content-type": "application/json" };
    const init = { method: "POST", headers, body: JSON.stringify(body) };
    return parsed(await bridge.ask(`/api/v2/admin/tenants/${tenant}/lift-throttle`, init));
  };
  const answering = (liftThrottle: object) => bridge.graph.decide(() => ({ data: { liftThrottle }, rateLimit: {} }));

  it("answers the throttle in the words of its description", async () => {
    answering({ __typename: "ThrottleLifted", throttle });
    const { status, body } = await post(TENANT, input);
    expect([status, [...Value.Errors(adminLiftThrottleDescription.answers[200].schema, body)]]).toEqual([200, []]);
    const { throttle_id: id, reason } = input;
    expect(bridge.graph.calls[0]?.variables).toEqual({ input: { id, reason, tenantId: TENANT } });
  });

  it("says an unknown one as 404, one's own as 403, another tenant as 403, and a missing reason as 400", async () => {
    answering({ __typename: "ThrottleNotFound" });
    expect(await post(TENANT, input)).toMatchObject({ status: 404, body: { code: "NOT_FOUND" } });
    answering({ __typename: "OwnThrottle" });
    expect(await post(TENANT, input)).toMatchObject({ status: 403, body: { code: "FORBIDDEN" } });
    expect(await post(OTHER_TENANT, input)).toMatchObject({ status: 403, body: { code: "TENANT_MISMATCH" } });
    expect(await post(TENANT, { throttle_id: "x" })).toMatchObject({ status: 400, body: { field: "reason" } });
  });
});
