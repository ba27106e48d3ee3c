import type { Caller } from "@tessera/contracts/caller";
import { refuse } from "@tessera/platform/errors/refusal";
import { accessOf } from "../../domain/access.ts";
import { parseEventsPage, parsePeoplePage, type BehindPageInput } from "../../domain/behind/behind-page.ts";
import { parseFunnelCell } from "../../domain/behind/funnel-cell.ts";
import { listedEvents } from "../../domain/funnel/funnel-behind.ts";
import type { FunnelBehind } from "../../domain/funnel/funnel-cell.ts";
import type { FunnelInput } from "../../domain/funnel/funnel-input.ts";
import { parseFunnel } from "../../domain/funnel/parse-funnel.ts";
import { isoTime } from "../../domain/zone.ts";
import { atRange } from "../at-range.ts";
import { withMembers } from "../funnel-members.ts";
import { withNames } from "../in-cohort.ts";
import { countFunnel } from "../query-funnel.ts";
import type { EventPage } from "../query-events.ts";
import { rangeOf } from "./behind-lines.ts";
import { within, type BehindInput } from "./behind-question.ts";
import {
  peopleOfEvents,
  readEventsAt,
  type BehindCounts,
  type BehindPeople,
  type ReadBehindDeps,
} from "./behind-answer.ts";

type OfFunnel = NonNullable<BehindInput["funnel"]>;

/** Counts the units of a number anew, and lists a page of them with the events they are listed by. */
const listUnits = (
  deps: ReadBehindDeps,
  caller: Caller,
  { input: asked, cell }: OfFunnel,
  page: Pick<FunnelBehind, "order" | "after" | "most">,
  signal: AbortSignal | undefined,
) =>
  within("funnel", () => {
    const list = async (by: Caller, input: FunnelInput) => {
      const behind = parseFunnelCell(parseFunnel(input, accessOf(by)), cell, page);
      const counted = await countFunnel(deps)(by, behind, signal);
      const { units, listed } = counted.parts.behind ?? { units: 0, listed: [] };
      const found =
        listed.length === 0
          ? { rows: [] }
          : await deps.funnels.eventsOf(by, counted.funnel, counted.place, listed, signal);
      const range = rangeOf(input);
      return {
        ...{ units, listed, unit: behind.unit, provenance: counted.provenance },
        events: listedEvents(listed, found.rows),
        range: { from: isoTime(range.fromMs), to: isoTime(range.toMs) },
      };
    };
    return withNames(deps, withMembers(deps, list))(caller, atRange<FunnelInput>(asked, deps.nowMs()), signal);
  });

/** How many units a number of a funnel counts: each by one event. */
export const funnelCounts =
  (deps: ReadBehindDeps) =>
  async (caller: Caller, of: OfFunnel, signal?: AbortSignal): Promise<BehindCounts> => {
    const page = { order: "UNIT", after: null, most: 0 } as const;
    const { units, unit, range, provenance } = await listUnits(deps, caller, of, page, signal);
    const people = unit.kind === "PERSON" ? units : null;
    return { units, people, events: units, credit: null, creditedValue: null, range, provenance };
  };

/** The events that make units part of a number of a funnel, newest first. */
export const funnelEvents =
  (deps: ReadBehindDeps) =>
  async (caller: Caller, of: OfFunnel, asked: BehindPageInput, signal?: AbortSignal): Promise<EventPage> => {
    const { first, after } = parseEventsPage(asked, "UNIT");
    const place = after === null ? null : { unit: after.key, timeMs: after.timeMs };
    const page = { order: "NEWEST", after: place, most: first + 1 } as const;
    const { listed, events, range, provenance } = await listUnits(deps, caller, of, page, signal);
    const shown = new Set(listed.slice(0, first).map(({ unit }) => unit));
    const places = events.filter(({ unit }) => shown.has(unit)).map((one) => ({ ...one, key: one.unit }));
    const ends = { hasMore: listed.length > first, hasBefore: after !== null };
    return { ...(await readEventsAt(deps, caller, places, ends, signal)), range, provenance };
  };

/** The people a number of a funnel counts; of funnels of persons. */
export const funnelPeople =
  (deps: ReadBehindDeps) =>
  async (caller: Caller, of: OfFunnel, asked: BehindPageInput, signal?: AbortSignal): Promise<BehindPeople> => {
    const { first, after } = parsePeoplePage(asked);
    const place = after === "0" ? null : { unit: after, timeMs: 0 };
    const page = { order: "UNIT", after: place, most: first + 1 } as const;
    const { listed, events, unit, range, provenance } = await listUnits(deps, caller, of, page, signal);
    if (unit.kind !== "PERSON")
      throw refuse("BAD_INPUT", "The funnel counts no people: take the unit PERSON, or ask for the `events`.", {
        field: "of.funnel.input.unit.kind",
      });
    const units = listed.slice(0, first).map((one) => one.unit);
    const ids = events.filter((one) => units.includes(one.unit)).map(({ id }) => id);
    const people = await peopleOfEvents(deps, caller, ids, signal);
    return {
      nodes: people.map(({ key: _key, ...node }) => node),
      ...{ hasNextPage: listed.length > first, endCursor: units.at(-1) ?? null, range, provenance },
    };
  };
