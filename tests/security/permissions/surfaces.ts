import { randomUUID } from "node:crypto";
import { describe, expect, it } from "@jest/globals";
import { WebSocket } from "ws";
import { routeDescriptions } from "../../../rest-bridge/src/routes/descriptions.ts";
import { askGraph, askHttp } from "../outside.ts";
import type { PermissionWorld, World } from "./permission-world.ts";
import { anomalySurfaces } from "./anomaly-surfaces.ts";
import { behindSurfaces } from "./behind-surfaces.ts";
import { expectationSurfaces } from "./expectation-surfaces.ts";
import { webhookSurfaces } from "./webhook-surfaces.ts";
import { reportSurfaces } from "./report-surfaces.ts";

type Attempt = (world: Pick<PermissionWorld, "url" | "own">, query: string, apiKey: string | null) => Promise<string>;

const http =
  (path: string, method: "GET" | "POST" | "PUT", body?: unknown): Attempt =>
  async ({ url }, query, apiKey) => {
    const init = body === undefined ? { method } : { method, body: JSON.stringify(body) };
    const { status, text } = await askHttp(`${url}${path}${query}`, apiKey, init);
    return `${status} ${text}`;
  };

/** The status of a refused handshake, or what was said before the socket was closed. */
const socket =
  (path: string, protocol: string | null, first: unknown): Attempt =>
  ({ url }, query, apiKey) =>
    new Promise((resolve) => {
      const headers = apiKey === null ? {} : { authorization: `Bearer ${apiKey}` };
      const address = `${url.replace(/^http/, "ws")}${path}${query}`;
      const opened = new WebSocket(address, protocol === null ? [] : [protocol], { headers });
      let said = "";
      opened.on("open", () => first !== undefined && opened.send(JSON.stringify(first)));
      opened.on("message", (data: Buffer) => {
        said += data.toString("utf8");
        if (said.includes('"metrics"') || said.includes('"connection_ack"')) opened.close();
      });
      opened.on("unexpected-response", (_request, response) => {
        resolve(`${response.statusCode ?? 0} handshake`);
        opened.terminate();
      });
      opened.on("error", () => undefined);
      opened.on("close", (code) => resolve(`${code} ${said}`));
    });

const range = { from: "2026-01-01T00:00:00Z", to: "2026-01-02T00:00:00Z" };
const METRICS = "/api/v2/analytics/realtime/metrics";
const QUESTION = "/api/v2/analytics/realtime/query";
const NDJSON = "/api/v2/analytics/query/ndjson";
const ARROW = "/api/v2/analytics/query/arrow";
const ATTRIBUTION = "/api/v2/analytics/attribution/model";
const FUNNEL = "/api/v2/analytics/funnel/analyze";
const PATHS = "/api/v2/analytics/paths/analyze";
const SESSIONS = "/api/v2/analytics/sessions/analyze";
const CATALOGUE = "/api/v2/analytics/catalogue";
const COHORT = "/api/v2/analytics/cohort/{cohort_id}";
const PERSON = "/api/v2/analytics/people/{person_id}";
const MERGE = "/api/v2/analytics/people/merge";
const ERASURES = "/api/v2/analytics/people/erasures";
const IDENTIFY = "/api/v2/analytics/identify";
const CORRELATIONS = "/api/v2/analytics/correlations";
const STREAM = "/api/v2/analytics/realtime/stream";
const EVENTS = "/api/v2/events";
const AUDIT = "/api/v2/audit";
const EXPORT = "/api/v2/audit/export";
const ADMINISTRATION = "/api/v2/admin/tenants/{id}";

const PATTERN = { kind: "count", at_least: 2, parts: [{ name: "a", key: ["name"] }], window: "PT1M" };
/** An address of the caller's own correlation rule. */
const ofCorrelation =
  (path: string, method: "GET" | "POST" | "PUT", body?: unknown): Attempt =>
  (world, query, apiKey) =>
    http(`${CORRELATIONS}/${world.own.correlationRuleId}${path}`, method, body)(world, query, apiKey);

/** An address of the administration, about the caller's own tenant. */
const administering =
  (path: string, method: "GET" | "POST" | "PUT", search: string, body?: unknown): Attempt =>
  async ({ url, own }, query, apiKey) => {
    const init = body === undefined ? { method } : { method, body: JSON.stringify(body) };
    const address = `${url}${ADMINISTRATION.replace("{id}", own.tenantId)}/${path}`;
    const { status, text } = await askHttp(`${address}${query === "" ? search : query}`, apiKey, init);
    return `${status} ${text}`;
  };

interface Surface {
  readonly attempt: Attempt;
  /** Permission without which it is refused; null where each field asks for its own. */
  readonly permission: string | null;
  /** How an answer begins: to a credential in the URL, to no credential, to a lacking permission. */
  readonly says: { readonly inUrl: RegExp; readonly nobody: RegExp; readonly forbidden?: RegExp };
}

const problems = {
  inUrl: /^400 .*"CREDENTIAL_IN_URL"/s,
  nobody: /^401 .*"UNAUTHENTICATED"/s,
  forbidden: /^403 .*"FORBIDDEN"/s,
};

/** Every address that asks for a credential; those of REST must be the described ones. */
const SURFACES: Readonly<Record<string, Surface>> = {
  "POST /graphql": {
    attempt: http("/graphql", "POST", { query: "{ whoAmI { expiresAt } }" }),
    permission: null,
    says: problems,
  },
  "WS /graphql": {
    attempt: socket("/graphql", "graphql-transport-ws", { type: "connection_init" }),
    permission: null,
    says: { inUrl: /^400 handshake/, nobody: /^4401 / },
  },
  [`GET ${METRICS}`]: { attempt: http(METRICS, "GET"), permission: "analytics:read", says: problems },
  [`POST ${QUESTION}`]: {
    attempt: http(QUESTION, "POST", { range, measures: [{ function: "count" }] }),
    permission: "analytics:read",
    says: problems,
  },
  [`POST ${NDJSON}`]: {
    attempt: http(NDJSON, "POST", { range, measures: [{ function: "count" }] }),
    permission: "analytics:read",
    says: problems,
  },
  [`POST ${ARROW}`]: {
    attempt: http(ARROW, "POST", { range, measures: [{ function: "count" }] }),
    permission: "analytics:read",
    says: problems,
  },
  [`POST ${ATTRIBUTION}`]: {
    attempt: http(ATTRIBUTION, "POST", { range, conversion: {}, touchpoints: [{}], models: [{ kind: "last" }] }),
    permission: "analytics:read",
    says: problems,
  },
  [`POST ${FUNNEL}`]: {
    attempt: http(FUNNEL, "POST", { range, steps: [{ any_of: [{}] }] }),
    permission: "analytics:read",
    says: problems,
  },
  [`POST ${PATHS}`]: { attempt: http(PATHS, "POST", { range }), permission: "analytics:read", says: problems },
  [`POST ${SESSIONS}`]: { attempt: http(SESSIONS, "POST", { range }), permission: "analytics:read", says: problems },
  ...Object.fromEntries(
    ["properties", "event-names"].map((part) => [
      `GET ${CATALOGUE}/${part}`,
      { attempt: http(`${CATALOGUE}/${part}`, "GET"), permission: "analytics:read", says: problems },
    ]),
  ),
  ...behindSurfaces(http, problems),
  ...expectationSurfaces(http, problems),
  [`GET ${COHORT}`]: {
    attempt: (world, query, apiKey) =>
      http(COHORT.replace("{cohort_id}", world.own.cohortId), "GET")(world, query, apiKey),
    permission: "analytics:read",
    says: problems,
  },
  [`GET ${PERSON}`]: {
    attempt: http(PERSON.replace("{person_id}", "1"), "GET"),
    permission: "analytics:read",
    says: problems,
  },
  [`POST ${ERASURES}`]: {
    attempt: http(ERASURES, "POST", { user_id: "nobody", reason: "surface" }),
    permission: "people:erase",
    says: problems,
  },
  [`GET ${ERASURES}/{erasure_id}`]: {
    attempt: http(`${ERASURES}/00000000-0000-4000-8000-000000000000`, "GET"),
    permission: "people:erase",
    says: problems,
  },
  [`POST ${MERGE}`]: {
    attempt: http(MERGE, "POST", { from_user_id: "surface", into_user_id: "other", reason: "surface" }),
    permission: "people:manage",
    says: problems,
  },
  [`POST ${IDENTIFY}`]: {
    attempt: http(IDENTIFY, "POST", { user_id: "surface", anonymous_id: "surface" }),
    permission: "analytics:ingest",
    says: problems,
  },
  [`GET ${CORRELATIONS}`]: { attempt: http(CORRELATIONS, "GET"), permission: "analytics:read", says: problems },
  [`POST ${CORRELATIONS}`]: {
    attempt: http(CORRELATIONS, "POST", { name: "surface", pattern: PATTERN }),
    permission: "analytics:define",
    says: problems,
  },
  [`POST ${CORRELATIONS}/backtest`]: {
    attempt: http(`${CORRELATIONS}/backtest`, "POST", { pattern: PATTERN, range }),
    permission: "analytics:read",
    says: problems,
  },
  [`GET ${CORRELATIONS}/{correlation_id}`]: {
    attempt: ofCorrelation("", "GET"),
    permission: "analytics:read",
    says: problems,
  },
  [`GET ${CORRELATIONS}/{correlation_id}/matches`]: {
    attempt: ofCorrelation("/matches", "GET"),
    permission: "analytics:read",
    says: problems,
  },
  [`POST ${CORRELATIONS}/{correlation_id}/retire`]: {
    attempt: ofCorrelation("/retire", "POST", {}),
    permission: "analytics:define",
    says: problems,
  },
  [`PUT ${CORRELATIONS}/{correlation_id}/pin`]: {
    attempt: ofCorrelation("/pin", "PUT", { version: null }),
    permission: "analytics:define",
    says: problems,
  },
  ...reportSurfaces(http, problems),
  ...anomalySurfaces(http, problems),
  ...webhookSurfaces(http, problems),
  [`GET ${STREAM}`]: {
    attempt: socket(STREAM, null, undefined),
    permission: "analytics:read",
    says: { inUrl: /^400 handshake/, nobody: /^4408 .*"UNAUTHENTICATED"/s, forbidden: /^4403 .*"FORBIDDEN"/s },
  },
  [`GET ${AUDIT}`]: { attempt: http(AUDIT, "GET"), permission: "audit:read", says: problems },
  [`GET ${EXPORT}`]: { attempt: http(EXPORT, "GET"), permission: "audit:read", says: problems },
  [`GET ${ADMINISTRATION}/usage`]: {
    attempt: administering("usage", "GET", "?from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z"),
    permission: "tenant:read",
    says: problems,
  },
  [`POST ${ADMINISTRATION}/scale`]: {
    attempt: administering("scale", "POST", "", { worker_weight: 1, reason: "surface" }),
    permission: "tenant:manage",
    says: problems,
  },
  [`GET ${ADMINISTRATION}/security-events`]: {
    attempt: administering("security-events", "GET", ""),
    permission: "security:read",
    says: problems,
  },
  [`POST ${ADMINISTRATION}/lift-throttle`]: {
    attempt: administering("lift-throttle", "POST", "", { throttle_id: "none", reason: "surface" }),
    permission: "security:manage",
    says: problems,
  },
  [`PUT ${ADMINISTRATION}/limits`]: {
    attempt: administering("limits", "PUT", "", {
      limits: [{ metric: "jobs", scope: "api_key", scope_id: "0000000000000000", hard: 50 }],
    }),
    permission: "tenant:manage",
    says: problems,
  },
  [`POST ${EVENTS}`]: {
    attempt: http(EVENTS, "POST", [{ name: "credential" }]),
    permission: "analytics:ingest",
    says: problems,
  },
};

const described = routeDescriptions
  .filter(({ authenticated }) => authenticated)
  .map(({ method, path }) => `${method.toUpperCase()} ${path}`);
const surfaces = Object.entries(SURFACES);

/** All doors have the same lock. */
export const describeSurfaces = (world: World): void => {
  describe("every surface", () => {
    it("is named here", () => {
      expect(Object.keys(SURFACES)).toEqual(expect.arrayContaining(described));
      expect(
        Object.keys(SURFACES)
          .filter((name) => name.includes("/api/"))
          .toSorted(),
      ).toEqual(described.toSorted());
    });

    it.each(surfaces)(
      "%s: refuses a credential in the URL, whatever its name, even beside a good one",
      async (_name, surface) => {
        const { full } = world();
        for (const query of [`?access_token=${full}`, `?api_key=x`, `?Authorization=Bearer%20${full}`, `?q=${full}`]) {
          for (const header of [null, full])
            expect(await surface.attempt(world(), query, header)).toMatch(surface.says.inUrl);
        }
        expect(await surface.attempt(world(), `?access_token=${full}`, null)).not.toContain(full);
      },
    );

    it.each(surfaces)(
      "%s: lets nobody in without a credential, or with one that is not valid",
      async (_name, surface) => {
        expect(await surface.attempt(world(), "", null)).toMatch(surface.says.nobody);
        const unknown = await surface.attempt(world(), "", "tsr_live_mistyped");
        expect(unknown).toMatch(/^(401 .*"UNAUTHENTICATED"|4401 )/s);
      },
    );

    it.each(surfaces.filter(([, { permission }]) => permission !== null))(
      "%s: asks for its permission",
      async (_name, { attempt, permission, says }) => {
        const apiKey = await world().without(permission ?? "");
        expect(await attempt(world(), "", apiKey)).toMatch(says.forbidden ?? /never/);
        expect(await attempt(world(), "", world().full)).not.toMatch(
          /^(?:401|403) |^44\d\d .*(?:FORBIDDEN|UNAUTHENTICATED)/s,
        );
      },
    );

    it("a refused event is not stored", async () => {
      const id = randomUUID();
      const apiKey = await world().without("analytics:ingest");
      await askHttp(`${world().url}${EVENTS}`, apiKey, {
        method: "POST",
        body: JSON.stringify([{ id, name: "refused" }]),
      });
      const query = "query ($id: ID!) { event(id: $id) { id } }";
      const { text } = await askGraph(world().url, world().full, { query, variables: { id } });
      expect(text).toContain('{"event":null}');
    });

    it("a key can't hand on what it does not have itself", async () => {
      const apiKey = await world().without("analytics:personal-data");
      const query = `mutation { createApiKey(input: { name: "more", permissions: ["analytics:personal-data"] }) { __typename ... on PermissionsNotHeld { permissions } } }`;
      const { text } = await askGraph(world().url, apiKey, { query });
      expect(text).toContain('{"__typename":"PermissionsNotHeld","permissions":["analytics:personal-data"]}');
      const service = query.replaceAll("analytics:personal-data", "platform:authenticate");
      expect((await askGraph(world().url, world().full, { query: service })).text).not.toContain("ApiKeyCreated");
    });
  });
};
