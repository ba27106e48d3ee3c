import type { Caller } from "@tessera/contracts/caller";
import { refuse } from "@tessera/platform/errors/refusal";
import type { NowMs } from "@tessera/platform/time/clock";
import { sampledUnits, slicesOf, type UnitSlice } from "../domain/funnel/unit-slice.ts";
import type { Approximation } from "../domain/planner.ts";
import type { Cost } from "../domain/provenance.ts";
import type { PageLine, SessionLine } from "../domain/sessions/lay-out-metrics.ts";
import type { SessionPage } from "../domain/sessions/session-page.ts";
import { SESSION_LIMITS, type SessionMetricsQuestion, type SessionsQuestion } from "../domain/sessions/sessions.ts";
import { createPageSum, createSessionSum, newestFirst, type PlacedSession } from "../domain/sessions/sum-slices.ts";
import { LEAST_PERSONS } from "../domain/sessions/least-persons.ts";
import type { SessionsPlaceOfReading, SessionsStore } from "../store/sessions-store.ts";
import { askedEffort, EASY_EVENTS, refuseBeyond, type Effort, type Pace, type TooMany } from "./effort.ts";
import { readSlices } from "./read-slices.ts";

/** Numbers over sessions as they were read. */
export interface SessionNumbers {
  readonly lines: readonly SessionLine[];
  /** What pages are to them; null where nobody asks. */
  readonly pages: readonly PageLine[] | null;
  readonly costs: readonly Cost[];
  readonly approximations: readonly Approximation[];
}

/** What reading sessions in slices needs. */
export interface SessionSlicesDeps {
  readonly sessions: SessionsStore;
  readonly nowMs: NowMs;
  /** How much may be looked at; what is when somebody waits for the answer unless it says another. */
  readonly effort?: Effort;
}

/** Numbers over sessions that are to be read, by which events, and where. */
export interface ReadingSessions {
  readonly caller: Caller;
  readonly question: SessionMetricsQuestion;
  readonly place: SessionsPlaceOfReading;
  readonly pagesPlace: SessionsPlaceOfReading;
  readonly signal: AbortSignal | undefined;
}

/** Events that a slice is meant to hold: the store puts them together in memory, which it does for some millions in a second. */
const SLICE_EVENTS = 1_000_000;
/** The same where a unit's events do not stand together, so that each slice is looked for among all of them. */
const SCATTERED_EVENTS = 4_000_000;

/** Whether the units whose sessions are meant are persons. */
export const isByPerson = ({ definition }: SessionsQuestion): boolean =>
  definition.kind === "GAP" && definition.unit.kind === "PERSON";

const TOO_MANY: Omit<TooMany, "fast"> = {
  what: "The sessions would be made of",
  narrower: "take a shorter range, or a `filter` that leaves fewer events",
  sample: null,
};

/** The slices that the sessions of so many events are read in: of all units, or of those of a sample. */
const slicesToRead = (
  { sliceEvents }: Effort,
  question: SessionsQuestion,
  { table }: SessionsPlaceOfReading,
  events: number,
): readonly UnitSlice[] => {
  const together = isByPerson(question) && table === "events_by_person";
  const size = sliceEvents ?? (together ? SLICE_EVENTS : SCATTERED_EVENTS);
  return slicesOf(question.part.slice ?? sampledUnits({ sample: 1 }), events, size);
};

/** In which slices what is behind a number of sessions of so many events is read, and how far it may go; refuses with QUERY_TOO_COSTLY more events than may be looked at. */
export const slicesBehind = (
  effort: Effort,
  question: SessionsQuestion,
  place: SessionsPlaceOfReading,
  events: number,
): { readonly slices: readonly UnitSlice[]; readonly pace: Pace } => {
  const tooMany = { ...TOO_MANY, fast: false, job: false };
  refuseBeyond(effort, events, tooMany);
  const slices = slicesToRead(effort, question, place, events);
  return { slices, pace: effort.begin(events, slices.length, tooMany) };
};

/** Whether so many events are read in slices, by the effort that is made. */
export const inSlices = ({ effort }: Pick<SessionSlicesDeps, "effort">, events: number): boolean =>
  events > (effort?.sliceEvents ?? EASY_EVENTS);

const refuseLines = (lines: number): void => {
  if (lines <= SESSION_LIMITS.slicedLines) return;
  throw refuse(
    "BAD_INPUT",
    `The groups and buckets make more than ${SESSION_LIMITS.slicedLines} lines, which sessions of so many events are not told in: break down by fewer fields, take wider buckets, or a shorter range.`,
    { field: "input.breakdown" },
  );
};

const refusePages = (pages: number): void => {
  if (pages <= SESSION_LIMITS.slicedPages) return;
  throw refuse(
    "BAD_INPUT",
    `The sessions have more than ${SESSION_LIMITS.slicedPages.toLocaleString("en-US")} different pages: ask for none, take a shorter range, or a \`page\` of fewer values such as \`url.path.1\`.`,
    { field: "input.pages" },
  );
};

const readPages = async (
  { sessions, effort }: { readonly sessions: SessionsStore; readonly effort: Effort },
  { caller, question, pagesPlace, signal }: ReadingSessions,
  slices: readonly UnitSlice[],
  pace: Pace,
) => {
  const sum = createPageSum();
  // One more than allowed tells that there are too many.
  const pages = SESSION_LIMITS.slicedPages + 1;
  const costs = await readSlices(
    slices,
    (slice) => effort.ask(() => sessions.slicePages(caller, { question, place: pagesPlace, slice, pages }, signal)),
    ({ rows }) => {
      rows.forEach(sum.add);
      refusePages(sum.size);
      return Promise.resolve();
    },
    pace,
  );
  return { pages: sum.top(question.pages), costs };
};

/** Reads numbers over the sessions of so many events slice by slice of their units, of which what is counted stays alone: each session is in one slice. */
export const readSessionSlices = async (
  { sessions, nowMs, effort = askedEffort(nowMs) }: SessionSlicesDeps,
  reading: ReadingSessions,
  events: number,
): Promise<SessionNumbers> => {
  const { caller, question, place, signal } = reading;
  const tooMany = { ...TOO_MANY, fast: isByPerson(question) };
  refuseBeyond(effort, events, tooMany);
  const slices = slicesToRead(effort, question, place, events);
  const pace = effort.begin(events, slices.length * (question.pages === 0 ? 1 : 2), tooMany);
  const sum = createSessionSum();
  const asked = { question, place, lines: SESSION_LIMITS.slicedLines, persons: LEAST_PERSONS };
  const costs = await readSlices(
    slices,
    (slice) => effort.ask(() => sessions.slice(caller, { ...asked, slice }, signal)),
    ({ rows }) => {
      rows.forEach(sum.add);
      refuseLines(sum.size);
      return Promise.resolve();
    },
    pace,
  );
  const paged = question.pages === 0 ? null : await readPages({ sessions, effort }, reading, slices, pace);
  return {
    ...sum.told(question.levels),
    ...{ pages: paged?.pages ?? null, costs: [...costs, ...(paged?.costs ?? [])] },
  };
};

/** Which sessions of so many events are on a page and one more, newest first: of each slice of their units the newest, and of these. */
export const readPageSlices = async (
  { sessions, nowMs, effort = askedEffort(nowMs) }: SessionSlicesDeps,
  {
    caller,
    question,
    place,
    signal,
  }: Omit<ReadingSessions, "question" | "pagesPlace"> & { readonly question: SessionsQuestion },
  page: SessionPage,
  events: number,
): Promise<{ readonly rows: readonly PlacedSession[]; readonly costs: readonly Cost[] }> => {
  const tooMany = { ...TOO_MANY, fast: false, job: false };
  refuseBeyond(effort, events, tooMany);
  const slices = slicesToRead(effort, question, place, events);
  let rows: readonly PlacedSession[] = [];
  const costs = await readSlices(
    slices,
    (slice) => {
      const sliced = { ...question, part: { ...question.part, slice } };
      return effort.ask(() => sessions.page(caller, sliced, place, page, signal));
    },
    (found) => {
      rows = [...rows, ...found.rows].toSorted(newestFirst).slice(0, page.first + 1);
      return Promise.resolve();
    },
    effort.begin(events, slices.length, tooMany),
  );
  return { rows, costs };
};
