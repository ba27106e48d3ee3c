import { randomUUID } from "node:crypto";
import type { PermissionWorld } from "./permission-world.ts";

const PATH = "/api/v2/analytics/expectations";
const range = { from: "2026-01-01T00:00:00Z", to: "2026-01-02T00:00:00Z" };
const country = { present: { field: "country" } };

type Attempt = (world: Pick<PermissionWorld, "url" | "own">, query: string, apiKey: string | null) => Promise<string>;
type Http = (path: string, method: "GET" | "POST" | "PUT", body?: unknown) => Attempt;

/** The addresses of patterns of fraud and of what is expected of events, as they are asked and what they say to nobody. */
export const expectationSurfaces = <Problems>(http: Http, problems: Problems) => ({
  "POST /api/v2/analytics/event-quality": {
    attempt: http("/api/v2/analytics/event-quality", "POST", { range, expect: [{ name: "surface", ...country }] }),
    ...{ permission: "analytics:read", says: problems },
  },
  "POST /api/v2/analytics/velocity": {
    attempt: http("/api/v2/analytics/velocity", "POST", {
      range,
      event: {},
      by: "country",
      within: "PT1H",
      more_than: 1,
    }),
    ...{ permission: "analytics:read", says: problems },
  },
  "POST /api/v2/analytics/rings": {
    attempt: http("/api/v2/analytics/rings", "POST", { range, of: "session_id", through: ["country"] }),
    ...{ permission: "analytics:read", says: problems },
  },
  [`GET ${PATH}`]: { attempt: http(PATH, "GET"), permission: "analytics:read", says: problems },
  [`POST ${PATH}`]: {
    attempt: http(PATH, "POST", { expect: { name: "surface", ...country } }),
    ...{ permission: "analytics:define", says: problems },
  },
  [`POST ${PATH}/{expectation_id}/remove`]: {
    attempt: http(`${PATH}/${randomUUID()}/remove`, "POST", {}),
    ...{ permission: "analytics:define", says: problems },
  },
});
