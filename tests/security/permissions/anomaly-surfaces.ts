import type { PermissionWorld } from "./permission-world.ts";

const ANOMALIES = "/api/v2/anomalies";

type Attempt = (world: Pick<PermissionWorld, "url" | "own">, query: string, apiKey: string | null) => Promise<string>;
type Http = (path: string, method: "GET" | "POST" | "PUT", body?: unknown) => Attempt;

/** The addresses about anomalies, as they are asked and what they say to nobody. */
export const anomalySurfaces = <Problems>(http: Http, problems: Problems) => {
  const reads = (attempt: Attempt) => ({ attempt, permission: "anomaly:read" as const, says: problems });
  const change: Attempt = (world, query, apiKey) =>
    http(`${ANOMALIES}/rules/${world.own.ruleId}`, "PUT", { description: "surface" })(world, query, apiKey);
  const feedback: Attempt = (world, query, apiKey) =>
    http(`${ANOMALIES}/feedback/${world.own.anomalyId}`, "POST", { verdict: "true" })(world, query, apiKey);
  const picture =
    (format: string): Attempt =>
    (world, query, apiKey) =>
      http(`${ANOMALIES}/${world.own.anomalyId}/picture/${format}`, "GET")(world, query, apiKey);
  const record: Attempt = (world, query, apiKey) => {
    const deploy = { key: "surface", kind: "deploy", title: "surface", at: new Date().toISOString() };
    return http("/api/v2/changes", "POST", deploy)(world, query, apiKey);
  };
  const incident =
    (rest: string, method: "GET" | "POST", body?: unknown): Attempt =>
    (world, query, apiKey) =>
      http(`/api/v2/incidents/${world.own.incidentId}${rest}`, method, body)(world, query, apiKey);
  return {
    "GET /api/v2/slos": reads(http("/api/v2/slos", "GET")),
    "GET /api/v2/slos/{slo_id}": reads((world, query, apiKey) =>
      http(`/api/v2/slos/${world.own.objectiveId}`, "GET")(world, query, apiKey),
    ),
    "GET /api/v2/incidents": reads(http("/api/v2/incidents", "GET")),
    "GET /api/v2/incidents/{incident_id}": reads(incident("", "GET")),
    "GET /api/v2/incidents/{incident_id}/postmortem": reads(incident("/postmortem", "GET")),
    "POST /api/v2/incidents/{incident_id}/acknowledge": {
      ...{ attempt: incident("/acknowledge", "POST", {}), permission: "anomaly:respond" as const, says: problems },
    },
    "POST /api/v2/incidents/{incident_id}/resolve": {
      ...{ attempt: incident("/resolve", "POST", {}), permission: "anomaly:respond" as const, says: problems },
    },
    [`GET ${ANOMALIES}/active`]: reads(http(`${ANOMALIES}/active`, "GET")),
    [`POST ${ANOMALIES}/feedback/{anomaly_id}`]: {
      attempt: feedback,
      permission: "anomaly:respond" as const,
      says: problems,
    },
    [`GET ${ANOMALIES}/{anomaly_id}/picture/png`]: reads(picture("png")),
    [`GET ${ANOMALIES}/{anomaly_id}/picture/svg`]: reads(picture("svg")),
    [`GET ${ANOMALIES}/{anomaly_id}`]: reads((world, query, apiKey) =>
      http(`${ANOMALIES}/${world.own.anomalyId}`, "GET")(world, query, apiKey),
    ),
    "GET /api/v2/changes": reads(http("/api/v2/changes", "GET")),
    "POST /api/v2/changes": { attempt: record, permission: "changes:record" as const, says: problems },
    [`PUT ${ANOMALIES}/rules/{rule_id}`]: { attempt: change, permission: "anomaly:manage" as const, says: problems },
  };
};
