import { randomUUID } from "node:crypto";
import type { PermissionWorld } from "./permission-world.ts";

const REPORTS = "/api/v2/reports";
const FILES = "/api/v2/report-runs/{run_id}/files";

type Attempt = (world: Pick<PermissionWorld, "url" | "own">, query: string, apiKey: string | null) => Promise<string>;
type Http = (path: string, method: "GET" | "POST" | "PUT", body?: unknown) => Attempt;

/** The addresses about reports, as they are asked and what they say to nobody. */
export const reportSurfaces = <Problems>(http: Http, problems: Problems) => {
  // An address about the caller's own report.
  const ofReport =
    (path: string, method: "GET" | "POST" | "PUT", body?: unknown): Attempt =>
    (world, query, apiKey) =>
      http(`${REPORTS}/${world.own.reportId}${path}`, method, body)(world, query, apiKey);
  // An address of a file of the caller's own.
  const ofFile =
    (format: string): Attempt =>
    (world, query, apiKey) =>
      http(`${FILES.replace("{run_id}", world.own.reportRunId)}/${format}`, "GET")(world, query, apiKey);
  const define: Attempt = (world, query, apiKey) => {
    const body = { name: "reached", dashboard_id: world.own.dashboardId, formats: ["csv"] };
    return http(REPORTS, "POST", body)(world, query, apiKey);
  };
  return {
    [`GET ${REPORTS}`]: { attempt: http(REPORTS, "GET"), permission: "analytics:read" as const, says: problems },
    [`POST ${REPORTS}`]: {
      attempt: define,
      permission: "dashboards:edit" as const,
      says: problems,
    },
    [`GET ${REPORTS}/{report_id}`]: {
      attempt: ofReport("", "GET"),
      permission: "analytics:read" as const,
      says: problems,
    },
    [`GET ${REPORTS}/{report_id}/runs`]: {
      attempt: ofReport("/runs", "GET"),
      permission: "analytics:read" as const,
      says: problems,
    },
    [`POST ${REPORTS}/{report_id}/run`]: {
      attempt: ofReport("/run", "POST", { idempotency_key: "reached" }),
      permission: "dashboards:edit" as const,
      says: problems,
    },
    [`PUT ${REPORTS}/{report_id}/paused`]: {
      attempt: ofReport("/paused", "PUT", { paused: true }),
      permission: "dashboards:edit" as const,
      says: problems,
    },
    [`POST ${REPORTS}/{report_id}/remove`]: {
      attempt: http(`${REPORTS}/${randomUUID()}/remove`, "POST", {}),
      permission: "dashboards:edit" as const,
      says: problems,
    },
    [`GET ${FILES}/html`]: { attempt: ofFile("html"), permission: "analytics:read" as const, says: problems },
    [`GET ${FILES}/csv`]: { attempt: ofFile("csv"), permission: "analytics:read" as const, says: problems },
    [`GET ${FILES}/xlsx`]: { attempt: ofFile("xlsx"), permission: "analytics:read" as const, says: problems },
  };
};
