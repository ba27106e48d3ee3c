import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { Caller } from "@tessera/contracts/caller";
import { person } from "../../../testing/dashboard-room.ts";
import { openReportRoom } from "../../../testing/report-room.ts";
import { watchReport, type ReportUpdate } from "../../operations/reports/watch-report.ts";

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
const ended = (caller: Caller, report: string, count = 1) =>
  room.until(async () => {
    const runs = await room.runs(caller, report);
    return runs.filter(({ state }) => state === "SUCCEEDED" || state === "FAILED").length >= count && runs;
  });

describe("a subscription", () => {
  const watch = (caller: Caller, id: string, after: string | null = null) =>
    watchReport({ reports: room.store, eventLog: room.world.resources.eventLog })(caller, id, after);
  const next = async (stream: ReturnType<typeof watch>): Promise<ReportUpdate> => {
    const step = await stream.next();
    if (step.done === true) throw new Error("The stream has ended.");
    return step.value;
  };

  test("tells the report at once, then its run to the end, and from a cursor what came after it, without a gap; its removal is last", async () => {
    const caller = owner();
    const dashboard = await room.dashboard(caller);
    const id = await room.define(caller, { dashboard, formats: ["CSV"] });
    const live = watch(caller, id);
    const seen = [await next(live)];
    expect(seen[0]).toMatchObject({ kind: "PRESENT", report: { name: "Weekly" }, run: null });
    await room.work();
    const run = await room.runNow(caller, id);
    do seen.push(await next(live));
    while (seen.at(-1)?.run?.state !== "SUCCEEDED");
    expect(new Set(seen.slice(1).map((update) => update.run?.id))).toEqual(new Set([run]));
    const revisions = seen.slice(1).map((update) => update.run?.revision ?? 0);
    expect(revisions).toEqual([...new Set(revisions)].toSorted((a, b) => a - b));
    await room.ask(caller, "mutation ($id: ID!) { pauseReport(id: $id) { __typename } }", { id });
    expect(await next(live)).toMatchObject({ kind: "PAUSED", report: { paused: "ASKED" } });
    await live.return();
    await room.ask(caller, "mutation ($id: ID!) { removeReport(id: $id) { __typename } }", { id });
    const again = watch(caller, id, seen.at(-1)?.cursor ?? null);
    expect(await next(again)).toMatchObject({ kind: "REMOVED", report: null });
    expect(await again.next()).toMatchObject({ done: true });
    for (const other of [person(caller.tenantId), person()]) {
      await expect(watch(other, id).next()).rejects.toMatchObject({ code: "NOT_FOUND" });
    }
    // Nobody else is told even that it was there.
    await expect(watch(person(caller.tenantId), id, seen.at(-1)?.cursor ?? null).next()).rejects.toMatchObject({
      code: "NOT_FOUND",
    });
    await room.rest();
  });
});

describe("a report of somebody else", () => {
  test("is not there, and those who look after everybody's see and end it without its files", async () => {
    const caller = owner();
    const dashboard = await room.dashboard(caller);
    const id = await room.define(caller, { dashboard, formats: ["CSV"] });
    await room.work();
    const run = await room.runNow(caller, id);
    await ended(caller, id);
    const all = `query ($id: ID!, $run: ID!) { report(id: $id) { name } reportRuns(report: $id) { edges { cursor } } reports { edges { cursor } }
      reportFile(run: $run, format: CSV) { part } }`;
    const nothing = { report: null, reportRuns: null, reports: { edges: [] }, reportFile: null };
    const colleague = person(caller.tenantId);
    for (const other of [owner(), colleague]) {
      expect(await room.ask(other, all, { id, run })).toEqual(nothing);
      const change = `mutation ($id: ID!, $input: DefineReportInput!) { defineReport(input: $input) { __typename } runReportNow(id: $id) { __typename }
        pauseReport(id: $id) { __typename } removeReport(id: $id) { __typename } }`;
      const theirs = await room.dashboard(other);
      const missing = { __typename: "ReportNotFound" };
      expect(
        await room.ask(other, change, { id, input: { id, name: "x", dashboard: theirs, formats: ["CSV"] } }),
      ).toEqual({
        ...{ defineReport: missing, runReportNow: missing, pauseReport: missing, removeReport: missing },
      });
    }
    const keeper = { ...colleague, permissions: new Set([...colleague.permissions, "access:manage"] as const) };
    expect(await room.ask(keeper, all, { id, run })).toMatchObject({ report: { name: "Weekly" }, reportFile: null });
    expect(await room.ask(keeper, "mutation ($id: ID!) { removeReport(id: $id) { __typename } }", { id })).toEqual({
      removeReport: { __typename: "ReportRemoved" },
    });
    expect(await room.ask(caller, all, { id, run })).toEqual(nothing);
    await room.rest();
  });

  test.each<[string, Record<string, unknown>, string]>([
    ["no source", {}, "input.dashboard"],
    ["both sources", { dashboard: "x", savedQuery: "y" }, "input.dashboard"],
    ["a dashboard there is none of", { dashboard: "00000000-0000-4000-8000-000000000000" }, "input.dashboard"],
    ["a saved query there is none of", { savedQuery: "x" }, "input.savedQuery"],
    ["no name", { name: " " }, "input.name"],
    ["a name with control characters", { name: "a\u0007" }, "input.name"],
    ["no formats", { formats: [] }, "input.formats"],
    ["too many runs", { keepRuns: 101 }, "input.keepRuns"],
    ["a range that is none", { range: { calendar: { unit: "DAY", count: 0 } } }, "input.range.calendar.count"],
    ["a schedule too often", { schedule: { cron: "* * * * *" } }, "input.schedule.cron"],
  ])("or with %s is refused at its place", async (_what, input, field) => {
    const caller = owner();
    const source = `mutation ($input: DefineReportInput!) { defineReport(input: $input) { __typename } }`;
    const dashboard = ["input.range.calendar.count"].includes(field) ? { dashboard: await room.dashboard(caller) } : {};
    const { errors } = await room.answer(caller, source, {
      input: { name: "x", formats: ["CSV"], ...dashboard, ...input },
    });
    expect(errors?.[0]?.extensions).toMatchObject({ code: "BAD_INPUT", field });
  });

  test("is not defined by whose permissions nobody can ask for", async () => {
    const dashboard = await room.dashboard(owner());
    const input = { name: "x", formats: ["CSV"], dashboard };
    const source = `mutation ($input: DefineReportInput!) { defineReport(input: $input) { __typename } }`;
    for (const by of [{ subject: { kind: "SERVICE", id: "x" } }, { grantId: "g" }] as const) {
      const { errors } = await room.answer({ ...owner(), ...by }, source, { input });
      expect(errors?.[0]?.extensions).toMatchObject({ code: "FORBIDDEN" });
    }
  });
});
