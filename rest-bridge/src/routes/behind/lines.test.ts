import { describe, expect, it } from "@jest/globals";
import { z } from "zod";
import type { GraphAnswer } from "../../graph/graph-port.ts";
import { eventsBehind, journeysBehind, peopleBehind } from "../../testing/behind-answers.ts";
import { bridgeOfTests } from "../../testing/bridge-of-tests.ts";

const PATH = "/api/v2/analytics/behind";
const range = { from: "2026-11-01T00:00:00Z", to: "2026-12-01T00:00:00Z" };
const rateLimit = {};
const olap = { input: { range, measures: [{ function: "count" }] }, cell: {} };

const bridge = bridgeOfTests();
const variables = z.object({ after: z.string().nullable(), of: z.unknown() });
const linesOf = async (path: string, body: unknown) => {
  const headers = { "content-type": "application/json" };
  const answer = await bridge.ask(`${PATH}${path}`, { method: "POST", headers, body: JSON.stringify(body) });
  const text = await answer.text();
  return { answer, lines: text.trimEnd().split("\n") };
};

describe("all that is behind a number, as lines", () => {
  it("goes on page by page to the end, with a relative range where it was when the first page was asked for", async () => {
    bridge.graph.decide(({ variables: given }) => {
      const { after } = variables.parse(given);
      return {
        data: eventsBehind(after !== "1.e2", after === null ? "e1" : after === "1.e1" ? "e2" : "e3"),
        rateLimit,
      };
    });
    const relative = { ...olap, input: { ...olap.input, range: { sliding: "P7D" } } };
    const { answer, lines } = await linesOf("/events/ndjson", { of: { olap: relative } });
    expect([answer.status, answer.headers.get("content-type"), answer.headers.get("tessera-as-of")]).toEqual([
      ...[200, "application/x-ndjson; charset=utf-8", peopleBehind.behind.people.provenance.asOf],
    ]);
    expect(lines.map((line): unknown => JSON.parse(line))).toMatchObject([{ id: "e1" }, { id: "e2" }, { id: "e3" }]);
    expect(bridge.graph.calls.map((call) => variables.parse(call.variables))).toMatchObject([
      { after: null, of: { olap: { input: { range: { sliding: "P7D" } } } } },
      { after: "1.e1", of: { olap: { input: { range } } } },
      { after: "1.e2", of: { olap: { input: { range } } } },
    ]);
  });

  it("tells journeys of attribution to their end, a hundred at a time, and refuses other numbers before anything is sent", async () => {
    const attribution = {
      input: { range, conversion: {}, touchpoints: [{}], models: [{ kind: "last" }], dimensions: ["name"] },
      cell: {},
    };
    bridge.graph.calls.length = 0;
    bridge.graph.decide(({ variables: given }) => {
      const { after } = variables.parse(given);
      return { data: journeysBehind(after === null, after === null ? 1 : 2), rateLimit };
    });
    const { answer, lines } = await linesOf("/journeys/ndjson", { of: { attribution } });
    expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "application/x-ndjson; charset=utf-8"]);
    expect(lines.map((line): unknown => JSON.parse(line))).toMatchObject([
      { value: 1, credited_value: 1, touchpoints: [{ label: "Mail", event: { name: "view" } }] },
      { value: 2 },
    ]);
    expect(bridge.graph.calls.map((call) => call.variables)).toMatchObject([
      { first: 100, after: null },
      { first: 100, after: "1.1" },
    ]);
    bridge.graph.decide(() => ({ data: { behind: { journeys: null } }, rateLimit }));
    const other = await linesOf("/journeys/ndjson", { of: { olap } });
    expect([other.answer.status, other.lines.map((line): unknown => JSON.parse(line))]).toMatchObject([
      400,
      [{ code: "BAD_INPUT", field: "of" }],
    ]);
  });

  it("waits for the budget of a later page, and is cut off where a page is refused", async () => {
    let pages = 0;
    const refused = (code: string, retryAfterSeconds?: number): GraphAnswer => ({
      ...{ data: null, rateLimit },
      errors: [
        {
          message: "Not now.",
          extensions: { code, ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }) },
        },
      ],
    });
    bridge.graph.decide(() => {
      pages += 1;
      if (pages === 2) return refused("RATE_LIMITED", 0);
      return pages === 4 ? refused("QUERY_TIMEOUT") : { data: peopleBehind, rateLimit };
    });
    await expect(linesOf("/people/ndjson", { of: { olap } })).rejects.toThrow();
    expect(pages).toBe(4);
    bridge.graph.decide(() => refused("FORBIDDEN"));
    const { answer } = await linesOf("/people/ndjson", { of: { olap } });
    expect(answer.status).toBe(403);
  });
});
