import type { Caller } from "@tessera/contracts/caller";
import { callerNow, type AccessOfSubject } from "@tessera/platform/auth/access-of-subject";
import { standingSubject } from "@tessera/platform/auth/standing-subject";
import { errorCodes } from "@tessera/platform/errors/error-codes";
import { errorMessage } from "@tessera/platform/errors/error-message";
import { Refusal, refuse } from "@tessera/platform/errors/refusal";
import { metered, newMeter, whenCounted, type Meter } from "@tessera/platform/executions/meter";
import type { JobHandler, Postpone, QueuedJob } from "@tessera/platform/queue/queues";
import { policyFingerprint } from "@tessera/platform/store/data-policy";
import type { Logger } from "@tessera/platform/telemetry/logger";
import { afterFailure } from "../../domain/job.ts";
import type { Report, ReportRun } from "../../domain/reports/report.ts";
import type { AnsweredReport, Answering } from "../../operations/reports/answer-report.ts";
import type { ReportRunEnd, ReportRunKey, ReportStore } from "../../store/reports/report-store-types.ts";
import { makeFiles } from "./make-files.ts";

/** What making runs needs. */
export interface RunReportDeps {
  readonly reports: ReportStore;
  readonly accessOfSubject: AccessOfSubject;
  /** Asks every question of a report as its owner. */
  readonly answer: (owner: Caller, report: Report, run: ReportRun, answering: Answering) => Promise<AnsweredReport>;
  /** Whether a tenant may read at all now; its runs wait while it may not. */
  readonly mayRead: (tenantId: ReportRunKey["tenantId"]) => Promise<boolean>;
  readonly leaseSeconds: number;
  readonly logger: Logger;
}

/** Milliseconds between looks whether progress is to be told, and the lease renewed. */
const REPORT_MS = 500;
/** Milliseconds a run waits while another of its tenant is made. */
const WAIT_MS = 500;
/** Milliseconds a run waits while its tenant may read nothing: what was read an hour ago is forgotten hour by hour. */
const NO_BUDGET_WAIT_MS = 60_000;

/** The code of a run whose owner is nobody any more. */
export const OWNER_GONE = "OWNER_GONE";

class OwnerGone extends Error {
  readonly code = OWNER_GONE;
}

/** One try of a run. */
interface Try {
  readonly run: ReportRun;
  readonly report: Report;
  readonly controller: AbortController;
  made: { readonly done: number; readonly parts: number | null };
}

/** Renews the lease and tells progress until stopped; aborts the try when it is not the one that counts any more. */
const startReports = ({ reports, leaseSeconds, logger }: RunReportDeps, one: Try): (() => Promise<void>) => {
  let last: Promise<void> = Promise.resolve();
  let told = one.made;
  let quietSince = performance.now();
  const tell = async (): Promise<void> => {
    const now = performance.now();
    if (one.made === told && now - quietSince < (leaseSeconds * 1_000) / 3) return;
    [quietSince, told] = [now, one.made];
    if (!(await reports.progress(one.run, one.made, leaseSeconds))) one.controller.abort();
  };
  const timer = setInterval(() => {
    last = last
      .then(tell)
      .catch((error: unknown) =>
        logger.warn({ run: one.run.id, error: errorMessage(error) }, "Progress of a report could not be told."),
      );
  }, REPORT_MS);
  return async () => {
    clearInterval(timer);
    await last;
  };
};

/** The owner as a caller: with what it may now, as far as it was permitted when the report was defined. */
const ownerNow = async (
  { accessOfSubject }: RunReportDeps,
  { tenantId, owner, ownerPermissions }: Report,
): Promise<Caller> => {
  const caller = await callerNow(accessOfSubject, tenantId, standingSubject(owner), ownerPermissions);
  if (caller === null)
    throw new OwnerGone("The report's owner was removed, revoked or suspended: let somebody else define the report.");
  if (!caller.permissions.has("analytics:read"))
    throw refuse("FORBIDDEN", "The report's owner may not read analytics any more.", { permission: "analytics:read" });
  return caller;
};

const made = async (deps: RunReportDeps, one: Try, queued: QueuedJob): Promise<ReportRunEnd> => {
  const { report, run, controller } = one;
  const owner = await ownerNow(deps, report);
  const { signal } = controller;
  const onProgress = (done: number, parts: number): void => {
    one.made = { done, parts };
  };
  const { content, sourceVersion } = await deps.answer(owner, report, run, { signal, onProgress });
  for (const section of content.sections)
    if (section.kind === "ERROR" && afterFailure(section.code, queued.lastAttempt) === "RETRY")
      throw refuse("DEPENDENCY_UNAVAILABLE", "A question of the report met passing trouble; it is asked again.");
  const files = await makeFiles(report.formats, content, signal);
  const by = {
    permissions: [...owner.permissions].toSorted(),
    policy: policyFingerprint(owner.dataPolicy),
    sourceVersion,
  };
  return { kind: "SUCCEEDED", files, by };
};

const hasCode = (error: unknown): error is Error & { readonly code: string } =>
  error instanceof Error && "code" in error && typeof error.code === "string";

/** How a try that threw ends; rethrows what the queue is to try again. */
const failed = ({ logger }: RunReportDeps, { run }: Try, queued: QueuedJob, error: unknown): ReportRunEnd => {
  const known = error instanceof Refusal || (hasCode(error) && (error.code === OWNER_GONE || error.code in errorCodes));
  const code = known && hasCode(error) ? error.code : "INTERNAL";
  if (code === "INTERNAL") logger.error({ run: run.id, error: errorMessage(error) }, "A report could not be made.");
  if (afterFailure(code, queued.lastAttempt) === "RETRY") return { kind: "QUEUED" };
  return { kind: "FAILED", code, detail: known ? errorMessage(error) : errorCodes.INTERNAL.title };
};

const usageOf = async (meter: Meter) => {
  await whenCounted(meter);
  return { rowsRead: meter.rowsRead, bytesRead: meter.bytesRead, storeMs: meter.storeMs };
};

const runOnce = async (
  deps: RunReportDeps,
  one: Try,
  queued: QueuedJob,
  stopping: AbortSignal,
): Promise<Postpone | void> => {
  const abort = (): void => one.controller.abort();
  stopping.addEventListener("abort", abort, { once: true });
  const stopReports = startReports(deps, one);
  const meter = newMeter();
  try {
    const end = await metered(meter, () => made(deps, one, queued));
    await stopReports();
    await deps.reports.end(one.run, end, await usageOf(meter));
  } catch (error) {
    await stopReports();
    if (stopping.aborted) {
      await deps.reports.end(one.run, { kind: "QUEUED" }, await usageOf(meter));
      return { postponeMs: 0 };
    }
    if (one.controller.signal.aborted) return;
    const end = failed(deps, one, queued, error);
    await deps.reports.end(one.run, end, await usageOf(meter));
    if (end.kind === "QUEUED") throw error;
  } finally {
    stopping.removeEventListener("abort", abort);
  }
};

/** Makes the handler of runs: begins a try if the tenant has room, asks as the owner, writes the files, and stores them with the end. */
export const createReportHandler =
  (deps: RunReportDeps, keyOf: (queueId: string) => ReportRunKey | null): JobHandler =>
  async (queued, stopping): Promise<Postpone | void> => {
    const key = keyOf(queued.id);
    if (key === null) return;
    if (!(await deps.mayRead(key.tenantId))) return { postponeMs: NO_BUDGET_WAIT_MS };
    const begun = await deps.reports.begin(key.tenantId, key.runId, deps.leaseSeconds);
    switch (begun.kind) {
      case "NOTHING":
        return;
      case "WAIT":
        return { postponeMs: WAIT_MS };
      case "BEGUN": {
        const { run, report } = begun;
        const one: Try = { run, report, controller: new AbortController(), made: { done: 0, parts: null } };
        return runOnce(deps, one, queued, stopping);
      }
    }
  };
