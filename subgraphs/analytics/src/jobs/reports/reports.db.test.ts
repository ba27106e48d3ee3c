import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { Caller } from "@tessera/contracts/caller";
import { EXECUTION_RECORDED } from "@tessera/contracts/events/execution-recorded";
import { REPORT_READY } from "@tessera/contracts/events/report-changed";
import { readXlsx } from "hucre/xlsx";
import { z } from "zod";
import { counts, person } from "../../../testing/dashboard-room.ts";
import { openReportRoom } from "../../../testing/report-room.ts";
import { momentsOf } from "./fire-due-reports.ts";

// Nothing here is about speed: a busy machine may take its time.
jest.setTimeout(120_000);

let room: ReturnType<typeof openReportRoom>;
beforeAll(async () => {
  room = openReportRoom();
  await room.open();
});
afterAll(async () => {
  await room.rest();
  await room.close();
});

/** A person who owns reports and may now what they could when they defined them. */
const owner = (of: Partial<Caller> = {}): Caller => {
  const caller = { ...person(), ...of };
  room.standing.set(`${caller.subject.kind}:${caller.subject.id}`, caller);
  return caller;
};
const mayNow = (caller: Caller, now: Partial<Caller>): unknown =>
  room.standing.set(`USER:${caller.subject.id}`, { ...caller, ...now });
const isNobody = (caller: Caller): unknown => room.standing.delete(`USER:${caller.subject.id}`);
const ended = (caller: Caller, report: string, count = 1) =>
  room.until(async () => {
    const runs = await room.runs(caller, report);
    return runs.filter(({ state }) => state === "SUCCEEDED" || state === "FAILED").length >= count && runs;
  });
const DAILY = { every: "DAY", at: "07:00", timeZone: "Europe/Berlin" };
const tell = (caller: Caller, id: string): Promise<unknown> =>
  room.ask(
    caller,
    `query ($id: ID!) { report(id: $id) { name paused failures nextDueAt schedule { cron timeZone } } }`,
    { id },
  );

describe("a report that is run by hand", () => {
  test("asks as its owner and is written as its files, which hold the answers' numbers; it is told once, and recorded as its owner's", async () => {
    const caller = owner();
    const dashboard = await room.dashboard(caller, [{ title: "Said", text: "<b>Hello</b>" }]);
    const id = await room.define(caller, { dashboard });
    await room.work();
    const run = await room.runNow(caller, id, "once");
    expect(await room.runNow(caller, id, "once")).toBe(run);
    const [told] = await ended(caller, id);
    expect(told).toMatchObject({
      id: run,
      byHand: true,
      state: "SUCCEEDED",
      percent: 100,
      sourceVersion: 2,
      error: null,
    });
    expect(told?.files.map(({ format }) => format)).toEqual(["CSV", "HTML", "XLSX"]);
    const csv = await room.file(caller, run, "CSV");
    expect(csv).toBe(
      "\ufeffViews\r\nn\r\n3\r\n\r\nBy country\r\ncountry,n\r\nDE,2\r\n'=1,1\r\nUS,1\r\n\r\nBy country: Total\r\nn\r\n4\r\n",
    );
    const html = await room.file(caller, run, "HTML");
    expect(html).toContain("&lt;b&gt;Hello&lt;/b&gt;");
    expect(html).toContain('src="data:image/png;base64,');
    expect(html).toContain("Dashboard “Sales”, version 2");
    const source = `query ($run: ID!) { reportFile(run: $run, format: XLSX) { name file { sha256 } base64 } }`;
    const data = await room.ask(caller, source, { run });
    const { reportFile } = z.object({ reportFile: z.object({ name: z.string(), base64: z.string() }) }).parse(data);
    const book = await readXlsx(Buffer.from(reportFile.base64, "base64"));
    expect(book.sheets.map(({ name }) => name)).toEqual(["About", "Views", "By country", "Total – By country"]);
    expect(reportFile.name).toBe("Weekly 2026-11-21 0600.xlsx");
    expect(await room.told(caller.tenantId, REPORT_READY)).toEqual([
      { tenantId: caller.tenantId, reportId: id, runId: run, owner: `USER:${caller.subject.id}`, channels: [] },
    ]);
    const recorded = (await room.told(caller.tenantId, EXECUTION_RECORDED)).filter((entry) =>
      JSON.stringify(entry).includes(run),
    );
    expect(recorded).toEqual([
      expect.objectContaining({
        ...{ executionId: run, kind: "JOB", subject: caller.subject, decision: "ALLOWED", code: null },
        usage: expect.objectContaining({ rowsRead: expect.any(Number) }),
      }),
    ]);
    await room.rest();
  });

  test("of a saved query has a range of its own, taken when it is due", async () => {
    const caller = owner();
    await room.dashboard(caller);
    const save = `mutation ($olap: OlapInput!) { saveQuery(input: { name: "by_name", olap: $olap }) { ... on QuerySaved { savedQuery { id } } } }`;
    const saved = z
      .object({ saveQuery: z.object({ savedQuery: z.object({ id: z.string() }) }) })
      .parse(await room.ask(caller, save, counts(["view", "buy"], ["name"])));
    const id = await room.define(caller, {
      savedQuery: saved.saveQuery.savedQuery.id,
      formats: ["CSV"],
      range: { calendar: { unit: "DAY", ago: 1 } },
    });
    await room.work();
    const run = await room.runNow(caller, id);
    await ended(caller, id);
    expect(await room.file(caller, run, "CSV")).toContain("name,n\r\nview,3\r\nbuy,1\r\n");
    await room.rest();
  });

  test("of a saved query about behaviour tells its answer as a widget's report would", async () => {
    const caller = owner();
    await room.dashboard(caller);
    const save = `mutation ($funnel: FunnelInput!) { saveQuery(input: { name: "buying", funnel: $funnel }) { ... on QuerySaved { savedQuery { id } } } }`;
    const steps = ["view", "buy"].map((name) => ({ label: name, anyOf: [{ events: [name] }] }));
    const saved = z
      .object({ saveQuery: z.object({ savedQuery: z.object({ id: z.string() }) }) })
      .parse(await room.ask(caller, save, { funnel: { range: counts([]).olap.range, window: "P1D", steps } }));
    const id = await room.define(caller, { savedQuery: saved.saveQuery.savedQuery.id, formats: ["CSV"] });
    await room.work();
    const run = await room.runNow(caller, id);
    await ended(caller, id);
    expect(await room.file(caller, run, "CSV")).toContain(
      "step,reached,dropped off,of the step before,of the first\r\nview,3,",
    );
    await room.rest();
  });
});

describe("a schedule", () => {
  test("has one run for each moment, whoever looks, and makes up for the newest that was missed alone", async () => {
    const caller = owner();
    const dashboard = await room.dashboard(caller);
    room.clock.nowMs = Date.parse("2026-11-21T05:00:00Z");
    const id = await room.define(caller, { dashboard, formats: ["CSV"], schedule: DAILY });
    expect(await tell(caller, id)).toMatchObject({
      report: { nextDueAt: "2026-11-21T06:00:00.000Z", schedule: { cron: "0 7 * * *" } },
    });
    await room.work(2);
    room.clock.nowMs = Date.parse("2026-11-21T06:00:01Z");
    await ended(caller, id);
    room.clock.nowMs = Date.parse("2026-11-25T12:00:00Z");
    const runs = await ended(caller, id, 2);
    await room.rest();
    expect(runs.map(({ dueAt, state }) => [dueAt, state])).toEqual([
      ["2026-11-25T06:00:00.000Z", "SUCCEEDED"],
      ["2026-11-21T06:00:00.000Z", "SUCCEEDED"],
    ]);
    expect(await tell(caller, id)).toMatchObject({ report: { nextDueAt: "2026-11-26T06:00:00.000Z" } });
    expect(await room.told(caller.tenantId, REPORT_READY)).toHaveLength(2);
  });

  test("is not fired twice by twenty that look at the same time", async () => {
    const caller = owner();
    const dashboard = await room.dashboard(caller);
    const id = await room.define(caller, { dashboard, schedule: DAILY });
    room.clock.nowMs += 86_400_000;
    const fired = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        room.store.fire(caller.tenantId, id, `00000000-0000-4000-8000-0000000000${10 + index}`, momentsOf),
      ),
    );
    expect(fired.filter((run) => run !== null)).toHaveLength(1);
    expect(await room.runs(caller, id)).toHaveLength(1);
  });

  test("goes on after a worker died with a run: another makes it, and the dead one's files are not taken", async () => {
    const caller = owner();
    const dashboard = await room.dashboard(caller);
    const id = await room.define(caller, { dashboard, formats: ["CSV"] });
    const run = await room.runNow(caller, id);
    const begun = await room.store.begin(caller.tenantId, run, 1);
    if (begun.kind !== "BEGUN") throw new Error("The run begins.");
    expect(await room.store.begin(caller.tenantId, run, 1)).toEqual({ kind: "WAIT" });
    await room.work(2);
    const [made] = await ended(caller, id);
    expect(made).toMatchObject({ id: run, state: "SUCCEEDED" });
    const used = { rowsRead: 0, bytesRead: 0, storeMs: 0 };
    const files = [{ format: "CSV", bytes: Buffer.from("from the dead"), sha256: "x" }] as const;
    const by = { permissions: [], policy: "", sourceVersion: 1 };
    expect(await room.store.end(begun.run, { kind: "SUCCEEDED", files, by }, used)).toBe(false);
    expect(await room.store.progress(begun.run, { done: 1, parts: 2 }, 1)).toBe(false);
    expect(await room.file(caller, run, "CSV")).toContain("By country");
    await room.rest();
  });

  test("stops by itself after three failures and says so; resuming lets it go on from now", async () => {
    const caller = owner();
    const dashboard = await room.dashboard(caller);
    const id = await room.define(caller, { dashboard, schedule: DAILY });
    isNobody(caller);
    await room.work();
    for (let day = 1; day <= 3; day += 1) {
      room.clock.nowMs += 86_400_000;
      await ended(caller, id, day);
    }
    await room.rest();
    const runs = await room.runs(caller, id);
    expect(runs.map(({ state, error }) => [state, error?.code])).toEqual(
      Array.from({ length: 3 }, () => ["FAILED", "OWNER_GONE"]),
    );
    expect(await tell(caller, id)).toMatchObject({ report: { paused: "FAILURES", failures: 3, nextDueAt: null } });
    const resume = `mutation ($id: ID!) { pauseReport(id: $id, paused: false) { ... on ReportPaused { report { paused failures nextDueAt } } } }`;
    const next = new Date(room.clock.nowMs).toISOString().slice(0, 10);
    const resumed = z
      .object({
        pauseReport: z.object({ report: z.object({ paused: z.null(), failures: z.number(), nextDueAt: z.string() }) }),
      })
      .parse(await room.ask(caller, resume, { id }));
    expect(resumed).toMatchObject({ pauseReport: { report: { paused: null, failures: 0 } } });
    expect(resumed.pauseReport.report.nextDueAt > next).toBe(true);
  });
});

describe("a run", () => {
  const PERSONAL = ["analytics:personal-data"] as const;
  const byUser = { title: "By user", question: counts(["view"], ["userId"]) };
  const personal = (): Caller => owner({ permissions: new Set([...person().permissions, ...PERSONAL]) });

  test("may what its owner may now, and no more than when it was defined; files are for those who still may the same", async () => {
    const caller = personal();
    const dashboard = await room.dashboard(caller, [byUser]);
    const plain = { ...caller, permissions: new Set([...caller.permissions].filter((one) => one !== PERSONAL[0])) };
    const [wide, narrow] = [
      await room.define(caller, { dashboard }),
      await room.define(plain, { dashboard, formats: ["HTML"] }),
    ];
    await room.work();
    const [seen, unseen] = [await room.runNow(caller, wide), await room.runNow(plain, narrow)];
    await ended(caller, wide);
    await ended(caller, narrow);
    expect(await room.file(caller, seen, "CSV")).toContain("userId,n\r\n");
    expect(await room.file(plain, unseen, "HTML")).toContain("could not be answered (FORBIDDEN)");
    const source = `query ($run: ID!) { reportFile(run: $run, format: CSV) { part } }`;
    const codes = async (by: Caller): Promise<unknown> =>
      (await room.answer(by, source, { run: seen })).errors?.map(({ extensions }) => extensions?.["code"]);
    expect(await codes(plain)).toEqual(["FORBIDDEN"]);
    const masked = {
      ...{ allow: {}, deny: {}, atLeast: {}, lessThan: {}, synthetic: null, salt: "0".repeat(32) },
      masks: { user_id: { kind: "NULL" } },
    } as const;
    expect(await codes({ ...caller, dataPolicy: masked })).toEqual(["FORBIDDEN"]);
    expect(await codes(caller)).toBeUndefined();
    await room.rest();
  });

  test("fails with its reason when its owner may read no more, or its dashboard is gone", async () => {
    const caller = owner();
    const dashboard = await room.dashboard(caller);
    const id = await room.define(caller, { dashboard });
    mayNow(caller, { permissions: new Set(["tenant:read"]) });
    await room.work();
    await room.runNow(caller, id);
    expect((await ended(caller, id))[0]?.error).toMatchObject({ code: "FORBIDDEN" });
    mayNow(caller, {});
    await room.ask(caller, "mutation ($id: ID!) { removeDashboard(id: $id) { __typename } }", { id: dashboard });
    await room.runNow(caller, id);
    const [gone] = await ended(caller, id, 2);
    expect(gone?.error).toMatchObject({
      code: "NOT_FOUND",
      detail: expect.stringContaining("dashboard is not there any more"),
    });
    await room.rest();
  });

  test("keeps as many runs as were asked for, and their files", async () => {
    const caller = owner();
    const dashboard = await room.dashboard(caller);
    const id = await room.define(caller, { dashboard, formats: ["CSV"], keepRuns: 2 });
    await room.work();
    const made: string[] = [];
    for (let count = 1; count <= 4; count += 1) {
      room.clock.nowMs += 1_000;
      made.push(await room.runNow(caller, id));
      await room.until(async () => (await room.runs(caller, id)).every(({ state }) => state === "SUCCEEDED"));
    }
    expect((await room.runs(caller, id)).map((run) => run.id)).toEqual(made.slice(2).toReversed());
    const { rows } = await room.world.owner.query("SELECT 1 FROM report_file_part WHERE tenant_id = $1", [
      caller.tenantId,
    ]);
    expect(rows).toHaveLength(2);
    await room.rest();
  });
});
