import type { Caller } from "@tessera/contracts/caller";
import type { AskExecutions, ExecutionSeries } from "@tessera/contracts/execution-numbers";
import { refuse } from "@tessera/platform/errors/refusal";
import type { NowMs } from "@tessera/platform/time/clock";
import { executionValues, parseApiExecutions, type ApiExecutionsInput } from "../domain/api-executions.ts";
import { provenanceOf, type Provenance } from "../domain/provenance.ts";
import { isoTime } from "../domain/zone.ts";

/** What asking how executions went needs. */
export interface ApiExecutionsDeps {
  readonly askExecutions: AskExecutions;
  readonly nowMs: NowMs;
}

/** An answer to `apiExecutions`, as in the SDL. */
export interface ApiExecutionsAnswer {
  readonly buckets: readonly string[];
  readonly complete: readonly boolean[];
  readonly groups: readonly (ExecutionSeries & {
    readonly failedShare: readonly (number | null)[];
    readonly serverErrorShare: readonly (number | null)[];
  })[];
  readonly groupCount: number;
  readonly hasMore: boolean;
  readonly provenance: Provenance;
}

/** Refuses with FORBIDDEN whoever may not read the audit log. */
export const requireAudit = (caller: Caller): void => {
  if (!caller.permissions.has("audit:read"))
    throw refuse("FORBIDDEN", "How executions went is told by the audit log, which needs the permission audit:read.", {
      field: "input",
      permission: "audit:read",
    });
};

/** Answers `apiExecutions`: how executions of the tenant's API went, asked of the room that keeps them as whoever asks. */
export const queryApiExecutions =
  ({ askExecutions, nowMs }: ApiExecutionsDeps) =>
  async (caller: Caller, input: ApiExecutionsInput, signal?: AbortSignal): Promise<ApiExecutionsAnswer> => {
    const asOfMs = nowMs();
    const { asked, edgesMs, fromMs, toMs, timeZone } = parseApiExecutions(input);
    requireAudit(caller);
    const { groups, groupCount, completeToMs } = await askExecutions.executionNumbers(caller, asked, signal);
    return {
      buckets: edgesMs.slice(0, -1).map(isoTime),
      complete: edgesMs.slice(1).map((endMs) => endMs <= completeToMs),
      groups: groups.map((one) => ({
        ...one,
        failedShare: executionValues(one, "failedShare"),
        serverErrorShare: executionValues(one, "serverErrorShare"),
      })),
      ...{ groupCount, hasMore: groupCount > groups.length },
      provenance: provenanceOf(
        { parts: [{ table: "audit_record", fromMs, toMs }], rejected: [], approximations: [] },
        ...([[], asOfMs, timeZone, caller.dataPolicy] as const),
      ),
    };
  };
