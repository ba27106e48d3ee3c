import type { Background } from "@tessera/platform/graphql/subgraph";
import { eachInSpite } from "@tessera/platform/runtime/each-in-spite";
import { createRepeatedLook } from "@tessera/platform/runtime/repeated-look";
import type { Logger } from "@tessera/platform/telemetry/logger";
import { dueAfter, newestDue } from "../../domain/reports/schedule.ts";
import type { ReportRun } from "../../domain/reports/report.ts";
import type { Moments, ReportStore } from "../../store/reports/report-store-types.ts";

/** Milliseconds between looks for reports that are due: well under a minute, which is what schedules are told in. */
const LOOK_MS = 2_000;
/** Reports whose runs are made by one look. */
const MAX_AT_ONCE = 100;

/** What making due runs needs. */
export interface FireDeps {
  readonly reports: Pick<ReportStore, "dueAcrossTenants" | "fire">;
  readonly dispatchRun: (run: ReportRun) => Promise<void>;
  readonly newId: () => string;
  readonly logger: Logger;
}

/** When a due report is run now and next: of the moments that were missed, the newest alone is made up for. */
export const momentsOf: Moments = ({ schedule, nextDueMs }, nowMs) => {
  const dueMs = schedule === null || nextDueMs === null ? null : newestDue(schedule, nextDueMs, nowMs);
  return schedule === null || dueMs === null ? null : { dueMs, nextMs: dueAfter(schedule, nowMs) };
};

/** Makes the runs of the reports that are due, and hands them to the queue; answers how many there were. */
export const fireDueReports = (deps: FireDeps) => async (): Promise<number> => {
  const due = await deps.reports.dueAcrossTenants(MAX_AT_ONCE);
  const fired = await eachInSpite(due, async ({ tenantId, id }) => {
    const run = await deps.reports.fire(tenantId, id, deps.newId(), momentsOf);
    if (run !== null) await deps.dispatchRun(run);
    return run !== null;
  });
  return fired.filter((isFired) => isFired).length;
};

/** Looks for due reports again and again; any number of processes may, and each moment has one run. */
export const createReportScheduler = (deps: FireDeps): Background => {
  const fire = fireDueReports(deps);
  return createRepeatedLook({
    name: "report schedules",
    everyMs: LOOK_MS,
    look: async () => (await fire()) === MAX_AT_ONCE,
    trouble: "Due reports can't be looked for; trying again.",
    logger: deps.logger,
  });
};
