import type { Caller } from "@tessera/contracts/caller";
import { parseEventsPage, parsePeoplePage, type BehindPageInput } from "../../domain/behind/behind-page.ts";
import { eventsOnly, provenanceOf, type Cost } from "../../domain/provenance.ts";
import { isoTime } from "../../domain/zone.ts";
import type { EventPage } from "../query-events.ts";
import { readEventsAt, type BehindCounts, type BehindPeople, type ReadBehindDeps } from "./behind-answer.ts";
import type { BehindLines } from "./behind-lines.ts";
import { behindLines, requireOne, type BehindInput } from "./behind-question.ts";
import { funnelCounts, funnelEvents, funnelPeople } from "./read-funnel-behind.ts";
import { pathCounts, pathEvents, pathPeople } from "./read-path-behind.ts";
import { creditsBehind } from "./read-journeys.ts";

const optionsOf = (signal: AbortSignal | undefined) => (signal === undefined ? {} : { signal });

const told = (
  caller: Caller,
  { range, reach = range, timeZone }: BehindLines,
  costs: readonly Cost[],
  asOfMs: number,
) => ({
  range: { from: isoTime(range.fromMs), to: isoTime(range.toMs) },
  provenance: provenanceOf(eventsOnly(reach), costs, asOfMs, timeZone, caller.dataPolicy),
});

/** Answers `Behind.counts`: how many units, people and events there are behind a number. */
export const behindCounts =
  (deps: ReadBehindDeps) =>
  async (caller: Caller, of: BehindInput, signal?: AbortSignal): Promise<BehindCounts> => {
    requireOne(of);
    if (of.funnel) return funnelCounts(deps)(caller, of.funnel, signal);
    if (of.paths) return pathCounts(deps)(caller, of.paths, signal);
    const asOfMs = deps.nowMs();
    const lines = await behindLines(deps, caller, of, signal);
    const { behindCountsStatement, behindCountsOf } = deps.statements;
    const statement = behindCountsStatement(lines.sql);
    const { rows, statistics } = await deps.eventStore.query(caller, statement, behindCountsOf, optionsOf(signal));
    const { units, people, events } = rows[0] ?? { units: 0, people: 0, events: 0 };
    const { attribution } = of;
    const credits = attribution
      ? await creditsBehind(deps, caller, attribution, signal)
      : { credit: null, creditedValue: null };
    return { ...{ units, people, events }, ...credits, ...told(caller, lines, [statistics], asOfMs) };
  };

/** Answers `Behind.people`: those of the events behind a number, in pages. */
export const behindPeople =
  (deps: ReadBehindDeps) =>
  async (caller: Caller, of: BehindInput, asked: BehindPageInput, signal?: AbortSignal): Promise<BehindPeople> => {
    requireOne(of);
    if (of.funnel) return funnelPeople(deps)(caller, of.funnel, asked, signal);
    if (of.paths) return pathPeople(deps)(caller, of.paths, asked, signal);
    const page = parsePeoplePage(asked);
    const asOfMs = deps.nowMs();
    const lines = await behindLines(deps, caller, of, signal);
    const { behindPeopleStatement, behindPersonOf } = deps.statements;
    const statement = behindPeopleStatement(lines.sql, page, caller.tenantId);
    const { rows, statistics } = await deps.eventStore.query(caller, statement, behindPersonOf, optionsOf(signal));
    const shown = rows.slice(0, page.first);
    return {
      nodes: shown.map(({ key: _key, ...node }) => node),
      hasNextPage: rows.length > page.first,
      endCursor: shown.at(-1)?.key ?? null,
      ...told(caller, lines, [statistics], asOfMs),
    };
  };

/** Answers `Behind.events`: the events behind a number, newest first, in pages. */
export const behindEvents =
  (deps: ReadBehindDeps) =>
  async (caller: Caller, of: BehindInput, asked: BehindPageInput, signal?: AbortSignal): Promise<EventPage> => {
    requireOne(of);
    if (of.funnel) return funnelEvents(deps)(caller, of.funnel, asked, signal);
    if (of.paths) return pathEvents(deps)(caller, of.paths, asked, signal);
    const page = parseEventsPage(asked, "EVENT");
    const asOfMs = deps.nowMs();
    const lines = await behindLines(deps, caller, of, signal);
    const { behindEventsStatement, behindPlaceOf } = deps.statements;
    const statement = behindEventsStatement(lines.sql, page);
    const { rows, statistics } = await deps.eventStore.query(caller, statement, behindPlaceOf, optionsOf(signal));
    const places = rows.slice(0, page.first).map((place) => ({ ...place, id: place.key }));
    const ends = { hasMore: rows.length > page.first, hasBefore: page.after !== null };
    return {
      ...(await readEventsAt(deps, caller, places, ends, signal)),
      ...told(caller, lines, [statistics], asOfMs),
    };
  };
