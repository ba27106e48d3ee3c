import { beforeEach, describe, expect, it } from "@jest/globals";
import { Value } from "typebox/value";
import type { RestPathsAnalyzeQuery } from "../../generated/graphql.ts";
import { metricsAnswer } from "../../testing/metrics-answer.ts";
import { bridgeOfTests } from "../../testing/bridge-of-tests.ts";
import { OTHER_TENANT } from "../../testing/running-bridge.ts";
import { pathsAnalyzeDescription } from "./description.ts";

const PATH = "/api/v2/analytics/paths/analyze";
const range = { from: "2026-11-01T00:00:00Z", to: "2026-12-01T00:00:00Z" };

const node = { labels: 1, paths: 2, share: 1, droppedOff: 1, goesOn: 0, hiddenIn: 0, hiddenOut: 0 };
const data: RestPathsAnalyzeQuery = {
  paths: {
    range,
    nodes: [
      { ...node, depth: 0, label: "home" },
      { ...node, depth: 1, label: null, paths: 1, share: 0.5 },
    ],
    links: [{ from: 0, to: 1, paths: 1, share: 0.5, medianSeconds: 4 }],
    topPaths: [
      {
        ...{ labels: ["home"], paths: 1, share: 0.5, goesOn: 0, followed: 2 },
        ...{ converted: 1, conversion: 1, meanSeconds: null },
      },
    ],
    ...{ distinctPaths: 2, paths: 2, units: 2, unreached: 0, converted: 1, conversion: 0.5, cutUnits: 0 },
    provenance: metricsAnswer(1, "1-1").realtimeMetrics.provenance,
  },
};

const bridge = bridgeOfTests();
beforeEach(() => {
  bridge.graph.calls.length = 0;
  bridge.graph.decide(() => ({ data, rateLimit: {} }));
});

const post = async (body: unknown) => {
  const headers = { "content-type": "application/json" };
  const answer = await bridge.ask(PATH, { method: "POST", headers, body: JSON.stringify(body) });
  const told: unknown = await answer.json();
  return { status: answer.status, body: told };
};

describe("POST /api/v2/analytics/paths/analyze", () => {
  it("answers the graph's paths in REST's words, as its description says", async () => {
    const { status, body } = await post({ range });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      nodes: [{ depth: 0, label: "home", dropped_off: 1 }, { label: null }],
      links: [{ from: 0, to: 1, median_seconds: 4 }],
      top_paths: [{ labels: ["home"], followed: 2 }],
    });
    expect([...Value.Errors(pathsAnalyzeDescription.answers[200].schema, body)]).toEqual([]);
  });

  it("says every part of a question in the graph's words", async () => {
    const shape = { gap: "PT30M", window: "P1D", sample: 0.5 };
    await post({
      ...{ range, ...shape, unit: { kind: "field", field: "session_id" }, time_zone: "Europe/Berlin" },
      steps: [{ events: ["view"], filter: { field: "utm_source", eq: "mail" } }],
      ...{ exclude: [{ events: ["ping"] }], label: ["url", "properties.plan_name"] },
      groups: [{ wildcard: "/item/*", label: "item $1" }],
      ...{ start: { label: "home" }, end: { event: { events: ["buy"] } }, occurrence: "any", repeats: "keep" },
      ...{ loops: "cut", max_depth: 7, max_nodes: 3, min_link: 2, top_paths: 4 },
      goal: { event: { events: ["buy"] }, within: "PT1H" },
    });
    expect(bridge.graph.calls[0]?.variables).toEqual({
      input: {
        ...{ range, ...shape, unit: { kind: "FIELD", field: "sessionId" }, timeZone: "Europe/Berlin" },
        steps: [{ events: ["view"], filter: { field: "utmSource", eq: "mail" } }],
        ...{ exclude: [{ events: ["ping"] }], label: ["url", "properties.plan_name"] },
        groups: [{ wildcard: "/item/*", label: "item $1" }],
        ...{ start: { label: "home" }, end: { event: { events: ["buy"] } }, occurrence: "ANY", repeats: "KEEP" },
        ...{ loops: "CUT", maxDepth: 7, maxNodes: 3, minLink: 2, topPaths: 4 },
        goal: { event: { events: ["buy"] }, within: "PT1H" },
      },
    });
  });

  it.each([
    [{ range, steps: [] }, "steps"],
    [{ range, occurrence: "last" }, "occurrence"],
    [{ range, groups: [{ wildcard: "*" }] }, "groups.0.label"],
    [{ range, depth: 3 }, "depth"],
  ])("refuses %j with 400 and the field, before the graph is asked", async (body, field) => {
    expect(await post(body)).toMatchObject({ status: 400, body: { code: "BAD_INPUT", field } });
    expect(bridge.graph.calls).toEqual([]);
  });

  it("calls the graph's complaint by the name the caller used, and refuses another tenant's", async () => {
    const extensions = { code: "BAD_INPUT", field: "input.maxDepth" };
    bridge.graph.decide(() => ({ errors: [{ message: "Too deep.", extensions }], rateLimit: {} }));
    expect(await post({ range })).toMatchObject({ status: 400, body: { field: "max_depth" } });
    expect(await post({ range, tenant_id: OTHER_TENANT })).toMatchObject({ status: 403 });
  });
});
