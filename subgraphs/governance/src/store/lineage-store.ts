import { readFileSync } from "node:fs";
import { parseBatchId, parseEventId, type BatchId, type EventId } from "@tessera/contracts/ids";
import type { DataReader } from "@tessera/platform/store/data-policy";
import type { EventStore } from "@tessera/platform/store/event-store";
import { z } from "zod";
import type { FoundCell, IndexEntry, StoredBatch, StoredFacts } from "../domain/evidence.ts";

/** What the event store knows of single events; each question is one statement however many events it is about. */
export interface LineageStore {
  indexEntries(reader: DataReader, ids: readonly EventId[], signal?: AbortSignal): Promise<readonly IndexEntry[]>;
  facts(reader: DataReader, entries: readonly IndexEntry[], signal?: AbortSignal): Promise<readonly StoredFacts[]>;
  batches(reader: DataReader, entries: readonly IndexEntry[], signal?: AbortSignal): Promise<readonly StoredBatch[]>;
  cells(reader: DataReader, facts: readonly StoredFacts[], signal?: AbortSignal): Promise<readonly FoundCell[]>;
}

const statementText = (name: string): string => readFileSync(new URL(`./sql/${name}.sql`, import.meta.url), "utf8");
const texts = {
  indexEntries: statementText("find-index-entries"),
  facts: statementText("find-facts"),
  batches: statementText("find-batches"),
  cells: statementText("find-cells"),
};

const idColumn = <Id>(parse: (text: string) => Id | null) =>
  z.string().transform((text, context): Id => {
    const id = parse(text);
    if (id !== null) return id;
    context.addIssue("A stored row has a malformed id.");
    return z.NEVER;
  });
const eventId: z.ZodType<EventId> = idColumn(parseEventId);
const batchId: z.ZodType<BatchId> = idColumn(parseBatchId);
// 64-bit numbers come as text or number, as the store is set; all of these are counts and times below 2^53.
const count = z.coerce.number().int();

const indexRow = z
  .object({
    event_id: eventId,
    copies: count,
    first_stored_at: count,
    received_at_ms: count,
    time_ms: count,
    batch: batchId,
    time_key: z.string(),
    received_at_key: z.string(),
    name_key: z.string(),
    person_key: z.string(),
  })
  .transform((row): IndexEntry => ({
    eventId: row.event_id,
    copies: row.copies,
    firstStoredAtMs: row.first_stored_at,
    receivedAtMs: row.received_at_ms,
    timeMs: row.time_ms,
    batchId: row.batch,
    keys: { time: row.time_key, receivedAt: row.received_at_key, name: row.name_key, person: row.person_key },
  }));

const factsRow = z
  .object({
    id: eventId,
    copies: count,
    batch_row: count,
    schema_version: count,
    quality_flags: z.array(z.string()),
    source: z.string(),
    synthetic: z.boolean(),
    hour_key: z.string(),
    day_key: z.string(),
    time_key: z.string(),
    sequence_key: z.string(),
    person_key: z.string(),
    name: z.string(),
    country: z.string(),
    device: z.string(),
    currency: z.string(),
  })
  .transform((row): StoredFacts => ({
    eventId: row.id,
    copies: row.copies,
    batchRow: row.batch_row,
    schemaVersion: row.schema_version,
    qualityFlags: row.quality_flags,
    source: row.source,
    synthetic: row.synthetic,
    keys: {
      hour: row.hour_key,
      day: row.day_key,
      time: row.time_key,
      sequence: row.sequence_key,
      person: row.person_key,
      name: row.name,
      country: row.country,
      device: row.device,
      source: row.source,
      currency: row.currency,
    },
  }));

const batchRow = z
  .object({ id: batchId, row_count: count, received_at_ms: count, min_time_ms: count, max_time_ms: count })
  .transform((row): StoredBatch => ({
    batchId: row.id,
    rows: row.row_count,
    receivedAtMs: row.received_at_ms,
    minTimeMs: row.min_time_ms,
    maxTimeMs: row.max_time_ms,
  }));

const cellRow = z
  .object({ holder: z.string(), cell: z.array(z.string()), held: count })
  .transform((row): FoundCell => ({ table: row.holder, key: row.cell, events: row.held }));

/** Builds {@link LineageStore}. */
export const createLineageStore = (eventStore: EventStore): LineageStore => {
  const ask = async <Row>(
    reader: DataReader,
    name: keyof typeof texts,
    params: Readonly<Record<string, unknown>>,
    parse: (row: unknown) => Row,
    signal: AbortSignal | undefined,
  ): Promise<readonly Row[]> => {
    const statement = { name: `lineage-${name}`, text: texts[name], params: { tenant: reader.tenantId, ...params } };
    return (await eventStore.query(reader, statement, parse, signal === undefined ? {} : { signal })).rows;
  };
  return {
    indexEntries: (reader, ids, signal) => ask(reader, "indexEntries", { ids }, (row) => indexRow.parse(row), signal),
    facts: (reader, entries, signal) => {
      const places = JSON.stringify(entries.map(({ keys: { name, person, time } }) => ({ name, person, time })));
      const ids = entries.map((entry) => entry.eventId);
      return ask(reader, "facts", { ids, places }, (row) => factsRow.parse(row), signal);
    },
    batches: (reader, entries, signal) => {
      const places = entries.map((entry) => ({ received_at: entry.keys.receivedAt, batch_id: entry.batchId }));
      return ask(reader, "batches", { places: JSON.stringify(places) }, (row) => batchRow.parse(row), signal);
    },
    cells: (reader, facts, signal) =>
      ask(
        reader,
        "cells",
        { places: JSON.stringify(facts.map(({ keys }) => keys)) },
        (row) => cellRow.parse(row),
        signal,
      ),
  };
};
