import type { Caller } from "@tessera/contracts/caller";
import type { NowMs } from "@tessera/platform/time/clock";
import { accessOf } from "../domain/access.ts";
import { absoluteRange, type AbsoluteRange, type TimeRangeInput } from "../domain/asked-range.ts";
import { formatEventPlace, parseEventPage, type EventPageInput, type EventPageQuery } from "../domain/event-page.ts";
import type { StoredEvent } from "../domain/event.ts";
import { eventsOnly, provenanceOf, type Provenance } from "../domain/provenance.ts";
import { isoTime } from "../domain/zone.ts";
import type { AnalyticsStore } from "../store/analytics-store.ts";

/** A page of events, as in the SDL. */
export interface EventPage {
  readonly edges: readonly { readonly cursor: string; readonly node: StoredEvent }[];
  readonly pageInfo: {
    readonly hasNextPage: boolean;
    readonly hasPreviousPage: boolean;
    readonly startCursor: string | null;
    readonly endCursor: string | null;
  };
  /** The range asked for; null for all time. */
  readonly range: AbsoluteRange | null;
  readonly provenance: Provenance;
}

/** A question for a page of events, whose range may be relative to now. */
export type AskedEvents = Omit<EventPageInput, "range"> & {
  readonly range?: TimeRangeInput | null | undefined;
  /** Whether names may be asked for that were never sent. */
  readonly allowUnknown?: boolean | null | undefined;
};

/** What reading a page of events needs. */
export interface EventPageDeps {
  readonly store: Pick<AnalyticsStore, "eventPage">;
  readonly nowMs: NowMs;
}

/** Reads one page of events, newest first, by the place of its last event. */
export const readEventPage =
  (deps: EventPageDeps) =>
  async (caller: Caller, query: EventPageQuery, signal: AbortSignal | undefined): Promise<EventPage> => {
    const asOfMs = deps.nowMs();
    const { rows, statistics } = await deps.store.eventPage(caller, query, signal);
    const edges = rows.slice(0, query.first).map((node) => ({ cursor: formatEventPlace(node), node }));
    const times = edges.map(({ node }) => node.timeMs);
    const range = query.range ?? { fromMs: times.at(-1) ?? asOfMs, toMs: (times[0] ?? asOfMs) + 1 };
    return {
      edges,
      pageInfo: {
        hasNextPage: rows.length > query.first,
        hasPreviousPage: query.after !== null,
        startCursor: edges[0]?.cursor ?? null,
        endCursor: edges.at(-1)?.cursor ?? null,
      },
      range: query.range === null ? null : { from: isoTime(query.range.fromMs), to: isoTime(query.range.toMs) },
      provenance: provenanceOf(eventsOnly(range), [statistics], asOfMs, "UTC", caller.dataPolicy),
    };
  };

/** Answers `events`: one page of those that pass a filter. */
export const queryEvents =
  (deps: EventPageDeps) =>
  async (caller: Caller, asked: AskedEvents, signal?: AbortSignal): Promise<EventPage> => {
    const { range = null } = asked;
    const input = { ...asked, range: range === null ? null : absoluteRange(range, deps.nowMs(), "UTC", "range") };
    return readEventPage(deps)(caller, parseEventPage(input, accessOf(caller)), signal);
  };
