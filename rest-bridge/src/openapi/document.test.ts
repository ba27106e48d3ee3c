import { readFileSync } from "node:fs";
import { describe, expect, it } from "@jest/globals";
import { Validator } from "@seriousme/openapi-schema-validator";
import { errorCodes } from "@tessera/platform/errors/error-codes";
import { getNamedType, isInputObjectType, isObjectType } from "graphql";
import { routeDescriptions } from "../routes/descriptions.ts";
import { openApiDocument } from "./document.ts";
import { snakeCase } from "../http/snake-case.ts";
import { createGraphDescriptions } from "./graph-descriptions.ts";
import { isJsonObject, itemsOf, type Json } from "./openapi-types.ts";

const supergraphSdl = readFileSync(new URL("../../../supergraph.graphql", import.meta.url), "utf8");
const document = openApiDocument(routeDescriptions, supergraphSdl);

const at = (...path: (string | number)[]): unknown =>
  path.reduce<unknown>(
    (value, key) => (typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined),
    document,
  );

const walk = (value: Json, visit: (object: Record<string, Json>) => void): void => {
  if (Array.isArray(value)) value.forEach((item: Json) => walk(item, visit));
  else if (isJsonObject(value)) {
    visit({ ...value });
    Object.values(value).forEach((item) => walk(item, visit));
  }
};

const VERBS = ["pause", "resume", "remove", "secret", "test", "replay"];
const QUALITY = [
  ...["event-quality", "expectations", "expectations/{expectation_id}/remove"],
  ...["velocity", "rings"],
  ...["properties", "event-names"].map((part) => `catalogue/${part}`),
].map((part) => `/api/v2/analytics/${part}`);
const LISTS = ["events", "people", "journeys"];
const BEHIND = ["", ...LISTS.flatMap((list) => [`/${list}`, `/${list}/ndjson`])].map(
  (list) => `/api/v2/analytics/behind${list}`,
);
const WEBHOOKS = [
  ...["", "/{endpoint_id}", ...VERBS.map((verb) => `/{endpoint_id}/${verb}`)].map((part) => `/api/v2/webhooks${part}`),
  "/api/v2/webhook-deliveries",
];

describe("the OpenAPI document", () => {
  it("is valid OpenAPI 3.0", async () => {
    const validator = new Validator();
    const { valid, errors } = await validator.validate({ ...document });
    expect({ valid, errors }).toEqual({ valid: true, errors: undefined });
    expect(document["openapi"]).toBe("3.0.3");
  });

  it("refers only to components it has, and leaves no keyword of ours or of JSON Schema alone behind", () => {
    const schemas = at("components", "schemas");
    const known = new Set(Object.keys(isJsonObject(schemas) ? schemas : {}));
    const left = new Set(["$defs", "$id", "const", "x-graphql", "x-graphql-input", "patternProperties"]);
    const wrong: string[] = [];
    walk(document, (object) => {
      const { $ref, type } = object;
      const keys = Object.keys(object);
      if (type === "null") wrong.push("type null");
      wrong.push(...keys.filter((key) => left.has(key)));
      if (typeof $ref !== "string") return;
      if (keys.length > 1 || !known.has($ref.replace("#/components/schemas/", ""))) wrong.push($ref);
    });
    expect(wrong).toEqual([]);
  });

  it("says of each part what the graph says of it, in REST's spelling", () => {
    const metrics = at("paths", "/api/v2/analytics/realtime/metrics", "get");
    expect(metrics).toMatchObject({ description: "What happens right now: the events of the last `timeframe`." });
    expect(at("components", "schemas", "RealtimeMetrics", "properties", "sessions", "description")).toBe(
      "Distinct sessions.",
    );
    expect(at("components", "schemas", "EventFilter", "properties", "starts_with", "description")).toBe(
      "Starts with this text, case and all.",
    );
    expect(at("components", "schemas", "EventInput", "properties", "utmSource", "description")).toBe(
      "Campaign source.",
    );
  });

  it("describes every parameter and every property of an answer", () => {
    const undescribed: string[] = [];
    const schemas = at("components", "schemas");
    for (const [name, schema] of Object.entries(isJsonObject(schemas) ? schemas : {})) {
      if (["CloudEvent", "Liveness", "Readiness", "RealtimeQuestion"].includes(name)) continue;
      const properties = isJsonObject(schema) ? schema["properties"] : undefined;
      for (const [property, part] of Object.entries(isJsonObject(properties) ? properties : {}))
        if (isJsonObject(part) && !("description" in part) && !("$ref" in part) && !("enum" in part))
          undescribed.push(`${name}.${property}`);
    }
    expect(undescribed).toEqual([]);
  });

  it("tells of every answer's provenance all that the graph tells, in one shape", () => {
    const graph = createGraphDescriptions(supergraphSdl).schema;
    const shapeOf = (name: string): unknown => {
      const type = graph.getType(name);
      if (!isObjectType(type)) return null;
      const fields = Object.values(type.getFields()).map(({ name: field, type: below }): [string, unknown] => [
        snakeCase(field),
        shapeOf(getNamedType(below).name),
      ]);
      return Object.fromEntries(fields);
    };
    const shapeIn = (schema: unknown): unknown => {
      if (!isJsonObject(schema)) return null;
      const { properties, items, anyOf, allOf } = schema;
      if (isJsonObject(properties))
        return Object.fromEntries(Object.entries(properties).map(([name, part]) => [name, shapeIn(part)]));
      const below = [items, ...itemsOf(anyOf), ...itemsOf(allOf)].map(shapeIn);
      return below.find((one) => one !== null) ?? null;
    };
    expect(shapeIn(at("components", "schemas", "Provenance"))).toEqual(shapeOf("Provenance"));
    const others: Json[] = [];
    let told = 0;
    walk(document, ({ properties }) => {
      const provenance = isJsonObject(properties) ? properties["provenance"] : undefined;
      if (provenance === undefined) return;
      told += 1;
      if (JSON.stringify(provenance) !== JSON.stringify({ $ref: "#/components/schemas/Provenance" }))
        others.push(provenance);
    });
    expect(told).toBeGreaterThan(5);
    expect(others).toEqual([]);
  });

  it("takes `allow_unknown` in every question of which the graph takes it", () => {
    const graph = createGraphDescriptions(supergraphSdl).schema;
    const asked = routeDescriptions.flatMap(({ path, body }: { readonly path: string; readonly body?: unknown }) => {
      if (!isJsonObject(body)) return [];
      const { "x-graphql": name, properties } = body;
      const type = typeof name === "string" ? graph.getType(name) : undefined;
      if (!isInputObjectType(type) || !("allowUnknown" in type.getFields())) return [];
      return [[path, isJsonObject(properties) && "allow_unknown" in properties]];
    });
    expect(Object.fromEntries(asked)).toEqual({
      "/api/v2/analytics/realtime/query": true,
      "/api/v2/analytics/attribution/model": true,
      "/api/v2/analytics/funnel/analyze": true,
      "/api/v2/analytics/paths/analyze": true,
      "/api/v2/analytics/sessions/analyze": true,
      "/api/v2/analytics/event-quality": true,
      "/api/v2/analytics/expectations": true,
      "/api/v2/analytics/velocity": true,
      "/api/v2/analytics/rings": true,
      "/api/v2/analytics/correlations": true,
      "/api/v2/analytics/correlations/backtest": true,
    });
  });

  it("refuses to describe what the graph does not have", () => {
    const broken = routeDescriptions.map((route) => ({ ...route, graphql: "Query.nothing" }));
    expect(() => openApiDocument(broken, supergraphSdl)).toThrow("Query.nothing");
  });

  it("gives every refusal its status and sentence from the one error table", () => {
    const responses = at("paths", "/api/v2/analytics/realtime/query", "post", "responses");
    for (const code of [
      "BAD_INPUT",
      "UNAUTHENTICATED",
      "TENANT_MISMATCH",
      "PAYLOAD_TOO_LARGE",
      "RATE_LIMITED",
    ] as const) {
      const { status, title } = errorCodes[code];
      const response = isJsonObject(responses) ? responses[String(status)] : undefined;
      expect(JSON.stringify(response)).toContain(title);
      expect(response).toHaveProperty(
        ["content", "application/problem+json", "examples", code, "value", "status"],
        status,
      );
    }
  });

  it("documents the write path, health and itself beside the bridge's own routes", () => {
    const paths = at("paths");
    expect(Object.keys(isJsonObject(paths) ? paths : {})).toEqual([
      "/api/v2/analytics/realtime/metrics",
      "/api/v2/analytics/realtime/query",
      "/api/v2/analytics/query/ndjson",
      "/api/v2/analytics/query/arrow",
      "/api/v2/analytics/realtime/stream",
      "/api/v2/analytics/attribution/model",
      "/api/v2/analytics/funnel/analyze",
      "/api/v2/analytics/paths/analyze",
      "/api/v2/analytics/sessions/analyze",
      ...QUALITY,
      ...BEHIND,
      "/api/v2/analytics/cohort/{cohort_id}",
      "/api/v2/analytics/people/{person_id}",
      "/api/v2/analytics/people/merge",
      "/api/v2/analytics/identify",
      "/api/v2/analytics/people/erasures",
      "/api/v2/analytics/people/erasures/{erasure_id}",
      "/api/v2/analytics/correlations",
      "/api/v2/analytics/correlations/backtest",
      "/api/v2/analytics/correlations/{correlation_id}",
      "/api/v2/analytics/correlations/{correlation_id}/retire",
      "/api/v2/analytics/correlations/{correlation_id}/pin",
      "/api/v2/analytics/correlations/{correlation_id}/matches",
      "/api/v2/reports",
      "/api/v2/reports/{report_id}",
      "/api/v2/reports/{report_id}/runs",
      "/api/v2/reports/{report_id}/run",
      "/api/v2/reports/{report_id}/paused",
      "/api/v2/reports/{report_id}/remove",
      "/api/v2/report-runs/{run_id}/files/html",
      "/api/v2/report-runs/{run_id}/files/csv",
      "/api/v2/report-runs/{run_id}/files/xlsx",
      "/api/v2/anomalies/active",
      "/api/v2/anomalies/rules/{rule_id}",
      "/api/v2/anomalies/feedback/{anomaly_id}",
      ...["png", "svg"].map((format) => `/api/v2/anomalies/{anomaly_id}/picture/${format}`),
      ...["/api/v2/anomalies/{anomaly_id}", "/api/v2/changes", ...WEBHOOKS],
      "/api/v2/incidents",
      ...["", "/postmortem", "/acknowledge", "/resolve"].map((part) => `/api/v2/incidents/{incident_id}${part}`),
      "/api/v2/incidents/inbound/pagerduty/{endpoint}",
      ...["/api/v2/slos", "/api/v2/slos/{slo_id}"],
      "/api/v2/admin/tenants/{id}/usage",
      "/api/v2/admin/tenants/{id}/scale",
      "/api/v2/admin/tenants/{id}/limits",
      "/api/v2/admin/tenants/{id}/security-events",
      "/api/v2/admin/tenants/{id}/lift-throttle",
      "/api/v2/events",
      "/api/v2/audit",
      "/api/v2/audit/export",
      "/.well-known/tessera-audit-keys",
      ...["/livez", "/readyz", "/metrics"],
      "/api/v2/openapi.json",
      "/api/v2/openapi.yaml",
    ]);
  });
});
