import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, it, jest } from "@jest/globals";
import { z } from "zod";
import { openTenant, type SharedTenant } from "../testing/shared-instance.ts";
import { inRestWords } from "./graph-words.ts";

jest.setTimeout(180_000);

const PATH = "/api/v2/analytics/correlations";
const minutesAgo = (minutes: number): string => new Date(Date.now() - minutes * 60_000).toISOString();
const range = { from: minutesAgo(180), to: minutesAgo(-10) };

let instance: SharedTenant;

const send = async (path: string, method: string, body?: unknown) => {
  const authorization = `Bearer ${instance.apiKey}`;
  const init =
    body === undefined
      ? { headers: { authorization } }
      : { headers: { authorization, "content-type": "application/json" }, body: JSON.stringify(body) };
  const answer = await fetch(`${instance.url}${path}`, { method, ...init });
  const parsed: unknown = await answer.json();
  return { status: answer.status, body: z.record(z.string(), z.unknown()).parse(parsed) };
};
const graph = async (query: string, variables: unknown) => {
  const { body } = await send("/graphql", "POST", { query, variables });
  return z.object({ data: z.record(z.string(), z.unknown()) }).parse(body).data;
};

const parts = [
  { name: "ordered", events: ["order"], key: ["properties.orderId"] },
  { name: "paid", events: ["payment"], key: ["properties.order.id"] },
];
const COUNTS = "counts { events late overtaken shedKeys shedRuns shedEvents matches shedMatches }";
const RULE =
  "id name title description owner pattern definitions { kind name version } version latestVersion pinnedVersion retired createdBy createdAt definedBy definedAt";
const MATCH = "id version from completedAt foundAt key events { part eventId time }";
const BACKTEST = `query ($input: BacktestCorrelationRuleInput!) { backtestCorrelationRule(input: $input) {
  version total matches { ${MATCH} } overTime { start matches } topKeys { matches match { ${MATCH} } } ${COUNTS}
  comparison { version total both onlyHereTotal onlyThereTotal onlyHere { ${MATCH} } onlyThere { ${MATCH} } } } }`;

beforeAll(async () => {
  instance = await openTenant();
  const event = (name: string, minutes: number, properties: object, source: string) => ({
    ...{ id: randomUUID(), name, time: minutesAgo(minutes), userId: "ada", source, properties },
  });
  const events = [
    event("order", 30, { orderId: "o1" }, "shop"),
    event("payment", 29, { order: { id: "o1" } }, "bank"),
    event("order", 20, { orderId: "o2" }, "shop"),
    event("payment", 5, { order: { id: "o2" } }, "bank"),
  ];
  expect((await send("/api/v2/events", "POST", events)).status).toBe(200);
}, 120_000);

describe("correlation rules over REST answer what GraphQL answers", () => {
  it("are made, tried on stored events, pinned, listed and retired", async () => {
    const pattern = { kind: "sequence", parts, window: "PT1H", lateness: "PT24H" };
    const made = await send(PATH, "POST", { name: "paid", pattern });
    expect([made.status, made.body["changed"]]).toEqual([200, true]);
    const { id } = z.object({ id: z.string() }).parse(made.body["correlation"]);
    await send(PATH, "POST", { name: "paid", pattern: { ...pattern, window: "PT2M" } });
    const tried = await send(`${PATH}/backtest`, "POST", { rule: id, compare_with: 1, range, granularity: "hour" });
    const asked = await graph(BACKTEST, { input: { rule: id, compareWith: 1, range, granularity: "HOUR" } });
    const { provenance, range: told, ...answer } = tried.body;
    expect([tried.status, answer]).toEqual([200, inRestWords(asked["backtestCorrelationRule"])]);
    expect(answer).toMatchObject({ version: 2, total: 1, comparison: { version: 1, both: 1, only_there_total: 1 } });
    expect(answer["matches"]).toMatchObject([{ key: ["o1"] }]);
    expect([provenance, told]).toMatchObject([{ exactness: "exact" }, { from: expect.any(String) }]);
    expect((await send(`${PATH}/${id}/pin`, "PUT", { version: 1 })).body).toMatchObject({ pinned_version: 1 });
    const one = await send(`${PATH}/${id}`, "GET");
    const rule = await graph(
      `query ($id: ID!) { correlationRule(id: $id) { ${RULE} run { version since watermark failureCode failure ${COUNTS} } } }`,
      { id },
    );
    const { pattern: words, ...rest } = z.looseObject({ pattern: z.unknown() }).parse(rule["correlationRule"]);
    expect(one.body).toEqual({ ...z.looseObject({}).parse(inRestWords(rest)), pattern: words });
    expect(one.body).toMatchObject({ version: 2, run: { version: 1 } });
    const matches = await send(`${PATH}/${id}/matches`, "GET");
    expect([matches.status, matches.body]).toEqual([200, { matches: [], next_cursor: null }]);
    expect((await send(`${PATH}/${id}/retire`, "POST")).body).toMatchObject({ retired: true });
    expect((await send(`${PATH}?retired=true`, "GET")).body).toMatchObject({
      correlations: [{ id }],
      next_cursor: null,
    });
  });

  it("refuse in the same words", async () => {
    const { status, body } = await send(PATH, "POST", {
      name: "x",
      pattern: { kind: "sequence", parts: parts.slice(0, 1), window: "PT1M" },
    });
    expect([status, body["field"], body["code"]]).toEqual([400, "pattern.parts", "BAD_INPUT"]);
    expect(await send(`${PATH}/${randomUUID()}/matches`, "GET")).toMatchObject({
      status: 404,
      body: { code: "NOT_FOUND" },
    });
  });
});
