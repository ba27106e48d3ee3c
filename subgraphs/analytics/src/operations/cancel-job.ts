import type { Caller } from "@tessera/contracts/caller";
import { parseJobId } from "@tessera/contracts/ids";
import type { Job } from "../domain/job.ts";
import type { JobStore } from "../store/job-store-types.ts";

/** How cancelling ended. */
export type CancelOutcome =
  { readonly kind: "CANCELLED" | "FINISHED"; readonly job: Job } | { readonly kind: "NOT_FOUND"; readonly id: string };

/** Cancels a job of the caller's tenant; the worker that runs it ends the engine's work as soon as it learns of it. */
export const cancelJob =
  (deps: { jobs: JobStore }) =>
  async (caller: Caller, text: string): Promise<CancelOutcome> => {
    const id = parseJobId(text);
    if (id === null) return { kind: "NOT_FOUND", id: text };
    const cancelled = await deps.jobs.cancel(caller.tenantId, id);
    if (cancelled !== null) return { kind: "CANCELLED", job: cancelled };
    const job = await deps.jobs.find(caller.tenantId, id);
    return job === null ? { kind: "NOT_FOUND", id: text } : { kind: "FINISHED", job };
  };
