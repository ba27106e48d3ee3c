import type { Caller } from "@tessera/contracts/caller";
import { parseAnomalyId } from "@tessera/contracts/ids";
import type { NowMs } from "@tessera/platform/time/clock";
import type { SteppedAnomaly } from "../domain/anomaly.ts";
import { checkNote } from "../domain/note.ts";
import type { AnomalyStore } from "../store/anomaly-store.ts";

/** Says that the caller looks at an anomaly that is not resolved. */
export const acknowledgeAnomaly =
  (deps: { anomalies: AnomalyStore; nowMs: NowMs }) =>
  async (caller: Caller, id: string, note: string | null | undefined): Promise<SteppedAnomaly> => {
    const change = { by: caller.subject, note: checkNote(note), atMs: deps.nowMs() };
    const anomalyId = parseAnomalyId(id);
    if (anomalyId === null) return { kind: "NOT_FOUND" };
    return deps.anomalies.command(caller.tenantId, anomalyId, { kind: "ACKNOWLEDGE", by: "CALLER" }, change);
  };
