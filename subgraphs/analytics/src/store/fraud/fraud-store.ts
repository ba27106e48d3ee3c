import type { DataReader } from "@tessera/platform/store/data-policy";
import type { EventStore, QueryAnswer } from "@tessera/platform/store/event-store";
import { z } from "zod";
import type { EventMatcher } from "../../domain/event-matcher.ts";
import type { Field } from "../../domain/field.ts";
import type { RingsQuestion, SharedValue } from "../../domain/fraud/rings.ts";
import type { VelocityEntity, VelocityQuestion } from "../../domain/fraud/velocity.ts";
import {
  fraudSizeStatement,
  ringsSizeStatement,
  ringsStatement,
  seenValuesStatement,
  velocityStatement,
  type FraudSource,
} from "./fraud-sql.ts";

/** Where events are read, but for the tenant, who is the reader's. */
export type FraudPlace = Omit<FraudSource, "tenantId">;

/** Every question about patterns of fraud asked of the event store; each is for one reader, and stops when its signal is aborted. */
export interface FraudStore {
  /** How many events there are to look at, as one row. */
  size(
    reader: DataReader,
    asked: { readonly event: EventMatcher; readonly by: Field },
    place: FraudPlace,
    signal?: AbortSignal,
  ): Promise<QueryAnswer<number>>;
  /** Those of some values that a field of the events has. */
  seen(
    reader: DataReader,
    asked: { readonly field: Field; readonly values: readonly string[] },
    place: FraudPlace,
    signal?: AbortSignal,
  ): Promise<QueryAnswer<string>>;
  velocity(
    reader: DataReader,
    question: VelocityQuestion,
    place: FraudPlace,
    signal?: AbortSignal,
  ): Promise<QueryAnswer<VelocityEntity & { readonly entities: number }>>;
  /** How many links connect anybody, and how many values too many share, as one row. */
  ringsSize(
    reader: DataReader,
    question: RingsQuestion,
    place: FraudPlace,
    signal?: AbortSignal,
  ): Promise<QueryAnswer<{ readonly links: number; readonly hubs: number }>>;
  rings(
    reader: DataReader,
    question: RingsQuestion,
    place: FraudPlace,
    signal?: AbortSignal,
  ): Promise<QueryAnswer<SharedValue>>;
}

const number = z.number();
const sizeRow = z.object({ events: z.coerce.number() });
const entityRow = z
  .object({
    ...{ entity: z.string(), events: number, peak: number, peak_ms: number, stretches: number, first_ms: number },
    entities: number,
  })
  .transform(({ peak_ms, first_ms, ...row }) => ({ ...row, peakAtMs: peak_ms, firstAtMs: first_ms }));
const seenRow = z.object({ value: z.string() });
const ringsSizeRow = z.object({ links: number, hubs: number });
const sharedRow = z
  .object({ through: number, value: z.string(), links: z.array(z.tuple([z.string(), number, number])) })
  .transform(({ links, ...row }): SharedValue => ({
    ...row,
    links: links.map(([member, events, firstAtMs]) => ({ member, events, firstAtMs })),
  }));

const optionsOf = (signal: AbortSignal | undefined) => (signal === undefined ? {} : { signal });

/** Builds {@link FraudStore} over the tenant-bound event store. */
export const createFraudStore = (store: Pick<EventStore, "query">): FraudStore => {
  const at = (reader: DataReader, place: FraudPlace): FraudSource => ({ ...place, tenantId: reader.tenantId });
  return {
    size: (reader, { event, by }, place, signal) =>
      store.query(
        reader,
        fraudSizeStatement(at(reader, place), event, by),
        (raw) => sizeRow.parse(raw).events,
        optionsOf(signal),
      ),
    seen: (reader, { field, values }, place, signal) =>
      store.query(
        reader,
        seenValuesStatement(at(reader, place), field, values),
        (raw) => seenRow.parse(raw).value,
        optionsOf(signal),
      ),
    velocity: (reader, question, place, signal) =>
      store.query(
        reader,
        velocityStatement(question, at(reader, place)),
        (raw) => entityRow.parse(raw),
        optionsOf(signal),
      ),
    ringsSize: (reader, question, place, signal) =>
      store.query(
        reader,
        ringsSizeStatement(question, at(reader, place)),
        (raw) => ringsSizeRow.parse(raw),
        optionsOf(signal),
      ),
    rings: (reader, question, place, signal) =>
      store.query(
        reader,
        ringsStatement(question, at(reader, place)),
        (raw) => sharedRow.parse(raw),
        optionsOf(signal),
      ),
  };
};
