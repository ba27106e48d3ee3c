import { beforeAll, describe, expect, it, jest } from "@jest/globals";
import { z } from "zod";
import { eventually } from "../testing/eventually.ts";
import { openTenant, type SharedTenant } from "../testing/shared-instance.ts";
import { inRestWords } from "./graph-words.ts";

jest.setTimeout(120_000);

let instance: SharedTenant;
beforeAll(async () => {
  instance = await openTenant();
}, 240_000);

const ask = async (path: string, init: { method?: string; body?: unknown } = {}) => {
  const answer = await fetch(`${instance.url}${path}`, {
    method: init.method ?? "GET",
    headers: { authorization: `Bearer ${instance.apiKey}`, "content-type": "application/json" },
    ...(init.body === undefined ? {} : { body: JSON.stringify(init.body) }),
  });
  const body: unknown = await answer.json();
  return { status: answer.status, body: z.record(z.string(), z.unknown()).parse(body) };
};
const graph = async (query: string, variables: Record<string, unknown> = {}) => {
  const { body } = await ask("/graphql", { method: "POST", body: { query, variables } });
  const { data, errors } = z
    .object({ data: z.record(z.string(), z.unknown()).nullish(), errors: z.unknown().optional() })
    .parse(body);
  if (data === null || data === undefined || errors !== undefined) throw new Error(JSON.stringify(errors));
  return data;
};
const admin = (path: string): string => `/api/v2/admin/tenants/${instance.tenantId}/${path}`;

/** Words of the graph's enums as REST writes them. */
const small = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (key: string, part: unknown) =>
      ["metric", "scope", "standing", "tier"].includes(key) && typeof part === "string" ? part.toLowerCase() : part,
    ),
  );

describe("the administration over REST", () => {
  it("every execution is in the ledger soon after its answer, and REST tells of it what GraphQL tells", async () => {
    const marked = "query Marked { whoAmI { expiresAt } }";
    for (let asked = 0; asked < 3; asked += 1) await graph(marked);
    const interval = {
      from: new Date(Date.now() - 7_200_000).toISOString(),
      to: new Date(Date.now() + 7_200_000).toISOString(),
    };
    const search = new URLSearchParams({
      ...interval,
      granularity: "total",
      dimensions: "operation",
      operations: "Marked",
    });
    const rest = await eventually(async () => {
      const { status, body } = await ask(admin(`usage?${search.toString()}`));
      expect(status).toBe(200);
      expect(body).toMatchObject({ totals: { executions: 3, queries: 3 }, rows: [{ operation: "Marked" }] });
      return body;
    });
    const MEASURES = `executions queries mutations subscriptions jobs exports refused failed costPoints rowsRead bytesRead
      storeMs elapsedMs responseBytes exportBytes events predictions subscriptionMinutes`;
    const { usage } = await graph(
      `query ($interval: UsageIntervalInput!) { usage(interval: $interval, granularity: TOTAL, dimensions: [OPERATION], filter: { operations: ["Marked"] }) {
        rows { from operation measures { ${MEASURES} } } totals { ${MEASURES} } truncated } }`,
      { interval },
    );
    expect(rest).toMatchObject(z.record(z.string(), z.unknown()).parse(inRestWords(usage)));
  });

  it("limits are set and answered as GraphQL answers them", async () => {
    const limit = { metric: "jobs", scope: "api_key", scope_id: "0000000000000000", hard: 7 };
    const { status, body } = await ask(admin("limits"), { method: "PUT", body: { limits: [limit] } });
    expect(status).toBe(200);
    expect(body).toMatchObject({ overrides: [{ ...limit, soft: null, grace_seconds: 0 }] });
    const { limits } = await graph(`{ limits { tenantId tier features limits { metric hard standing levels {
      scope scopeId soft hard graceSeconds fromTier used standing graceUntil } } overrides { metric scope scopeId soft hard graceSeconds } } }`);
    expect(body).toEqual(small(inRestWords(limits)));
    const wide = { metric: "jobs", scope: "tenant", hard: 7 };
    expect(await ask(admin("limits"), { method: "PUT", body: { limits: [wide] } })).toMatchObject({ status: 403 });
  });

  it("a request that costs no more holds at once", async () => {
    const scaled = await ask(admin("scale"), { method: "POST", body: { concurrent_queries: 5, reason: "quiet" } });
    expect(scaled).toMatchObject({ status: 200, body: { state: "applied", approval: "none" } });
    const { limits } = await graph("{ limits { limits { metric hard } } }");
    expect(JSON.stringify(limits)).toContain('{"metric":"CONCURRENT_QUERIES","hard":5}');
    const { scaleRequests } = await graph("{ scaleRequests { id state after { concurrentQueries } } }");
    expect(scaleRequests).toMatchObject([{ id: scaled.body["id"], state: "APPLIED", after: { concurrentQueries: 5 } }]);
  });
});
