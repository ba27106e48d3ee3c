import type { Caller } from "@tessera/contracts/caller";
import { parseEventsPage, parsePeoplePage, type BehindPageInput } from "../../domain/behind/behind-page.ts";
import type { Approximation } from "../../domain/planner.ts";
import { eventsOnly, provenanceOf, type Cost } from "../../domain/provenance.ts";
import { isoTime } from "../../domain/zone.ts";
import type { EventPage } from "../query-events.ts";
import { readEventsAt, type BehindCounts, type BehindPeople, type ReadBehindDeps } from "./behind-answer.ts";
import type { BehindLines } from "./behind-lines.ts";
import { behindLines, requireOne, type BehindInput } from "./behind-question.ts";
import { countLines, peopleOfLines, placesOfLines } from "./read-lines.ts";
import { funnelCounts, funnelEvents, funnelPeople } from "./read-funnel-behind.ts";
import { pathCounts, pathEvents, pathPeople } from "./read-path-behind.ts";
import { creditsBehind } from "./read-journeys.ts";

const told = (
  caller: Caller,
  { range, reach = range, timeZone }: BehindLines,
  costs: readonly Cost[],
  asOfMs: number,
  approximations: readonly Approximation[] = [],
) => ({
  range: { from: isoTime(range.fromMs), to: isoTime(range.toMs) },
  provenance: provenanceOf(
    { ...eventsOnly(reach), approximations },
    ...([costs, asOfMs, timeZone, caller.dataPolicy] as const),
  ),
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
    const { answer, costs } = await countLines(deps, caller, lines, signal);
    const { approximations, ...counted } = answer;
    const { attribution } = of;
    const credits = attribution
      ? await creditsBehind(deps, caller, attribution, signal)
      : { credit: null, creditedValue: null };
    return { ...counted, ...credits, ...told(caller, lines, costs, asOfMs, approximations) };
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
    const { answer: rows, costs } = await peopleOfLines(deps, caller, lines, page, signal);
    const shown = rows.slice(0, page.first);
    return {
      nodes: shown.map(({ key: _key, ...node }) => node),
      hasNextPage: rows.length > page.first,
      endCursor: shown.at(-1)?.key ?? null,
      ...told(caller, lines, costs, asOfMs),
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
    const { answer: rows, costs } = await placesOfLines(deps, caller, lines, page, signal);
    const places = rows.slice(0, page.first).map((place) => ({ ...place, id: place.key }));
    const ends = { hasMore: rows.length > page.first, hasBefore: page.after !== null };
    return {
      ...(await readEventsAt(deps, caller, places, ends, signal)),
      ...told(caller, lines, costs, asOfMs),
    };
  };
