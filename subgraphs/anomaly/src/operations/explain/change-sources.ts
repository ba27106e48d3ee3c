import type { Caller } from "@tessera/contracts/caller";
import { refuse } from "@tessera/platform/errors/refusal";
import { eachOf } from "@tessera/platform/runtime/each-of";
import type { NowMs } from "@tessera/platform/time/clock";
import type { RecordedChange } from "../../domain/explain/change-record.ts";
import {
  changeOfEvent,
  checkChangeSource,
  MAX_SOURCES,
  type ChangeSource,
} from "../../domain/explain/change-source.ts";
import type { Window } from "../../domain/evaluation.ts";
import type { ChangeEventStore } from "../../store/explain/change-events.ts";
import type { ChangeSourceStore } from "../../store/explain/change-source-store.ts";
import { soundOf } from "../silences/silence-operations.ts";

/** What changes among stored events need. */
export interface ChangeSourceDeps {
  readonly sources: ChangeSourceStore;
  readonly changeEvents: ChangeEventStore;
  readonly nowMs: NowMs;
}

/** Sources of one anomaly that are read at a time. */
const AT_ONCE = 4;

/** Changes that the tenant's sources find among stored events of a span; of a source with too many none, since what happens all the time explains nothing. */
export const storedChanges =
  ({ sources, changeEvents }: Pick<ChangeSourceDeps, "sources" | "changeEvents">) =>
  async (caller: Caller, span: Window, signal?: AbortSignal): Promise<readonly RecordedChange[]> => {
    const found = await eachOf(await sources.list(caller.tenantId), AT_ONCE, async (source) => {
      const events = await changeEvents.eventsOf(caller, source, span, signal);
      return (events ?? []).map((event) => changeOfEvent(source, event));
    });
    return found.flat();
  };

/** Everything that is done on request about which stored events are changes. */
export const createChangeSourceOperations = ({ sources, nowMs }: ChangeSourceDeps) => ({
  changeSources: ({ tenantId }: Caller): Promise<readonly ChangeSource[]> => sources.list(tenantId),
  saveChangeSource: async (caller: Caller, input: object): Promise<ChangeSource> => {
    // What events say is shown to whoever reads anomalies from now on.
    if (!caller.permissions.has("analytics:read"))
      throw refuse("FORBIDDEN", "Saying which events are changes needs the permission analytics:read as well.", {
        permission: "analytics:read",
      });
    const definition = soundOf(checkChangeSource(input));
    const source = { ...definition, savedBy: caller.subject, savedAtMs: nowMs() };
    const saved = await sources.save(caller.tenantId, source);
    if (saved !== null) return saved;
    throw refuse("BAD_INPUT", `A tenant has at most ${MAX_SOURCES} sources of changes: delete one first.`, {
      field: "input.name",
    });
  },
  deleteChangeSource: ({ tenantId }: Caller, name: string): Promise<ChangeSource | null> =>
    sources.remove(tenantId, name),
});
