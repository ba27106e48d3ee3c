import type { Caller } from "@tessera/contracts/caller";
import { refuse } from "@tessera/platform/errors/refusal";
import { accessOf } from "../../domain/access.ts";
import { parseEventsPage, parsePeoplePage, type BehindPageInput } from "../../domain/behind/behind-page.ts";
import { parsePathCell, type PathCellInput } from "../../domain/behind/path-cell.ts";
import { listedEvents } from "../../domain/funnel/funnel-behind.ts";
import type { BehindUnit } from "../../domain/funnel/funnel-cell.ts";
import { parsePaths } from "../../domain/paths/parse-paths.ts";
import type { PathBehind } from "../../domain/paths/path-cell.ts";
import type { PathsInput } from "../../domain/paths/paths-input.ts";
import { isoTime } from "../../domain/zone.ts";
import { atRange, type Asked } from "../at-range.ts";
import { resolveNames } from "../in-cohort.ts";
import type { EventPage } from "../query-events.ts";
import { countPaths } from "../query-paths.ts";
import {
  peopleOfEvents,
  readEventsAt,
  type BehindCounts,
  type BehindPeople,
  type ReadBehindDeps,
} from "./behind-answer.ts";
import { rangeOf, type Of } from "./behind-lines.ts";
import { within } from "./behind-question.ts";

/** A number of a `paths` answer, by the question and its place. */
export type OfPaths = Of<Asked<PathsInput>, PathCellInput>;

/** Counts the paths of a number anew, and finds the steps by which a page of them, or of their units, is listed. */
const listPaths = (
  deps: ReadBehindDeps,
  caller: Caller,
  { input: asked, cell }: OfPaths,
  page: Pick<PathBehind, "order" | "after" | "most">,
  signal: AbortSignal | undefined,
) =>
  within("paths", async () => {
    const input = await resolveNames(deps, caller, atRange<PathsInput>(asked, deps.nowMs()));
    const question = parsePathCell(parsePaths(input, accessOf(caller)), cell, page);
    const counted = await countPaths(deps)(caller, question, signal);
    const { paths, units, steps, ofUnits } = counted.parts.behind ?? { paths: 0, units: 0, steps: [], ofUnits: [] };
    const range = rangeOf(input);
    return {
      ...{ paths, units, steps, ofUnits, unit: question.unit, provenance: counted.provenance },
      range: { from: isoTime(range.fromMs), to: isoTime(range.toMs) },
      /** The events of some of the steps. */
      eventsOf: async (listed: readonly BehindUnit[]) => {
        if (listed.length === 0) return [];
        const { place, frequent } = counted;
        const found = await deps.paths.stepsOf(caller, counted.question, place, { frequent, listed }, signal);
        return listedEvents(listed, found.rows);
      },
    };
  });

/** How many paths a number counts, each by one step, and of how many people. */
export const pathCounts =
  (deps: ReadBehindDeps) =>
  async (caller: Caller, of: OfPaths, signal?: AbortSignal): Promise<BehindCounts> => {
    const page = { order: "UNIT", after: null, most: 0 } as const;
    const { paths, units, unit, range, provenance } = await listPaths(deps, caller, of, page, signal);
    const people = unit.kind === "PERSON" ? units : null;
    return { units: paths, people, events: paths, credit: null, creditedValue: null, range, provenance };
  };

/** The steps by which the paths of a number are listed, newest first. */
export const pathEvents =
  (deps: ReadBehindDeps) =>
  async (caller: Caller, of: OfPaths, asked: BehindPageInput, signal?: AbortSignal): Promise<EventPage> => {
    const { first, after } = parseEventsPage(asked, "STEP");
    const [unit = "", tie = ""] = after?.key.split(".") ?? [];
    const place = after === null ? null : { unit, tie: Number(tie), timeMs: after.timeMs };
    const page = { order: "NEWEST", after: place, most: first + 1 } as const;
    const { steps, eventsOf, range, provenance } = await listPaths(deps, caller, of, page, signal);
    const events = await eventsOf(steps.slice(0, first));
    const places = events.map((one) => ({ ...one, key: `${one.unit}.${one.tie}` }));
    const ends = { hasMore: steps.length > first, hasBefore: after !== null };
    return { ...(await readEventsAt(deps, caller, places, ends, signal)), range, provenance };
  };

/** The people whose paths a number counts; of paths of persons. */
export const pathPeople =
  (deps: ReadBehindDeps) =>
  async (caller: Caller, of: OfPaths, asked: BehindPageInput, signal?: AbortSignal): Promise<BehindPeople> => {
    const { first, after } = parsePeoplePage(asked);
    const place = after === "0" ? null : { unit: after, timeMs: 0 };
    const page = { order: "UNIT", after: place, most: first + 1 } as const;
    const { ofUnits, eventsOf, unit, range, provenance } = await listPaths(deps, caller, of, page, signal);
    if (unit.kind !== "PERSON")
      throw refuse("BAD_INPUT", "The paths are of no people: take the unit PERSON, or ask for the `events`.", {
        field: "of.paths.input.unit.kind",
      });
    const shown = ofUnits.slice(0, first);
    const events = await eventsOf(shown.flatMap((one) => [one.first, one.last]));
    const ids = [...new Set(events.map(({ id }) => id))];
    const idOf = ({ unit: own, timeMs, tie }: BehindUnit): string =>
      events.find((one) => one.unit === own && one.timeMs === timeMs && one.tie === tie)?.id ?? "";
    const people = await peopleOfEvents(deps, caller, ids, signal);
    const byUnit = new Map(shown.map((one) => [one.unit, one]));
    return {
      nodes: people.flatMap(({ key, ...person }) => {
        const own = byUnit.get(key);
        if (own === undefined) return [];
        return [{ ...person, events: own.paths, firstEventId: idOf(own.first), lastEventId: idOf(own.last) }];
      }),
      ...{ hasNextPage: ofUnits.length > first, endCursor: shown.at(-1)?.unit ?? null, range, provenance },
    };
  };
