import { describe, expect, it } from "@jest/globals";
import { refuse } from "@tessera/platform/errors/refusal";
import { createClientAddress } from "@tessera/platform/http/client-address";
import { createHttpServer, listenOn } from "@tessera/platform/http/server";
import type { RequestVerdict } from "@tessera/platform/limits/request-quotas";
import { createLogger } from "@tessera/platform/telemetry/logger";
import { callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { createAdmission } from "../admission.ts";
import { EVENTS_PATH, registerIngestRoutes } from "./routes.ts";

const headers = {
  "ratelimit-policy": '"tenant-requests";q=1;w=60;qu="requests"',
  ratelimit: '"tenant-requests";r=0;t=9',
};

const posting = async (verdict: RequestVerdict) => {
  const server = createHttpServer({ logger: createLogger("test", "silent") });
  const decisions: string[] = [];
  const seen = { taken: 0, decisions };
  registerIngestRoutes(server, {
    ingest: {
      admission: createAdmission(),
      ingest: (_caller, events) => {
        seen.taken += events.length;
        return Promise.resolve({ accepted: events.length, duplicate: 0, rejected: 0, outcomes: [] });
      },
    },
    authenticate: () => Promise.resolve(callerWith(freshTenantId(), ["analytics:ingest"])),
    recorder: {
      admit: () => undefined,
      record: async ({ decision }) => {
        decisions.push(decision);
      },
    },
    clientAddress: createClientAddress([]),
    quotas: { charge: () => Promise.resolve(verdict) },
  });
  const port = await listenOn(server, "127.0.0.1", 0);
  const response = await fetch(`http://127.0.0.1:${port}${EVENTS_PATH}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: '[{"name":"view"}]',
  });
  const body: unknown = await response.json();
  const answer = { status: response.status, headers: Object.fromEntries(response.headers), body };
  await server.close();
  return { answer, seen };
};

describe("a request to write events", () => {
  it("is told what is left of its quotas", async () => {
    const { answer, seen } = await posting({ headers, refusal: null });
    expect({ ...answer.headers, status: answer.status }).toMatchObject({ status: 200, ...headers });
    expect(seen).toEqual({ taken: 1, decisions: ["ALLOWED"] });
  });

  it("over a quota is a 429 problem that names it, with Retry-After and the same fields, and nothing of it is taken", async () => {
    const about = { quota: "tenant-requests", retryAfterSeconds: 9 };
    const { answer, seen } = await posting({ headers, refusal: refuse("RATE_LIMITED", "None left.", about) });
    expect({ ...answer.headers, status: answer.status }).toMatchObject({
      status: 429,
      "retry-after": "9",
      ...headers,
    });
    expect(answer.body).toMatchObject({ code: "RATE_LIMITED", ...about, "violated-policies": ["tenant-requests"] });
    expect(seen).toEqual({ taken: 0, decisions: ["REFUSED"] });
  });
});
