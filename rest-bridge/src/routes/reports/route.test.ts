import { beforeEach, describe, expect, it } from "@jest/globals";
import { Value } from "typebox/value";
import { z } from "zod";
import { bridgeOfTests } from "../../testing/bridge-of-tests.ts";
import * as descriptions from "./description.ts";

const ID = "0195e2a0-0000-7000-8000-000000000001";
const PATH = "/api/v2/reports";
const AT = "2026-11-20T12:00:00.000Z";

const bridge = bridgeOfTests();
const { asked } = bridge;

const report = {
  ...{ __typename: "Report", id: ID, name: "Weekly", source: "DASHBOARD", sourceId: ID, version: null },
  ...{ formats: ["HTML", "CSV"], schedule: { cron: "30 7 * * 1", timeZone: "Europe/Berlin" }, nextDueAt: AT },
  ...{ keepRuns: 10, channels: [], owner: "USER:1", paused: "FAILURES", failures: 3, createdAt: AT, changedAt: AT },
};
const run = {
  ...{ __typename: "ReportRun", id: ID, dueAt: AT, byHand: true, state: "SUCCEEDED", percent: 100, sourceVersion: 2 },
  ...{ files: [{ format: "CSV", size: 3, sha256: "ab" }], error: null, createdAt: AT, startedAt: AT, finishedAt: null },
};
const pageInfo = { hasNextPage: true, endCursor: "next" };
const answerWith = (data: Record<string, unknown>): void => bridge.graph.decide(() => ({ data, rateLimit: {} }));
const errorsOf = (description: { readonly answers: { readonly 200: { readonly schema: object } } }, body: unknown) => [
  ...Value.Errors(description.answers[200].schema, body),
];

describe("addresses about reports", () => {
  it("answer what the graph answers, as their descriptions say", async () => {
    answerWith({ reports: { edges: [{ node: report }], pageInfo } });
    const list = await asked(`${PATH}?first=1`);
    expect([list.status, errorsOf(descriptions.reportsDescription, list.body)]).toEqual([200, []]);
    expect(list.body).toMatchObject({
      reports: [{ source: "dashboard", formats: ["html", "csv"], paused: "failures" }],
    });
    answerWith({ report });
    const one = await asked(`${PATH}/${ID}`);
    expect([one.status, errorsOf(descriptions.reportDescription, one.body)]).toEqual([200, []]);
    answerWith({ reportRuns: { edges: [{ node: run }], pageInfo: { hasNextPage: false, endCursor: "x" } } });
    const runs = await asked(`${PATH}/${ID}/runs`);
    expect([runs.status, errorsOf(descriptions.reportRunsDescription, runs.body)]).toEqual([200, []]);
    expect(runs.body).toMatchObject({ runs: [{ state: "succeeded", files: [{ format: "csv" }] }], next_cursor: null });
    answerWith({ runReportNow: { __typename: "ReportRunAsked", run } });
    const made = await asked(`${PATH}/${ID}/run`, "POST", { idempotency_key: "k" });
    expect([made.status, errorsOf(descriptions.runReportDescription, made.body)]).toEqual([200, []]);
    expect(bridge.graph.calls.at(-1)?.variables).toEqual({ id: ID, idempotencyKey: "k" });
    answerWith({ pauseReport: { __typename: "ReportPaused", report } });
    expect((await asked(`${PATH}/${ID}/paused`, "PUT", { paused: true })).status).toBe(200);
    answerWith({ removeReport: { __typename: "ReportRemoved", id: ID } });
    expect(await asked(`${PATH}/${ID}/remove`, "POST")).toEqual({ status: 200, body: { id: ID } });
  });

  it("ask for a report in the graph's words", async () => {
    answerWith({ defineReport: { __typename: "ReportDefined", report } });
    const schedule = { every: "week", weekday: "monday", at: "07:30", time_zone: "Europe/Berlin" };
    const body = {
      name: "Weekly",
      dashboard_id: ID,
      formats: ["html"],
      schedule,
      range: { calendar: { unit: "week" } },
      keep_runs: 3,
    };
    expect((await asked(PATH, "POST", body)).status).toBe(200);
    expect(bridge.graph.calls.at(-1)?.variables).toEqual({
      input: {
        ...{ name: "Weekly", dashboard: ID, formats: ["HTML"], range: { calendar: { unit: "WEEK" } }, keepRuns: 3 },
        schedule: { every: "WEEK", weekday: "MONDAY", at: "07:30", timeZone: "Europe/Berlin" },
      },
    });
  });

  it("say what is not there, and what there are too many of", async () => {
    answerWith({ report: null, reportRuns: null, reportFile: null });
    expect((await asked(`${PATH}/${ID}`)).status).toBe(404);
    expect((await asked(`${PATH}/${ID}/runs`)).status).toBe(404);
    expect((await asked(`/api/v2/report-runs/${ID}/files/csv`)).status).toBe(404);
    const missing = { __typename: "ReportNotFound" };
    answerWith({ runReportNow: missing, pauseReport: missing, removeReport: missing });
    expect((await asked(`${PATH}/${ID}/run`, "POST", {})).status).toBe(404);
    expect((await asked(`${PATH}/${ID}/paused`, "PUT", { paused: false })).status).toBe(404);
    expect((await asked(`${PATH}/${ID}/remove`, "POST")).status).toBe(404);
    answerWith({ defineReport: { __typename: "TooManyReports", limit: 200 } });
    expect((await asked(PATH, "POST", { name: "x", dashboard_id: ID, formats: ["csv"] })).status).toBe(409);
  });
});

describe("a file", () => {
  const SIZE = 1_200_000;
  const content = Buffer.from(Array.from({ length: SIZE }, (_, index) => index % 251));
  const partOf = z.object({ part: z.number() });
  const parts = (): readonly number[] => bridge.graph.calls.map(({ variables }) => partOf.parse(variables).part);
  beforeEach(() => {
    bridge.graph.decide(({ variables }) => {
      const { part } = partOf.parse(variables);
      const base64 = content.subarray(part * 500_000, (part + 1) * 500_000).toString("base64");
      const file = {
        file: { size: SIZE, sha256: "ab".repeat(32) },
        name: "Woche “1”.xlsx",
        madeAt: AT,
        parts: 3,
        base64,
      };
      return { data: { reportFile: file }, rateLimit: {} };
    });
  });
  const download = async (headers: Record<string, string> = {}) => {
    const answer = await bridge.ask(`/api/v2/report-runs/${ID}/files/xlsx`, { headers });
    return { answer, bytes: Buffer.from(await answer.arrayBuffer()) };
  };

  it("is given whole, with its type, name, size and tag, to be saved and not to be run", async () => {
    const { answer, bytes } = await download();
    expect([answer.status, bytes.equals(content)]).toEqual([200, true]);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      "content-type": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
      "content-length": String(SIZE),
      "content-disposition": `attachment; filename="Woche _1_.xlsx"; filename*=UTF-8''Woche%20%E2%80%9C1%E2%80%9D.xlsx`,
      etag: `"${"ab".repeat(32)}"`,
      "accept-ranges": "bytes",
      "cache-control": "private, no-store",
      "content-security-policy": expect.stringContaining("sandbox"),
    });
    expect(parts()).toEqual([0, 1, 2]);
  });

  it.each<[string, number, number, readonly number[]]>([
    ["bytes=0-9", 0, 9, [0]],
    ["bytes=499999-500000", 499_999, 500_000, [0, 1]],
    ["bytes=1000000-", 1_000_000, SIZE - 1, [0, 2]],
    ["bytes=-10", SIZE - 10, SIZE - 1, [0, 2]],
  ])("is given in part: %s", async (range, first, last, asks) => {
    const { answer, bytes } = await download({ range });
    expect([answer.status, answer.headers.get("content-range")]).toEqual([206, `bytes ${first}-${last}/${SIZE}`]);
    expect(bytes.equals(content.subarray(first, last + 1))).toBe(true);
    expect(parts()).toEqual(asks);
  });

  it("is not sent to who has it, has no bytes after its end, and is whole where another was begun", async () => {
    const etag = `"${"ab".repeat(32)}"`;
    const had = await download({ "if-none-match": `"x", W/${etag}` });
    expect([had.answer.status, had.bytes.length]).toEqual([304, 0]);
    const beyond = await download({ range: `bytes=${SIZE}-` });
    expect([beyond.answer.status, beyond.answer.headers.get("content-range")]).toEqual([416, `bytes */${SIZE}`]);
    expect((await download({ range: "bytes=0-9", "if-range": etag })).answer.status).toBe(206);
    expect((await download({ range: "bytes=0-9", "if-range": `"other"` })).bytes).toHaveLength(SIZE);
  });
});
