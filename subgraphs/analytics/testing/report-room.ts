import { randomUUID } from "node:crypto";
import type { Caller } from "@tessera/contracts/caller";
import type { TenantId } from "@tessera/contracts/ids";
import type { AccessOfSubject } from "@tessera/platform/auth/access-of-subject";
import { askSubgraph, type SubgraphAnswer } from "@tessera/platform/testing/ask-subgraph";
import { openTestResources, type TestResources } from "@tessera/platform/testing/test-resources";
import { z } from "zod";
import { REPORT_LIMITS } from "../src/domain/reports/report.ts";
import { reportRecord } from "../src/domain/reports/report-record.ts";
import { createReportStore } from "../src/store/reports/report-store.ts";
import { buildAnalytics } from "./build-analytics.ts";
import { BOX, counts, DAY } from "./dashboard-room.ts";
import { storeEvents } from "./test-events.ts";

const created = z.object({ createDashboard: z.object({ dashboard: z.object({ id: z.string() }) }) });
const defined = z.object({ defineReport: z.object({ report: z.object({ id: z.string() }) }) });
const asked = z.object({ runReportNow: z.object({ run: z.object({ id: z.string() }) }) });
const runShape = z.object({
  id: z.string(),
  dueAt: z.string(),
  byHand: z.boolean(),
  state: z.string(),
  percent: z.number(),
  sourceVersion: z.number().nullable(),
  files: z.array(z.object({ format: z.string(), size: z.number(), sha256: z.string() })),
  error: z.object({ code: z.string(), detail: z.string() }).nullable(),
});
const runsShape = z.object({ reportRuns: z.object({ edges: z.array(z.object({ node: runShape })) }) });
const partShape = z.object({ reportFile: z.object({ name: z.string(), parts: z.number(), base64: z.string() }) });

/** What the graph tells of a run. */
export type ToldRun = z.infer<typeof runShape>;

const RUN = "id dueAt byHand state percent sourceVersion files { format size sha256 } error { code detail }";

type Ask = (caller: Caller, source: string, variables?: Record<string, unknown>) => Promise<unknown>;

/** What callers do with reports. */
const callersOf = (world: TestResources, ask: Ask) => ({
  /** A day of three views and a purchase, and a dashboard of them with a widget by country. */
  dashboard: async (caller: Caller, more: readonly object[] = []): Promise<string> => {
    const events = [
      ["view", "DE"],
      ["view", "US"],
      ["view", "=1"],
      ["buy", "DE"],
    ].map(([name = "", country = ""], index) => ({
      ...{ id: randomUUID(), name, userId: `u${index}`, timeMs: Date.parse(DAY.from) + index * 3_600_000 },
      country,
    }));
    await storeEvents(world.writer, caller.tenantId, events);
    const create = `mutation { createDashboard(input: { title: "Sales" }) { ... on DashboardCreated { dashboard { id } } } }`;
    const { id } = created.parse(await ask(caller, create)).createDashboard.dashboard;
    const widgets = [
      { title: "Views", question: counts(["view"]) },
      { title: "By country", question: counts(["view", "buy"], ["country"]) },
      ...more,
    ];
    const operations = widgets.map((widget) => ({ addWidget: { id: randomUUID(), box: BOX, ...widget } }));
    const edit = `mutation ($id: ID!, $operations: [DashboardOperationInput!]!) {
      editDashboard(id: $id, baseVersion: 1, operations: $operations, idempotencyKey: "first") { __typename } }`;
    await ask(caller, edit, { id, operations });
    return id;
  },
  define: async (caller: Caller, input: Record<string, unknown>): Promise<string> => {
    const source = `mutation ($input: DefineReportInput!) { defineReport(input: $input) { ... on ReportDefined { report { id } } } }`;
    const given = { name: "Weekly", formats: ["HTML", "CSV", "XLSX"], ...input };
    return defined.parse(await ask(caller, source, { input: given })).defineReport.report.id;
  },
  runNow: async (caller: Caller, id: string, key: string = randomUUID()): Promise<string> => {
    const source = `mutation ($id: ID!, $key: String) { runReportNow(id: $id, idempotencyKey: $key) { ... on ReportRunAsked { run { id } } } }`;
    return asked.parse(await ask(caller, source, { id, key })).runReportNow.run.id;
  },
  file: async (caller: Caller, run: string, format: string): Promise<string> => {
    const source = `query ($run: ID!, $format: ReportFormat!) { reportFile(run: $run, format: $format) { name parts base64 } }`;
    const { base64 } = partShape.parse(await ask(caller, source, { run, format })).reportFile;
    return Buffer.from(base64, "base64").toString("utf8");
  },
  /** Entries of a topic about a tenant, as the log has them. */
  told: async (tenantId: TenantId, topic: string): Promise<readonly unknown[]> => {
    const text = "SELECT payload FROM event_log WHERE tenant_id = $1 AND topic = $2 ORDER BY transaction_id, sequence";
    const { rows } = await world.owner.query<{ readonly payload: unknown }>(text, [tenantId, topic]);
    return rows.map(({ payload }) => payload);
  },
});

/** Reports in the graph over the engines of this test run, with a clock of their own and owners whose standing tests change. */
export const openReportRoom = () => {
  const clock = { nowMs: Date.parse("2026-11-21T06:00:00.000Z") };
  const world = openTestResources({ nowMs: () => clock.nowMs });
  /** What subjects may now, by kind and id; who is not in it is nobody any more. */
  const standing = new Map<string, Caller>();
  const accessOfSubject: AccessOfSubject = (_tenant, { kind, id }) =>
    Promise.resolve(standing.get(`${kind}:${id}`) ?? null);
  const ingest = () => Promise.resolve({ accepted: 0, duplicate: 0, rejected: 0, outcomes: [] });
  const build = () => buildAnalytics(world.resources, { ingest }, undefined, accessOfSubject);
  const analytics = build();
  const others: ReturnType<typeof build>[] = [];
  const working = (one: ReturnType<typeof build>) =>
    one.subgraph.background.filter(({ name }) => name === "reports" || name === "report schedules");
  const answer = (caller: Caller, source: string, variables: Record<string, unknown> = {}): Promise<SubgraphAnswer> =>
    askSubgraph(analytics.subgraph, caller, source, variables);
  const ask = async (caller: Caller, source: string, variables: Record<string, unknown> = {}): Promise<unknown> => {
    const { data, errors } = await answer(caller, source, variables);
    if (errors !== undefined) throw new Error(`The graph refused: ${JSON.stringify(errors)}`);
    return data;
  };
  const runs = async (caller: Caller, report: string): Promise<readonly ToldRun[]> => {
    const source = `query ($report: ID!) { reportRuns(report: $report, first: 100) { edges { node { ${RUN} } } } }`;
    return runsShape.parse(await ask(caller, source, { report })).reportRuns.edges.map(({ node }) => node);
  };
  const { resources } = world;
  return {
    ...{ clock, world, standing, answer, ask, runs },
    /** The room's own store beside the graph: what a worker that dies does. */
    store: createReportStore({ ...resources, limits: REPORT_LIMITS, recordOf: reportRecord }),
    ...callersOf(world, ask),
    /** Waits until a look finds something. */
    until: async <T>(look: () => Promise<T | null | undefined | false>): Promise<T> => {
      for (;;) {
        const found = await look();
        if (found !== null && found !== undefined && found !== false) return found;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    },
    /** Starts the parts that find due reports and make runs, in as many processes' worth of them. */
    work: async (processes = 1): Promise<void> => {
      for (let count = 0; count < processes; count += 1) {
        const one = build();
        others.push(one);
        for (const part of working(one)) await part.start();
      }
    },
    rest: async (): Promise<void> => {
      for (const one of others.splice(0)) {
        for (const part of working(one)) await part.stop();
        await one.close();
      }
    },
    open: () => resources.eventLog.start(),
    close: async (): Promise<void> => {
      await analytics.close();
      await resources.eventLog.stop();
      await world.close();
    },
  };
};
