import type { DataReader } from "@tessera/platform/store/data-policy";
import type { EventStore, QueryAnswer } from "@tessera/platform/store/event-store";
import { z } from "zod";
import {
  personsCount,
  rowsEstimate,
  type CountPersons,
  type EstimateRows,
  type RowsEstimate,
} from "./rows-estimate.ts";
import type { PageLine, SessionLine } from "../domain/sessions/lay-out-metrics.ts";
import type { SessionPage } from "../domain/sessions/session-page.ts";
import type { UnitSlice } from "../domain/funnel/unit-slice.ts";
import type { SessionMetricsQuestion, SessionsQuestion } from "../domain/sessions/sessions.ts";
import type { SlicedLine } from "../domain/sessions/sum-slices.ts";
import { isByPerson, type SessionsSource } from "./sessions-sql.ts";
import {
  sessionDetailsStatement,
  sessionMetricsStatement,
  sessionPagesStatement,
  sessionPageStatement,
  sessionSizeOf,
  sessionSizeStatement,
  sessionSliceStatement,
} from "./sessions-statements.ts";

/** Where sessions are read, but for the tenant, who is the reader's. */
export type SessionsPlaceOfReading = Omit<SessionsSource, "tenantId">;

const number = z.coerce.number();
const flag = z.coerce.number().transform((value) => value === 1);
const absent = z.string().transform((value) => (value === "" ? null : value));
const money = z.string().transform(BigInt);

const place = z.object({ id: z.string(), unit: z.string(), start_ms: number });

const details = z
  .object({
    ...{ id: z.string(), start_ms: number, end_ms: number, active_ms: number, events: number, views: number },
    ...{ bounced: flag, engaged: flag, converted: flag, money, entry_name: z.string(), exit_name: z.string() },
    ...{ entry_page: absent, exit_page: absent, session_id: absent, source: absent, country: absent, device: absent },
    ...{ utm_source: absent, utm_medium: absent, utm_campaign: absent, user_id: absent, anonymous_id: absent },
  })
  .transform((row) => ({
    ...{ id: row.id, startMs: row.start_ms, endMs: row.end_ms, activeMs: row.active_ms, events: row.events },
    ...{ pageViews: row.views, bounced: row.bounced, engaged: row.engaged, converted: row.converted, money: row.money },
    ...{ entryName: row.entry_name, exitName: row.exit_name, entryPage: row.entry_page, exitPage: row.exit_page },
    ...{ sessionId: row.session_id, source: row.source, country: row.country, device: row.device },
    ...{ utmSource: row.utm_source, utmMedium: row.utm_medium, utmCampaign: row.utm_campaign },
    ...{ userId: row.user_id, anonymousId: row.anonymous_id },
  }));

/** A session as the store tells it; money in ten-thousandths. */
export type StoredSession = z.output<typeof details>;

const sums = z.looseObject({
  ...{
    total_b: number,
    total_d: number,
    sessions: number,
    squares: number,
    people: number,
    units: number,
    all_events: number,
    page_views: number,
  },
  ...{ duration_ms: number, active: number, bounces: number, engagements: number, conversions: number },
  all_money: money,
});
const wholeRow = sums.extend({ durations_ms: z.array(z.coerce.number().catch(0)) });
const slicedRow = sums.extend({
  ...{ lasted: z.string(), sessions_lasted: z.string() },
  persons: z.array(z.union([z.string(), z.number()]).transform(BigInt)),
});

/** Of what a row tells: the values of the breakdown, the bucket, and the sums. */
const placeAndSums = (row: z.output<typeof sums>, groups: number): Omit<SlicedLine, "lasted" | "persons"> => ({
  bucket: row.total_b === 1 ? null : number.parse(row["b"]),
  values: row.total_d === 1 ? null : Array.from({ length: groups }, (_, group) => z.string().parse(row[`d${group}`])),
  sums: {
    ...{ squares: row.squares, sessions: row.sessions, people: row.people, units: row.units },
    ...{ events: row.all_events, pageViews: row.page_views, durationMs: row.duration_ms, activeMs: row.active },
    ...{ bounced: row.bounces, engaged: row.engagements, converted: row.conversions, money: row.all_money },
  },
});

const lineOf = (raw: unknown, groups: number): SessionLine => {
  const row = wholeRow.parse(raw);
  const line = placeAndSums(row, groups);
  return { ...line, sums: { ...line.sums, durationsMs: row.durations_ms } };
};

/** Numbers as a text has them, with a space between two. */
const numbersIn = (text: string): readonly number[] => (text === "" ? [] : text.split(" ").map(Number));

const slicedLineOf = (raw: unknown, question: SessionMetricsQuestion): SlicedLine => {
  const row = slicedRow.parse(raw);
  const line = placeAndSums(row, question.breakdown.length);
  const sessions = numbersIn(row.sessions_lasted);
  const lasted = numbersIn(row.lasted).map((ms, index): readonly [number, number] => [ms, sessions[index] ?? 0]);
  return { ...line, lasted, persons: isByPerson(question) ? null : row.persons };
};

const page = z
  .object({
    ...{ page: z.string(), sessions: number, entries: number, exits: number, bounces: number },
    ...{ page_views: number, all_pages: number },
  })
  .transform(({ bounces, page_views, all_pages, ...row }): PageLine => ({
    ...{ ...row, bounced: bounces, pageViews: page_views, pages: all_pages },
  }));

/** Every question about sessions asked of the event store; each is for one reader, and stops when its signal is aborted. */
export interface SessionsStore {
  /** About how many rows of all persons there are to read, by the store's index. */
  readonly estimate: EstimateRows;
  /** How many persons of a slice did something that is looked at. */
  readonly persons: CountPersons;
  /** How many events there are to look at, as one row. */
  size(
    reader: DataReader,
    question: SessionsQuestion,
    place: SessionsPlaceOfReading,
    signal?: AbortSignal,
  ): Promise<QueryAnswer<number>>;
  /** Which sessions are on a page, and one more. */
  page(
    reader: DataReader,
    question: SessionsQuestion,
    place: SessionsPlaceOfReading,
    page: SessionPage,
    signal?: AbortSignal,
  ): Promise<QueryAnswer<{ readonly id: string; readonly unit: string; readonly startMs: number }>>;
  /** What is told of sessions by their units and ids, newest first. */
  details(
    reader: DataReader,
    question: SessionsQuestion,
    place: SessionsPlaceOfReading,
    of: { readonly units: readonly string[]; readonly ids: readonly string[] },
    signal?: AbortSignal,
  ): Promise<QueryAnswer<StoredSession>>;
  /** Numbers over sessions, of at most so many groups and buckets and one more. */
  metrics(
    reader: DataReader,
    question: SessionMetricsQuestion,
    place: SessionsPlaceOfReading,
    lines: number,
    signal?: AbortSignal,
  ): Promise<QueryAnswer<SessionLine>>;
  /** What pages are to sessions. */
  pages(
    reader: DataReader,
    question: SessionMetricsQuestion,
    place: SessionsPlaceOfReading,
    signal?: AbortSignal,
  ): Promise<QueryAnswer<PageLine>>;
  /** Numbers over the sessions of a slice of the units, of at most so many groups and buckets and one more. */
  slice(reader: DataReader, asked: SlicedAsk, signal?: AbortSignal): Promise<QueryAnswer<SlicedLine>>;
  /** What pages are to the sessions of a slice of the units, of at most so many pages. */
  slicePages(
    reader: DataReader,
    asked: Pick<SlicedAsk, "question" | "place" | "slice"> & { readonly pages: number },
    signal?: AbortSignal,
  ): Promise<QueryAnswer<PageLine>>;
}

/** Sessions that are counted in a slice of their units. */
export interface SlicedAsk {
  readonly question: SessionMetricsQuestion;
  readonly place: SessionsPlaceOfReading;
  readonly slice: UnitSlice;
  readonly lines: number;
  /** Persons told of a line where they are no units. */
  readonly persons: number;
}

const sliced = ({ question, slice }: Pick<SlicedAsk, "question" | "slice">): SessionMetricsQuestion => ({
  ...question,
  part: { ...question.part, slice },
});

const optionsOf = (signal: AbortSignal | undefined) => (signal === undefined ? {} : { signal });

/** Builds {@link SessionsStore} over the tenant-bound event store. */
export const createSessionsStore = (
  store: Pick<EventStore, "query">,
  estimateBy: RowsEstimate = rowsEstimate,
): SessionsStore => ({
  estimate: estimateBy(store),
  persons: personsCount(store),
  size: (reader, question, where, signal) =>
    store.query(
      reader,
      sessionSizeStatement(question, { ...where, tenantId: reader.tenantId }),
      sessionSizeOf,
      optionsOf(signal),
    ),
  page: (reader, question, where, asked, signal) =>
    store.query(
      reader,
      sessionPageStatement(question, { ...where, tenantId: reader.tenantId }, asked),
      (raw) => {
        const { id, unit, start_ms } = place.parse(raw);
        return { id, unit, startMs: start_ms };
      },
      optionsOf(signal),
    ),
  details: (reader, question, where, of, signal) =>
    store.query(
      reader,
      sessionDetailsStatement(question, { ...where, tenantId: reader.tenantId }, of),
      (raw) => details.parse(raw),
      optionsOf(signal),
    ),
  metrics: (reader, question, where, lines, signal) =>
    store.query(
      reader,
      sessionMetricsStatement(question, { ...where, tenantId: reader.tenantId }, lines),
      (raw) => lineOf(raw, question.breakdown.length),
      optionsOf(signal),
    ),
  pages: (reader, question, where, signal) =>
    store.query(
      reader,
      sessionPagesStatement(question, { ...where, tenantId: reader.tenantId }),
      (raw) => page.parse(raw),
      optionsOf(signal),
    ),
  slice: (reader, asked, signal) =>
    store.query(
      reader,
      sessionSliceStatement(sliced(asked), { ...asked.place, tenantId: reader.tenantId }, asked),
      (raw) => slicedLineOf(raw, asked.question),
      optionsOf(signal),
    ),
  slicePages: (reader, asked, signal) =>
    store.query(
      reader,
      sessionPagesStatement(sliced(asked), { ...asked.place, tenantId: reader.tenantId }, asked.pages),
      (raw) => page.parse(raw),
      optionsOf(signal),
    ),
});
