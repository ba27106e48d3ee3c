import type { Caller } from "@tessera/contracts/caller";
import { parseAnomalyId } from "@tessera/contracts/ids";
import { refuse } from "@tessera/platform/errors/refusal";
import type { NowMs } from "@tessera/platform/time/clock";
import type { SteppedAnomaly } from "../domain/anomaly.ts";
import { checkNote } from "../domain/note.ts";
import type { AnomalyStore } from "../store/anomaly-store.ts";

/** Longest time nobody is told of a series: a month, after which whoever meant longer says so again. */
const MAX_SNOOZE_MS = 31 * 86_400_000;

/** Has nobody told of an anomaly's series until a moment; null ends that. */
export const snoozeAnomaly =
  (deps: { anomalies: AnomalyStore; nowMs: NowMs }) =>
  async (
    caller: Caller,
    id: string,
    { until, note }: { readonly until?: string | null | undefined; readonly note?: string | null | undefined },
  ): Promise<SteppedAnomaly> => {
    const atMs = deps.nowMs();
    const untilMs = until === null || until === undefined ? null : Date.parse(until);
    if (untilMs !== null && !(untilMs > atMs && untilMs <= atMs + MAX_SNOOZE_MS))
      throw refuse("BAD_INPUT", "`until` lies in the future, at most 31 days from now.", { field: "until" });
    const change = { by: caller.subject, note: checkNote(note), atMs };
    const anomalyId = parseAnomalyId(id);
    if (anomalyId === null) return { kind: "NOT_FOUND" };
    const command = untilMs === null ? ({ kind: "UNSNOOZE" } as const) : ({ kind: "SNOOZE", untilMs } as const);
    return deps.anomalies.command(caller.tenantId, anomalyId, command, change);
  };
