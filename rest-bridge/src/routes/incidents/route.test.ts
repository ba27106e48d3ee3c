import { createHmac } from "node:crypto";
import { describe, expect, it } from "@jest/globals";
import { Value } from "typebox/value";
import { bridgeOfTests } from "../../testing/bridge-of-tests.ts";
import { startBridge } from "../../testing/running-bridge.ts";
import {
  acknowledgeIncidentDescription,
  incidentDescription,
  incidentsDescription,
  postmortemDescription,
} from "./description.ts";
import { MAX_REFUSED } from "./inbound-limits.ts";

const ID = "0195e2a0-0000-7000-8000-000000000001";
const AT = "2026-11-20T12:00:00.000Z";
const ONE = `/api/v2/incidents/${ID}`;

const bridge = bridgeOfTests();

const incident = {
  ...{ __typename: "Incident", id: ID, number: 7, title: "Shop: country DE", state: "TRIGGERED", severity: "CRITICAL" },
  ...{ policy: "Shop", labels: [{ name: "country", value: "DE" }], status: null, beganAt: AT, openedAt: AT },
  roles: [{ role: "COMMANDER", personId: ID, scheduleId: null, at: AT }],
  ...{ acknowledgedAt: null, mitigatedAt: null, resolvedAt: null, closedAt: null, timesReopened: 0 },
};
const whole = {
  ...incident,
  alerts: [
    {
      anomaly: { id: ID },
      ruleName: "Errors",
      severity: "CRITICAL",
      open: true,
      acknowledged: false,
      explained: false,
      firedAt: AT,
      overAt: null,
    },
  ],
  timeline: [
    {
      id: ID,
      kind: "OPENED",
      from: "TRIGGERED",
      to: "TRIGGERED",
      severity: "CRITICAL",
      by: null,
      text: "An alert fires.",
      anomalyId: null,
      at: AT,
    },
  ],
  droppedEntries: 0,
  links: [
    { incident: { id: ID, number: 6, title: "Other" }, score: 0.7, reasons: ["SAME_LABELS"], note: null, at: AT },
  ],
};
const answerWith = (data: Record<string, unknown>): void => bridge.graph.decide(() => ({ data, rateLimit: {} }));
const asked = async (path: string, body?: unknown) => {
  const init = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
  const headers: Record<string, string> = body === undefined ? {} : { "content-type": "application/json" };
  const answer = await bridge.ask(path, { ...init, headers });
  const json: unknown = await answer.json();
  return { status: answer.status, body: json };
};

describe("addresses about incidents", () => {
  it("answer what the graph answers, as their descriptions say", async () => {
    answerWith({ incidents: { edges: [{ node: incident }], pageInfo: { hasNextPage: true, endCursor: "next" } } });
    const list = await asked("/api/v2/incidents?active=true&severity=critical&first=1");
    expect(list).toMatchObject({
      status: 200,
      body: { incidents: [{ state: "triggered", severity: "critical" }], next_cursor: "next" },
    });
    expect([...Value.Errors(incidentsDescription.answers[200].schema, list.body)]).toEqual([]);
    expect(bridge.graph.calls.at(-1)?.variables).toEqual({
      ...{ first: 1, after: null, active: true, state: null, severity: "CRITICAL", policy: null },
    });
    answerWith({ incident: whole });
    const one = await asked(ONE);
    expect(one).toMatchObject({
      status: 200,
      body: { timeline: [{ kind: "opened" }], links: [{ reasons: ["same_labels"] }] },
    });
    expect([...Value.Errors(incidentDescription.answers[200].schema, one.body)]).toEqual([]);
    answerWith({ incident: { postmortem: { markdown: "# Incident 7", json: { format: "tessera.postmortem/1" } } } });
    const told = await asked(`${ONE}/postmortem`);
    expect(told).toEqual({ status: 200, body: { markdown: "# Incident 7", json: { format: "tessera.postmortem/1" } } });
    expect([...Value.Errors(postmortemDescription.answers[200].schema, told.body)]).toEqual([]);
    answerWith({ acknowledgeIncident: { __typename: "IncidentSaved", incident } });
    const seen = await asked(`${ONE}/acknowledge`, { note: "on it" });
    expect([...Value.Errors(acknowledgeIncidentDescription.answers[200].schema, seen.body)]).toEqual([]);
    expect(bridge.graph.calls.at(-1)?.variables).toEqual({ id: ID, note: "on it" });
  });

  it.each([
    ["acknowledge", "acknowledgeIncident"],
    ["resolve", "resolveIncident"],
  ])("tell what became of %s when it led nowhere", async (verb, field) => {
    answerWith({ [field]: { __typename: "IncidentStepRefused", incident: { state: "CLOSED" } } });
    expect(await asked(`${ONE}/${verb}`, {})).toMatchObject({
      status: 409,
      body: { field: "incident_id", detail: "That leads nowhere: the incident is closed." },
    });
    answerWith({ [field]: { __typename: "IncidentNotFound", id: ID } });
    expect(await asked(`${ONE}/${verb}`, {})).toMatchObject({ status: 404, body: { field: "incident_id" } });
  });

  it("know no incident that the graph does not, and no tenant but the caller's", async () => {
    answerWith({ incident: null });
    for (const path of [ONE, `${ONE}/postmortem`]) expect(await asked(path)).toMatchObject({ status: 404 });
    bridge.graph.calls.length = 0;
    const foreign = "0195e2a0-0000-7000-8000-00000000000f";
    expect(await asked(`/api/v2/incidents?tenant_id=${foreign}`)).toMatchObject({ body: { code: "TENANT_MISMATCH" } });
    expect(await asked(`${ONE}/resolve`, { tenant_id: foreign })).toMatchObject({ body: { code: "TENANT_MISMATCH" } });
    expect(bridge.graph.calls).toEqual([]);
  });
});

describe("the address at which a provider tells back", () => {
  const secret = "the secret that PagerDuty shows";
  const path = `/api/v2/incidents/inbound/pagerduty/${"a".repeat(43)}`;
  const post = async (body: string, headers: Record<string, string>, to = path) => {
    // Without a credential: the signature is what proves the sender.
    const answer = await fetch(`${bridge.url}${to}`, {
      method: "POST",
      body,
      headers: { "content-type": "application/json", ...headers },
    });
    const json: unknown = await answer.json();
    return { status: answer.status, body: json };
  };

  it("refuses who guesses with 429, a code and how long to wait", async () => {
    const own = await startBridge();
    try {
      own.receiveBy(() => Promise.resolve("UNKNOWN_ENDPOINT"));
      const guess = async () =>
        fetch(`${own.url}${path}`, { method: "POST", body: "{}", headers: { "content-type": "application/json" } });
      for (let count = 0; count < MAX_REFUSED; count += 1) expect((await guess()).status).toBe(404);
      const refused = await guess();
      expect(refused.status).toBe(429);
      expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
      expect(await refused.json()).toMatchObject({ code: "RATE_LIMITED" });
    } finally {
      await own.stop();
    }
  });

  it("hands over the very text that was signed, and answers by what became of it", async () => {
    const body = '{ "event":\t{"id": "é"}\n}';
    bridge.receiveBy(({ endpoint, signatures, body: sent }) => {
      if (endpoint !== "a".repeat(43)) return Promise.resolve("UNKNOWN_ENDPOINT");
      const own = `v1=${createHmac("sha256", secret).update(sent).digest("hex")}`;
      return Promise.resolve(signatures === own ? "TAKEN" : "WRONG_SIGNATURE");
    });
    const good = `v1=${createHmac("sha256", secret).update(body).digest("hex")}`;
    expect(await post(body, { "x-pagerduty-signature": good })).toEqual({ status: 202, body: { outcome: "taken" } });
    expect(await post(`${body} `, { "x-pagerduty-signature": good })).toMatchObject({
      status: 401,
      body: { code: "UNAUTHENTICATED" },
    });
    expect(await post(body, {})).toMatchObject({ status: 401 });
    expect(await post(body, { "x-pagerduty-signature": good }, path.slice(0, -1))).toMatchObject({ status: 404 });
    bridge.receiveBy(() => Promise.resolve("NOT_READABLE"));
    expect(await post("{}", { "x-pagerduty-signature": good })).toMatchObject({
      status: 400,
      body: { code: "BAD_INPUT", field: "event" },
    });
  });

  it("takes no body that is larger than PagerDuty's, and none of another type", async () => {
    expect(await post("x".repeat(131_073), {})).toMatchObject({ status: 413 });
    expect(await post("a=b", { "content-type": "text/plain" })).toMatchObject({ status: 415 });
  });
});
