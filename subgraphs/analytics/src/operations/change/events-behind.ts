import type { Caller } from "@tessera/contracts/caller";
import { accessOf } from "../../domain/access.ts";
import { heldBy, heldTo } from "../../domain/change/slice-filter.ts";
import { parseEventPage } from "../../domain/event-page.ts";
import type { StoredEvent } from "../../domain/event.ts";
import type { FilterInput } from "../../domain/filter-input.ts";
import { togetherFrom } from "../../domain/provenance-together.ts";
import type { Provenance } from "../../domain/provenance.ts";
import { parseCount } from "../../domain/query.ts";
import type { TimeRange } from "../../domain/time-range.ts";
import { isoTime } from "../../domain/zone.ts";
import { readEventPage, type EventPageDeps } from "../query-events.ts";
import { toldSpan, type AskedChange } from "./asked-change.ts";

/** Which events a number of a change, or of a slice of it, counts. */
export interface EventsBehind {
  readonly filter: FilterInput | null;
  readonly span: TimeRange;
  readonly timeZone: string;
}

/** Events that stand for those behind a number, as in the SDL. */
export interface ChangeEvents {
  readonly range: ReturnType<typeof toldSpan>;
  readonly events: readonly StoredEvent[];
  readonly provenance: Provenance;
}

/** Events one sample holds: each is looked for by itself, in its own part of the span. */
const MAX_SAMPLED = 10;

/** The events that the number of a change counts; of behaviour those by which units are counted in. */
export const eventsOf = ({ of, span, timeZone }: Pick<AskedChange, "of" | "span" | "timeZone">): EventsBehind => ({
  filter: of.kind === "GROUPED" ? heldBy(of.question.filter, of.measure.counted) : heldTo(of.entries, of.held),
  ...{ span, timeZone },
});

/** Equal parts of a span, the earliest first; as many milliseconds as parts at least. */
const partsOf = ({ fromMs, toMs }: TimeRange, count: number): readonly TimeRange[] => {
  const at = (part: number): number => fromMs + Math.round(((toMs - fromMs) * part) / count);
  return Array.from({ length: count }, (_, part) => ({ fromMs: at(part), toMs: at(part + 1) })).filter(
    (part) => part.fromMs < part.toMs,
  );
};

/**
 * Events that stand for those behind a number: the newest of each of as many equal parts of the span, so that they do not all stem from its last moment, and where parts are empty the newest of all
 * besides. The earliest is first.
 */
export const sampleEvents =
  (deps: EventPageDeps) =>
  async (
    caller: Caller,
    { filter, span, timeZone }: EventsBehind,
    asked: number,
    signal?: AbortSignal,
  ): Promise<ChangeEvents> => {
    const count = parseCount(asked, "first", MAX_SAMPLED);
    const provenances: Provenance[] = [];
    const read = async ({ fromMs, toMs }: TimeRange, first: number): Promise<readonly StoredEvent[]> => {
      const page = { filter, range: { from: isoTime(fromMs), to: isoTime(toMs) }, first };
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
