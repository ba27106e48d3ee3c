import type { Caller } from "@tessera/contracts/caller";
import type { EventLog } from "@tessera/platform/events/event-log";
import { formatLogCursor, type LogCursor } from "@tessera/platform/events/log-cursor";
import type { NowMs } from "@tessera/platform/time/clock";
import { accessOf } from "../domain/access.ts";
import { eventsOnly, provenanceOf, type Provenance } from "../domain/provenance.ts";
import { EVENT_SKETCH_BITS, sketchRelativeError } from "../domain/sketch-error.ts";
import {
  liveWindowOf,
  MAX_WINDOWS,
  parseWindows,
  windowsRequest,
  type LiveWindow,
  type WindowsInput,
  type WindowsQuery,
} from "../domain/windows.ts";
import { isoTime } from "../domain/zone.ts";
import type { AnalyticsStore } from "../store/analytics-store.ts";
import { resolveDimensions, type DimensionDeps } from "./semantic/own-dimensions.ts";

/** Recent windows, as in the SDL. */
export interface LiveWindowsAnswer {
  readonly kind: WindowsInput["kind"];
  readonly windows: readonly LiveWindow[];
  readonly hasMore: boolean;
  readonly asOf: string;
  readonly cursor: string;
  readonly provenance: Provenance;
}

type Store = Pick<AnalyticsStore, "windows">;

/** Late events are decided on by each event's own times, which no rollup holds. */
const REJECTED = [
  { table: "rollup_hour_name", reason: "Windows need the time and the arrival of each event." },
  { table: "rollup_day_dimensions", reason: "Windows need the time and the arrival of each event." },
] as const;

/** Takes the windows of a question now; `cursor` is a place of the event log that was read before. */
export const takeLiveWindows =
  (deps: { store: Store; nowMs: NowMs }) =>
  async (caller: Caller, query: WindowsQuery, cursor: LogCursor, signal?: AbortSignal): Promise<LiveWindowsAnswer> => {
    const nowMs = deps.nowMs();
    const request = windowsRequest(query, nowMs);
    const { rows, statistics } = await deps.store.windows(caller, request, signal);
    const facts = {
      ...eventsOnly({ fromMs: request.firstMs, toMs: nowMs }),
      rejected: REJECTED,
      approximations: [
        {
          column: "users",
          method: `uniqCombined64(${EVENT_SKETCH_BITS})`,
          relativeError: sketchRelativeError(EVENT_SKETCH_BITS),
        },
      ],
    };
    return {
      kind: query.layout.kind,
      windows: rows.slice(0, MAX_WINDOWS).map((row) => liveWindowOf(row, request)),
      hasMore: rows.length > MAX_WINDOWS,
      asOf: isoTime(nowMs),
      cursor: formatLogCursor(cursor),
      provenance: provenanceOf(facts, [statistics], nowMs, "UTC", caller.dataPolicy),
    };
  };

/** Answers `liveWindows`. */
export const queryLiveWindows =
  (deps: { store: Store; eventLog: Pick<EventLog, "head">; nowMs: NowMs } & DimensionDeps) =>
  async (caller: Caller, input: WindowsInput, signal?: AbortSignal): Promise<LiveWindowsAnswer> => {
    const query = parseWindows(await resolveDimensions(deps, caller, input), accessOf(caller));
    return takeLiveWindows(deps)(caller, query, await deps.eventLog.head(), signal);
  };
