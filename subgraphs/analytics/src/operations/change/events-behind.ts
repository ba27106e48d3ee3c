import type { Caller } from "@tessera/contracts/caller";
import { accessOf } from "../../domain/access.ts";
import { heldBy, heldTo, type SliceCondition } from "../../domain/change/slice-filter.ts";
import { parseEventPage } from "../../domain/event-page.ts";
import type { StoredEvent } from "../../domain/event.ts";
import { togetherFrom } from "../../domain/provenance-together.ts";
import { provenanceOf, type Provenance } from "../../domain/provenance.ts";
import { partsOf } from "../../domain/change/parts-of-span.ts";
import { parseCount } from "../../domain/query.ts";
import type { TimeRange } from "../../domain/time-range.ts";
import { isoTime } from "../../domain/zone.ts";
import { readEventPage, type EventPageDeps } from "../query-events.ts";
import type { NotesUses } from "../telling-uses.ts";
import { toldSpan, type AskedChange } from "./asked-change.ts";
import type { EventsBehind } from "./behaviour-change.ts";

/** A change, or a slice of it, whose events are asked for. */
export interface SlicedChange {
  readonly of: Pick<AskedChange, "of" | "span" | "timeZone" | "meanings" | "uses">;
  /** Conditions of the slice; none: the whole change. */
  readonly conditions: readonly SliceCondition[];
}

/** Events that stand for those behind a number, as in the SDL. */
export interface ChangeEvents {
  readonly range: ReturnType<typeof toldSpan>;
  readonly events: readonly StoredEvent[];
  readonly provenance: Provenance;
}

/** Events one sample holds: each is looked for by itself, in its own part of the span. */
const MAX_SAMPLED = 10;

/** Finds the events that the number of a change counts; of behaviour those by which units are counted in; null where it is of no events. */
const eventsOf = (
  { of: { of, span }, conditions }: SlicedChange,
  count: number,
  signal: AbortSignal | undefined,
): Promise<EventsBehind | null> =>
  of.kind === "GROUPED"
    ? Promise.resolve({ filter: heldTo(heldBy(of.question.filter, of.measure.counted), conditions), span })
    : of.behind([...of.held, ...conditions], count, signal);

/** The answer of a number that is of no events. */
const noEvents = (
  { nowMs }: EventPageDeps,
  caller: Caller,
  { of: { span, timeZone } }: SlicedChange,
): ChangeEvents => ({
  ...{ range: toldSpan(span, timeZone), events: [] },
  provenance: provenanceOf(
    { parts: [], rejected: [], approximations: [] },
    ...([[], nowMs(), timeZone, caller.dataPolicy] as const),
  ),
});

/**
 * Events that stand for those behind a number: the newest of each of as many equal parts of the span, so that they do not all stem from its last moment, and where parts are empty the newest of all
 * besides. The earliest is first.
 */
export const sampleEvents =
  (deps: EventPageDeps & NotesUses) =>
  async (caller: Caller, sliced: SlicedChange, asked: number, signal?: AbortSignal): Promise<ChangeEvents> => {
    const count = parseCount(asked, "first", MAX_SAMPLED);
    const behind = await eventsOf(sliced, count, signal);
    const { timeZone, meanings, uses } = sliced.of;
    deps.noteUses?.(uses);
    if (behind === null) return noEvents(deps, caller, sliced);
    const { filter, span } = behind;
    const provenances: Provenance[] = [];
    const read = async ({ fromMs, toMs }: TimeRange, first: number): Promise<readonly StoredEvent[]> => {
      const page = { filter, range: { from: isoTime(fromMs), to: isoTime(toMs) }, first, meanings };
      const { edges, provenance } = await readEventPage(deps)(caller, parseEventPage(page, accessOf(caller)), signal);
      provenances.push(provenance);
      return edges.map(({ node }) => node);
    };
    const found = new Map<string, StoredEvent>();
    for (const part of partsOf(span, count)) for (const event of await read(part, 1)) found.set(event.id, event);
    if (found.size < count)
      for (const event of await read(span, count)) if (found.size < count) found.set(event.id, event);
    return {
      range: toldSpan(span, timeZone),
      events: [...found.values()].toSorted((one, other) => one.timeMs - other.timeMs || (one.id < other.id ? -1 : 1)),
      provenance: togetherFrom(provenances),
    };
  };
