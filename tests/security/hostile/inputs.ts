import { operationText, rootFields } from "../api-schema.ts";
import { exampleOf, examples, type OwnThings } from "../examples.ts";
import { bent, garbled, oddText, oddValue, type Seeded } from "./seeded.ts";

/** One hostile request. */
export interface HostileRequest {
  readonly path: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Makes the next request of one surface. */
export type NextRequest = (random: Seeded) => HostileRequest;

const json = { "content-type": "application/json" };
const NEVER = new Set(["Mutation.deleteTenant", "Mutation.suspendTenant", "Mutation.revokeApiKey"]);

/** Operations of every root field, their variables bent or their text garbled. */
export const graphRequests = (own: OwnThings): NextRequest => {
  const operations = rootFields
    .filter(({ coordinate }) => !coordinate.startsWith("Subscription.") && !NEVER.has(coordinate))
    .filter(({ coordinate }) => examples[coordinate] !== undefined)
    .map((root) => {
      const variables = exampleOf(root.coordinate, own);
      return { query: operationText(root, variables, { depth: 1 }), variables };
    });
  return (random) => {
    const { query, variables } = operations[random.below(operations.length)] ?? { query: "{", variables: {} };
    const how = random.below(4);
    const asked =
      how === 0 ? { query: garbled(random, query), variables } : { query, variables: bent(random, variables) };
    const whole =
      how === 1 ? bent(random, { ...asked, operationName: oddValue(random, 1), extensions: oddValue(random) }) : asked;
    const text = JSON.stringify(whole) ?? "";
    return { path: "/graphql", method: "POST", headers: json, body: how === 2 ? garbled(random, text) : text };
  };
};

const QUESTION = {
  range: { from: "2026-01-01T00:00:00Z", to: "2026-01-02T00:00:00Z" },
  measures: [{ function: "count" }],
  dimensions: ["name"],
  filter: { field: "country", in: ["DE"] },
};
const EVENT = {
  id: "0d6f8a52-7d1e-4a8b-9a51-6a2f0c1f5e10",
  name: "hostile",
  userId: "u",
  time: "2026-11-20T12:00:00Z",
  url: "https://a.example/",
  properties: { a: 1 },
};

const query = (random: Seeded, names: readonly [string, ...string[]]): string =>
  new URLSearchParams(
    Array.from({ length: random.below(4) }, (): [string, string] => [random.pick(names), oddText(random, 300)]),
  ).toString();

/** Questions over REST. */
export const restRequests: NextRequest = (random) => {
  const path = random.pick([
    "/api/v2/analytics/realtime/metrics",
    "/api/v2/analytics/realtime/query",
    "/api/v2/analytics/funnel/analyze",
    "/api/v2/analytics/attribution/model",
    "/api/v2/analytics/paths/analyze",
    "/api/v2/analytics/sessions/analyze",
    "/api/v2/analytics/behind",
    "/api/v2/analytics/behind/events/ndjson",
    "/api/v2/audit",
    "/api/v2/admin/tenants/0d6f8a52-7d1e-4a8b-9a51-6a2f0c1f5e10/usage",
    "/api/v2/openapi.json",
    `/api/v2/${encodeURIComponent(oddText(random, 200))}`,
  ]);
  const asked = `${path}?${query(random, ["timeframe", "cursor", "tenant_id", "first", "from", "to", "interval", "x"])}`;
  if (random.below(2) === 0) return { path: asked, method: "GET", headers: {} };
  const text = JSON.stringify(bent(random, QUESTION)) ?? "";
  return {
    path: asked,
    method: random.pick(["POST", "POST", "POST", "PUT"]),
    headers: json,
    body: random.below(3) === 0 ? garbled(random, text) : text,
  };
};

/** Events that are none. */
export const ingestRequests: NextRequest = (random) => {
  const text = JSON.stringify(bent(random, [EVENT, EVENT])) ?? "";
  const type = random.pick([
    "application/json",
    "application/x-ndjson",
    "application/cloudevents+json",
    "application/cloudevents-batch+json",
    "text/plain",
    "x",
  ]);
  return {
    path: `/api/v2/events?${query(random, ["outcomes", "x"])}`,
    method: "POST",
    headers: { "content-type": type },
    body: random.below(3) === 0 ? garbled(random, text) : text,
  };
};

const GRANT = {
  grant_type: "authorization_code",
  code: "x",
  redirect_uri: "https://a.example/cb",
  client_id: "c",
  client_secret: "s",
  code_verifier: "v".repeat(43),
  refresh_token: "r",
  scope: "analytics:read",
  token: "t",
  resource: "http://a.example",
};

/** What strangers send to the authorization server. */
export const oauthRequests: NextRequest = (random) => {
  const fields = Object.entries(GRANT).flatMap(([name, value]): readonly [string, string][] =>
    random.below(4) === 0 ? [] : [[name, random.below(3) === 0 ? oddText(random, 500) : value]],
  );
  const form = new URLSearchParams([...fields]).toString();
  const path = random.pick([
    "/oauth/token",
    "/oauth/token",
    "/oauth/introspect",
    "/oauth/revoke",
    "/oauth/authorize",
    "/oauth/userinfo",
    "/oauth/jwks",
    "/.well-known/openid-configuration",
  ]);
  if (random.below(4) === 0) return { path: `${path}?${form.slice(0, 4_000)}`, method: "GET", headers: {} };
  const headers = {
    "content-type": random.pick([
      "application/x-www-form-urlencoded",
      "application/x-www-form-urlencoded",
      "application/json",
    ]),
  };
  return { path, method: "POST", headers, body: random.below(4) === 0 ? garbled(random, form) : form };
};
