import type { DataReader } from "@tessera/platform/store/data-policy";
import type { EventStore, QueryAnswer } from "@tessera/platform/store/event-store";
import { z } from "zod";
import type { EventMatcher } from "../../domain/event-matcher.ts";
import type { DriftCuts } from "../../domain/quality/drift-bins.ts";
import type { DriftQuestion } from "../../domain/quality/drift.ts";
import type { Counted, EventQualityQuestion } from "../../domain/quality/event-quality.ts";
import type { EventsSource } from "../behaviour-sql.ts";
import { categoricalReferenceStatement, driftCountsStatement, numericReferenceStatement } from "./drift-sql.ts";
import { qualityStatement, sizeOf, sizeStatement } from "./quality-sql.ts";

/** Where events are read, but for the tenant, who is the reader's. */
export type QualityPlace = Omit<EventsSource, "tenantId">;

/** Every question about what values are like, asked of the event store; each is for one reader, and stops when its signal is aborted. */
export interface QualityStore {
  /** How many events there are to look at, as one row. */
  size(
    reader: DataReader,
    event: EventMatcher,
    place: QualityPlace,
    signal?: AbortSignal,
  ): Promise<QueryAnswer<number>>;
  /** How many events there are, and what was counted of each expectation, as one row. */
  quality(
    reader: DataReader,
    question: EventQualityQuestion,
    place: QualityPlace,
    signal?: AbortSignal,
  ): Promise<QueryAnswer<{ readonly events: number; readonly counted: readonly Counted[] }>>;
  /** How the values of a reference are put into bins, as one row of numbers, or a row for each value. */
  numericReference(
    reader: DataReader,
    question: DriftQuestion,
    place: QualityPlace,
    signal?: AbortSignal,
  ): Promise<QueryAnswer<{ readonly few: readonly number[]; readonly cuts: readonly number[] }>>;
  categoricalReference(
    reader: DataReader,
    question: DriftQuestion,
    place: QualityPlace,
    signal?: AbortSignal,
  ): Promise<QueryAnswer<string>>;
  /** How many values lie in each bin, as pairs. */
  driftCounts(
    reader: DataReader,
    question: DriftQuestion,
    cuts: DriftCuts,
    place: QualityPlace,
    signal?: AbortSignal,
  ): Promise<QueryAnswer<readonly [bin: number, count: number]>>;
}

const numbersRow = z.object({ few: z.array(z.number()), cuts: z.array(z.number()) });
const valueRow = z.object({ value: z.string() });
const binRow = z.object({ bin: z.number(), n: z.number() });
const qualityRow = z.object({ events: z.number() }).catchall(z.unknown());
const seconds = z.number().transform((ms) => ms / 1_000);
const lateness = z
  .tuple([seconds, seconds, seconds, seconds])
  .transform(([p50Seconds, p95Seconds, p99Seconds, maxSeconds]) => ({
    p50Seconds,
    p95Seconds,
    p99Seconds,
    maxSeconds,
  }));

const countedOf = (row: z.infer<typeof qualityRow>, place: number): Counted => {
  const tested = z.number().parse(row[`tested${place}`]);
  const late = row[`late${place}`];
  return {
    ...{ tested, passed: z.number().parse(row[`passed${place}`]) },
    delay: late !== undefined && tested > 0 ? lateness.parse(late) : null,
  };
};

const optionsOf = (signal: AbortSignal | undefined) => (signal === undefined ? {} : { signal });

/** Builds {@link QualityStore} over the tenant-bound event store. */
export const createQualityStore = (store: Pick<EventStore, "query">): QualityStore => {
  const at = (reader: DataReader, place: QualityPlace): EventsSource => ({ ...place, tenantId: reader.tenantId });
  return {
    size: (reader, event, place, signal) =>
      store.query(reader, sizeStatement(event, at(reader, place)), sizeOf, optionsOf(signal)),
    quality: (reader, question, place, signal) =>
      store.query(
        reader,
        qualityStatement(question, at(reader, place)),
        (raw) => {
          const row = qualityRow.parse(raw);
          return { events: row.events, counted: question.expect.map((_expectation, index) => countedOf(row, index)) };
        },
        optionsOf(signal),
      ),
    numericReference: (reader, question, place, signal) =>
      store.query(
        reader,
        numericReferenceStatement(question, at(reader, place)),
        (raw) => numbersRow.parse(raw),
        optionsOf(signal),
      ),
    categoricalReference: (reader, question, place, signal) =>
      store.query(
        reader,
        categoricalReferenceStatement(question, at(reader, place)),
        (raw) => valueRow.parse(raw).value,
        optionsOf(signal),
      ),
    driftCounts: (reader, question, cuts, place, signal) =>
      store.query(
        reader,
        driftCountsStatement(question, cuts, at(reader, place)),
        (raw) => {
          const { bin, n } = binRow.parse(raw);
          return [bin, n];
        },
        optionsOf(signal),
      ),
  };
};
