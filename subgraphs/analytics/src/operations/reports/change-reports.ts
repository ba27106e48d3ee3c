import type { Caller } from "@tessera/contracts/caller";
import { isUuid } from "@tessera/contracts/ids";
import { refuse } from "@tessera/platform/errors/refusal";
import { subjectOf } from "../../domain/dashboards/sharing.ts";
import { dueAfter } from "../../domain/reports/schedule.ts";
import type { Report, ReportRun } from "../../domain/reports/report.ts";
import type { AskRunOutcome } from "../../store/reports/report-store-types.ts";
import type { DefineDeps } from "./define-report.ts";
import { maySeeReport } from "./find-reports.ts";

/** What changing reports needs. */
export interface ChangeReportDeps extends Pick<DefineDeps, "reports" | "nowMs" | "newId"> {
  /** Hands a run to the queue. */
  readonly dispatchRun: (run: ReportRun) => Promise<void>;
}

/** Characters of a key that tells a call that is made again. */
const MAX_KEY = 200;

/** Runs one of the caller's own reports now, beside its schedule; the same key gives the same run. */
export const runReportNow =
  ({ reports, newId, dispatchRun }: ChangeReportDeps) =>
  async (caller: Caller, id: string, idempotencyKey?: string | null): Promise<AskRunOutcome> => {
    const key = idempotencyKey ?? newId();
    if (key === "" || key.length > MAX_KEY)
      throw refuse("BAD_INPUT", `A key has 1 to ${MAX_KEY} characters.`, { field: "idempotencyKey" });
    if (!isUuid(id)) return { kind: "NOT_FOUND", id };
    const owner = subjectOf(caller);
    const outcome = await reports.ask(
      caller.tenantId,
      id.toLowerCase(),
      { id: newId(), key },
      (report) => report.owner === owner,
    );
    if (outcome.kind === "ASKED" && outcome.run.state === "QUEUED") await dispatchRun(outcome.run);
    return outcome;
  };

/** Pauses a report's schedule, or lets it go on with the first moment from now on; null when there is none for the caller. */
export const pauseReport =
  ({ reports, nowMs }: ChangeReportDeps) =>
  async (caller: Caller, id: string, paused: boolean): Promise<Report | null> => {
    if (!isUuid(id)) return null;
    const nextMs = ({ schedule }: Report): number | null => (schedule === null ? null : dueAfter(schedule, nowMs()));
    return reports.pause(
      caller.tenantId,
      id.toLowerCase(),
      { paused: paused ? "ASKED" : null, nextMs },
      maySeeReport(caller),
    );
  };

/** Removes a report with its runs and files; false when there is none for the caller. */
export const removeReport =
  ({ reports }: ChangeReportDeps) =>
  async (caller: Caller, id: string): Promise<boolean> =>
    isUuid(id) && (await reports.remove(caller.tenantId, id.toLowerCase(), maySeeReport(caller)));
