import { randomUUID } from "node:crypto";
import { describe, expect, it } from "@jest/globals";
import { WebSocket } from "ws";
import { routeDescriptions } from "../../../rest-bridge/src/routes/descriptions.ts";
import type { RouteDescription } from "../../../rest-bridge/src/http/route-description.ts";
import { askHttp } from "../outside.ts";
import { withoutTrace, type World } from "./sealed-world.ts";

const TENANT = "tenant_id";

/** Whether a schema has a member, wherever it stands. */
const mentions = (schema: unknown, name: string): boolean =>
  typeof schema === "object" &&
  schema !== null &&
  Object.entries(schema).some(([key, value]) => key === name || mentions(value, name));

/** Routes that take a tenant id, by `METHOD path`. */
const routes = routeDescriptions
  .filter(
    ({ query, body, pathParameters }: RouteDescription) =>
      mentions(query, TENANT) || mentions(body, TENANT) || pathParameters?.["id"] !== undefined,
  )
  .map(({ method, path }) => `${method.toUpperCase()} ${path}`);

const streamEnd = (url: string, apiKey: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const frames: string[] = [];
    const socket = new WebSocket(url.replace(/^http/, "ws"), { headers: { authorization: `Bearer ${apiKey}` } });
    socket.on("message", (data: Buffer) => {
      frames.push(data.toString("utf8"));
      if (frames.some((frame) => frame.includes('"type":"metrics"'))) socket.close();
    });
    socket.once("error", reject);
    socket.once("close", (code, reason) => resolve(JSON.stringify({ frames, code, reason: reason.toString("utf8") })));
  });

type Ask = (url: string, apiKey: string, tenantId: string) => Promise<string>;
const query = (tenantId: string): string => new URLSearchParams({ [TENANT]: tenantId }).toString();
const range = { from: "2026-01-01T00:00:00Z", to: "2026-01-02T00:00:00Z" };

/** What is expected of every event. */
const COUNTRY = { present: { field: "country" } };

let scaleTo = 60;
/** A dashboard of nobody. */
const NOTHING = "00000000-0000-4000-8000-000000000000";

/** Numbers of answers, by the lists of what is behind them that are asked for. */
const NUMBERS = {
  "": "olap",
  ...({ "/events": "olap", "/events/ndjson": "olap", "/people": "olap", "/people/ndjson": "olap" } as const),
  ...({ "/journeys": "attribution", "/journeys/ndjson": "attribution" } as const),
} as const;
const QUESTIONS = {
  olap: { range, measures: [{ function: "count" }] },
  attribution: { range, conversion: {}, touchpoints: [{}], models: [{ kind: "last" }], dimensions: ["name"] },
};
const behindExample = ([list, kind]: [string, "olap" | "attribution"]): [string, Ask] => [
  `POST /api/v2/analytics/behind${list}`,
  async (url, apiKey, tenantId) => {
    const of = { [kind]: { input: { [TENANT]: tenantId, ...QUESTIONS[kind] }, cell: {} } };
    const body = JSON.stringify(list === "/people" ? { [TENANT]: tenantId, of } : { of });
    return JSON.stringify(await askHttp(`${url}/api/v2/analytics/behind${list}`, apiKey, { method: "POST", body }));
  },
];

/** How each of them is asked; the generated list of routes must be this one. */
const EXAMPLES: Readonly<Record<string, Ask>> = {
  "GET /api/v2/analytics/realtime/metrics": async (url, apiKey, tenantId) =>
    JSON.stringify(await askHttp(`${url}/api/v2/analytics/realtime/metrics?${query(tenantId)}`, apiKey)),
  "POST /api/v2/analytics/realtime/query": async (url, apiKey, tenantId) => {
    const body = JSON.stringify({ [TENANT]: tenantId, range, measures: [{ function: "count" }] });
    return JSON.stringify(await askHttp(`${url}/api/v2/analytics/realtime/query`, apiKey, { method: "POST", body }));
  },
  "POST /api/v2/analytics/query/ndjson": async (url, apiKey, tenantId) => {
    const body = JSON.stringify({ [TENANT]: tenantId, range, measures: [{ function: "count" }], dimensions: ["name"] });
    return JSON.stringify(await askHttp(`${url}/api/v2/analytics/query/ndjson`, apiKey, { method: "POST", body }));
  },
  "POST /api/v2/analytics/query/arrow": async (url, apiKey, tenantId) => {
    const body = JSON.stringify({ [TENANT]: tenantId, range, measures: [{ function: "count" }], dimensions: ["name"] });
    return JSON.stringify(await askHttp(`${url}/api/v2/analytics/query/arrow`, apiKey, { method: "POST", body }));
  },
  "POST /api/v2/analytics/attribution/model": async (url, apiKey, tenantId) => {
    const question = { conversion: {}, touchpoints: [{}], models: [{ kind: "last" }], dimensions: ["name"] };
    const body = JSON.stringify({ [TENANT]: tenantId, range, ...question });
    return JSON.stringify(await askHttp(`${url}/api/v2/analytics/attribution/model`, apiKey, { method: "POST", body }));
  },
  "POST /api/v2/analytics/funnel/analyze": async (url, apiKey, tenantId) => {
    const body = JSON.stringify({ [TENANT]: tenantId, range, steps: [{ any_of: [{}] }] });
    return JSON.stringify(await askHttp(`${url}/api/v2/analytics/funnel/analyze`, apiKey, { method: "POST", body }));
  },
  "POST /api/v2/analytics/paths/analyze": async (url, apiKey, tenantId) => {
    const body = JSON.stringify({ [TENANT]: tenantId, range, label: ["name", "country"] });
    return JSON.stringify(await askHttp(`${url}/api/v2/analytics/paths/analyze`, apiKey, { method: "POST", body }));
  },
  "POST /api/v2/analytics/sessions/analyze": async (url, apiKey, tenantId) => {
    const body = JSON.stringify({ [TENANT]: tenantId, range, breakdown: ["country"], pages: 10 });
    return JSON.stringify(await askHttp(`${url}/api/v2/analytics/sessions/analyze`, apiKey, { method: "POST", body }));
  },
  ...Object.fromEntries(Object.entries(NUMBERS).map(behindExample)),
  "POST /api/v2/analytics/event-quality": async (url, apiKey, tenantId) => {
    const body = JSON.stringify({ [TENANT]: tenantId, range, expect: [{ name: "sealed", ...COUNTRY }] });
    return JSON.stringify(await askHttp(`${url}/api/v2/analytics/event-quality`, apiKey, { method: "POST", body }));
  },
  "POST /api/v2/analytics/velocity": async (url, apiKey, tenantId) => {
    const body = JSON.stringify({ [TENANT]: tenantId, range, event: {}, by: "country", within: "PT1H", more_than: 1 });
    return JSON.stringify(await askHttp(`${url}/api/v2/analytics/velocity`, apiKey, { method: "POST", body }));
  },
  "POST /api/v2/analytics/rings": async (url, apiKey, tenantId) => {
    const body = JSON.stringify({ [TENANT]: tenantId, range, of: "session_id", through: ["country"] });
    return JSON.stringify(await askHttp(`${url}/api/v2/analytics/rings`, apiKey, { method: "POST", body }));
  },
  "POST /api/v2/analytics/expectations": async (url, apiKey, tenantId) => {
    const body = JSON.stringify({ [TENANT]: tenantId, expect: { name: "sealed", ...COUNTRY } });
    return JSON.stringify(await askHttp(`${url}/api/v2/analytics/expectations`, apiKey, { method: "POST", body }));
  },
  "POST /api/v2/analytics/people/merge": async (url, apiKey, tenantId) => {
    const body = JSON.stringify({
      [TENANT]: tenantId,
      from_user_id: "sealed",
      into_user_id: "other",
      reason: "sealed",
    });
    return JSON.stringify(await askHttp(`${url}/api/v2/analytics/people/merge`, apiKey, { method: "POST", body }));
  },
  "POST /api/v2/analytics/people/erasures": async (url, apiKey, tenantId) => {
    const body = JSON.stringify({ [TENANT]: tenantId, user_id: "nobody at all", reason: "sealed" });
    return JSON.stringify(await askHttp(`${url}/api/v2/analytics/people/erasures`, apiKey, { method: "POST", body }));
  },
  "POST /api/v2/analytics/identify": async (url, apiKey, tenantId) => {
    const body = JSON.stringify({ [TENANT]: tenantId, user_id: "sealed", anonymous_id: "sealed" });
    return JSON.stringify(await askHttp(`${url}/api/v2/analytics/identify`, apiKey, { method: "POST", body }));
  },
  "POST /api/v2/analytics/correlations": async (url, apiKey, tenantId) => {
    const pattern = { kind: "count", at_least: 2, parts: [{ name: "a", key: ["name"] }], window: "PT1M" };
    const body = JSON.stringify({ [TENANT]: tenantId, name: "sealed", pattern });
    return JSON.stringify(await askHttp(`${url}/api/v2/analytics/correlations`, apiKey, { method: "POST", body }));
  },
  "POST /api/v2/analytics/correlations/backtest": async (url, apiKey, tenantId) => {
    const pattern = { kind: "count", at_least: 2, parts: [{ name: "a", key: ["name"] }], window: "PT1M" };
    const [path, body] = ["backtest", JSON.stringify({ [TENANT]: tenantId, range, pattern })];
    const address = `${url}/api/v2/analytics/correlations/${path}`;
    return JSON.stringify(await askHttp(address, apiKey, { method: "POST", body }));
  },
  "POST /api/v2/reports": async (url, apiKey, tenantId) => {
    const body = JSON.stringify({ [TENANT]: tenantId, name: "sealed", dashboard_id: NOTHING, formats: ["csv"] });
    return JSON.stringify(await askHttp(`${url}/api/v2/reports`, apiKey, { method: "POST", body }));
  },
  "GET /api/v2/slos": async (url, apiKey, tenantId) =>
    JSON.stringify(await askHttp(`${url}/api/v2/slos?${query(tenantId)}`, apiKey)),
  "GET /api/v2/slos/{slo_id}": async (url, apiKey, tenantId) =>
    JSON.stringify(await askHttp(`${url}/api/v2/slos/${NOTHING}?${query(tenantId)}`, apiKey)),
  "GET /api/v2/anomalies/active": async (url, apiKey, tenantId) =>
    JSON.stringify(await askHttp(`${url}/api/v2/anomalies/active?${query(tenantId)}`, apiKey)),
  "PUT /api/v2/anomalies/rules/{rule_id}": async (url, apiKey, tenantId) => {
    const init = { method: "PUT", body: JSON.stringify({ [TENANT]: tenantId, description: "sealed" }) };
    return JSON.stringify(await askHttp(`${url}/api/v2/anomalies/rules/${NOTHING}`, apiKey, init));
  },
  "POST /api/v2/anomalies/feedback/{anomaly_id}": async (url, apiKey, tenantId) => {
    const init = { method: "POST", body: JSON.stringify({ [TENANT]: tenantId, verdict: "true" }) };
    return JSON.stringify(await askHttp(`${url}/api/v2/anomalies/feedback/${NOTHING}`, apiKey, init));
  },
  "GET /api/v2/anomalies/{anomaly_id}/picture/png": async (url, apiKey, tenantId) =>
    JSON.stringify(await askHttp(`${url}/api/v2/anomalies/${NOTHING}/picture/png?${query(tenantId)}`, apiKey)),
  "GET /api/v2/anomalies/{anomaly_id}/picture/svg": async (url, apiKey, tenantId) =>
    JSON.stringify(await askHttp(`${url}/api/v2/anomalies/${NOTHING}/picture/svg?${query(tenantId)}`, apiKey)),
  "GET /api/v2/anomalies/{anomaly_id}": async (url, apiKey, tenantId) =>
    JSON.stringify(await askHttp(`${url}/api/v2/anomalies/${NOTHING}?${query(tenantId)}`, apiKey)),
  ...Object.fromEntries(
    [
      ...["changes", "webhooks", "webhook-deliveries"],
      ...["analytics/catalogue/properties", "analytics/catalogue/event-names", "analytics/expectations"],
    ].map((name) => [
      `GET /api/v2/${name}`,
      async (url: string, apiKey: string, tenantId: string) =>
        JSON.stringify(await askHttp(`${url}/api/v2/${name}?${query(tenantId)}`, apiKey)),
    ]),
  ),
  "POST /api/v2/changes": async (url, apiKey, tenantId) => {
    const change = { key: "sealed", kind: "other", title: "sealed", at: "2026-11-20T12:00:00Z" };
    const init = { method: "POST", body: JSON.stringify({ [TENANT]: tenantId, ...change }) };
    return JSON.stringify(await askHttp(`${url}/api/v2/changes`, apiKey, init));
  },
  "GET /api/v2/incidents": async (url, apiKey, tenantId) =>
    JSON.stringify(await askHttp(`${url}/api/v2/incidents?${query(tenantId)}`, apiKey)),
  "POST /api/v2/incidents/{incident_id}/acknowledge": async (url, apiKey, tenantId) => {
    const init = { method: "POST", body: JSON.stringify({ [TENANT]: tenantId }) };
    return JSON.stringify(await askHttp(`${url}/api/v2/incidents/${NOTHING}/acknowledge`, apiKey, init));
  },
  "POST /api/v2/incidents/{incident_id}/resolve": async (url, apiKey, tenantId) => {
    const init = { method: "POST", body: JSON.stringify({ [TENANT]: tenantId }) };
    return JSON.stringify(await askHttp(`${url}/api/v2/incidents/${NOTHING}/resolve`, apiKey, init));
  },
  "GET /api/v2/analytics/realtime/stream": (url, apiKey, tenantId) =>
    streamEnd(`${url}/api/v2/analytics/realtime/stream?${query(tenantId)}`, apiKey),
  "GET /api/v2/admin/tenants/{id}/usage": async (url, apiKey, tenantId) =>
    JSON.stringify(
      await askHttp(
        `${url}/api/v2/admin/tenants/${tenantId}/usage?from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z`,
        apiKey,
      ),
    ),
  "POST /api/v2/admin/tenants/{id}/scale": async (url, apiKey, tenantId) => {
    // Costs less each time, so that it changes something and holds at once.
    scaleTo -= 1;
    const body = JSON.stringify({ concurrent_queries: scaleTo, reason: "sealed" });
    return JSON.stringify(
      await askHttp(`${url}/api/v2/admin/tenants/${tenantId}/scale`, apiKey, { method: "POST", body }),
    );
  },
  "GET /api/v2/admin/tenants/{id}/security-events": async (url, apiKey, tenantId) =>
    JSON.stringify(await askHttp(`${url}/api/v2/admin/tenants/${tenantId}/security-events`, apiKey)),
  "POST /api/v2/admin/tenants/{id}/lift-throttle": async (url, apiKey, tenantId) => {
    const body = JSON.stringify({ throttle_id: randomUUID(), reason: "sealed" });
    return JSON.stringify(
      await askHttp(`${url}/api/v2/admin/tenants/${tenantId}/lift-throttle`, apiKey, { method: "POST", body }),
    );
  },
  "PUT /api/v2/admin/tenants/{id}/limits": async (url, apiKey, tenantId) => {
    const limits = [{ metric: "jobs", scope: "api_key", scope_id: "0000000000000000", hard: 50 }];
    const init = { method: "PUT", body: JSON.stringify({ limits }) };
    return JSON.stringify(await askHttp(`${url}/api/v2/admin/tenants/${tenantId}/limits`, apiKey, init));
  },
};

/** Routes about a thing that no operation makes: what they say in the caller's own tenant, where the thing is not there either. */
const WITHOUT_ITS_THING: Readonly<Record<string, string>> = {
  "POST /api/v2/admin/tenants/{id}/lift-throttle": "There is no such throttle.",
  "POST /api/v2/reports": "There is no dashboard of this id",
  "POST /api/v2/incidents/{incident_id}/acknowledge": "The tenant has no incident of this id.",
  "POST /api/v2/incidents/{incident_id}/resolve": "The tenant has no incident of this id.",
  "PUT /api/v2/anomalies/rules/{rule_id}": "The tenant has no rule of this id.",
  "GET /api/v2/anomalies/{anomaly_id}/picture/png": "The tenant has no anomaly of this id.",
  "GET /api/v2/anomalies/{anomaly_id}/picture/svg": "The tenant has no anomaly of this id.",
  "GET /api/v2/anomalies/{anomaly_id}": "The tenant has no anomaly of this id.",
  "POST /api/v2/anomalies/feedback/{anomaly_id}": "The tenant has no anomaly of this id.",
  "GET /api/v2/slos/{slo_id}": "The tenant has no objective of this id.",
};

const anonymous = (text: string, tenantId: string): string => withoutTrace(text.replaceAll(tenantId, "<id>"));

/** The tenant in a REST request is the caller's own, or the request is refused without telling whether there is such a tenant. */
export const describeRestRoutes = (world: World): void => {
  describe("the tenant id of a REST request", () => {
    it("every route that takes one is named here", () => {
      expect(Object.keys(EXAMPLES).toSorted()).toEqual(routes.toSorted());
    });

    it.each(Object.entries(EXAMPLES))(
      "%s: another tenant's is refused exactly as an unknown one",
      async (route, ask) => {
        const { instance, alpha, beta } = world();
        const unknown = randomUUID();
        const foreign = anonymous(await ask(instance.url, instance.beta.apiKey, alpha.tenantId), alpha.tenantId);
        expect(foreign).toBe(anonymous(await ask(instance.url, instance.beta.apiKey, unknown), unknown));
        expect(foreign).toContain("TENANT_MISMATCH");
        const own = await ask(instance.url, instance.beta.apiKey, beta.tenantId);
        expect(own).not.toContain("TENANT_MISMATCH");
        const missing = WITHOUT_ITS_THING[route];
        if (missing === undefined) expect(own).not.toContain("urn:tessera:error");
        else expect(own).toContain(missing);
      },
    );
  });
};
