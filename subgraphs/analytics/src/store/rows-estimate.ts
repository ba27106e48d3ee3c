import type { DataReader } from "@tessera/platform/store/data-policy";
import type { EventStore, QueryAnswer } from "@tessera/platform/store/event-store";
import { z } from "zod";
import type { BehaviourTable } from "../domain/behaviour-source.ts";
import type { EventMatcher } from "../domain/event-matcher.ts";
import type { UnitSlice } from "../domain/funnel/unit-slice.ts";
import type { TimeRange } from "../domain/time-range.ts";
import { anyNameSql, behaviourRange, sliceSql } from "./behaviour-sql.ts";
import { createParams } from "./params.ts";
import { asksEachTime, type KeptEstimates } from "./kept-estimates.ts";
import { readEstimate } from "./read-estimate.ts";

/** What a question reads of all persons, as far as the store's index can tell. */
export interface LookedAtRows {
  readonly table: BehaviourTable;
  readonly range: TimeRange;
  /** Matchers one of which each event passes that is looked at. */
  readonly matchers: readonly EventMatcher[];
}

/** Tells the store's own estimate of the rows that would be read; nothing is read for it. */
export type EstimateRows = (reader: DataReader, looked: LookedAtRows, signal?: AbortSignal) => Promise<number>;

/** Makes {@link EstimateRows} over the tenant-bound event store. */
export type RowsEstimate = (store: Pick<EventStore, "query">) => EstimateRows;

/** Builds {@link EstimateRows} that ask the engine each time, or what `kept` keeps. */
export const rowsEstimateBy =
  (kept: KeptEstimates): RowsEstimate =>
  (store) =>
  async (reader, { table, range, matchers }, signal) => {
    const params = createParams();
    const names = anyNameSql(matchers, params);
    const question = { reader, range, about: [table, names, params.values] };
    const { rows } = await kept(question, () => {
      const where = [behaviourRange(table, range, reader.tenantId, params), ...names];
      const text = `SELECT count(), max(person) FROM ${table} WHERE ${where.join(" AND ")}`;
      return readEstimate(store, reader, { name: "looked-at", text, params: params.values }, signal);
    });
    return rows;
  };

/** Builds {@link EstimateRows} that ask the engine each time. */
export const rowsEstimate = rowsEstimateBy(asksEachTime);

/** Tells how many persons of a slice did something that is looked at, with what telling it cost. */
export type CountPersons = (
  reader: DataReader,
  looked: LookedAtRows,
  slice: UnitSlice,
  signal?: AbortSignal,
) => Promise<QueryAnswer<number>>;

const personsRow = z.object({ persons: z.number() });

/** Builds {@link CountPersons} over the tenant-bound event store. */
export const personsCount =
  (store: Pick<EventStore, "query">): CountPersons =>
  (reader, { table, range, matchers }, slice, signal) => {
    const params = createParams();
    const where = [
      behaviourRange(table, range, reader.tenantId, params),
      "person != 0",
      ...anyNameSql(matchers, params),
      ...sliceSql({ kind: "PERSON" }, slice, params),
    ];
    const text = `SELECT toFloat64(uniqExact(person)) AS persons FROM ${table} WHERE ${where.join(" AND ")}`;
    const statement = { name: "sampled-persons", text, params: params.values };
    const parse = (raw: unknown): number => personsRow.parse(raw).persons;
    return store.query(reader, statement, parse, signal === undefined ? {} : { signal });
  };
