import type { PermissionWorld } from "./permission-world.ts";

const BEHIND = "/api/v2/analytics/behind";
const range = { from: "2026-01-01T00:00:00Z", to: "2026-01-02T00:00:00Z" };
/** A number of an answer. */
const NUMBER = { of: { olap: { input: { range, measures: [{ function: "count" }] }, cell: {} } } };

type Attempt = (world: Pick<PermissionWorld, "url" | "own">, query: string, apiKey: string | null) => Promise<string>;
type Http = (path: string, method: "GET" | "POST" | "PUT", body?: unknown) => Attempt;

/** The addresses of what is behind a number, as they are asked and what they say to nobody; who is behind one is personal data. */
export const behindSurfaces = <Problems>(http: Http, problems: Problems) =>
  Object.fromEntries(
    ["", "/events", "/events/ndjson", "/people", "/people/ndjson", "/journeys", "/journeys/ndjson"].map((list) => [
      `POST ${BEHIND}${list}`,
      {
        attempt: http(`${BEHIND}${list}`, "POST", NUMBER),
        permission: list.startsWith("/people") ? "analytics:personal-data" : "analytics:read",
        says: problems,
      },
    ]),
  );
