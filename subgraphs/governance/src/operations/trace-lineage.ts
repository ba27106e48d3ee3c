import type { EventId } from "@tessera/contracts/ids";
import type { DataReader } from "@tessera/platform/store/data-policy";
import type { NowMs } from "@tessera/platform/time/clock";
import { lineageOf, type EventLineage } from "../domain/lineage.ts";
import type { LineageStore } from "../store/lineage-store.ts";

/** Events traced by one set of statements: their keys then stay far below the store's limits on a statement. */
export const MAX_EVENTS_PER_TRACE = 250;

/** Traces events for one reader, in the order asked for; null for an event the tenant does not have, or the reader may not see. */
export type TraceLineage = (
  reader: DataReader,
  ids: readonly EventId[],
  signal?: AbortSignal,
) => Promise<readonly (EventLineage | null)[]>;

const cellName = (table: string, key: readonly string[]): string => JSON.stringify([table, ...key]);

/** Builds {@link TraceLineage}: four statements however many events are traced, none after the first for unknown ones. */
export const createTraceLineage =
  (deps: { store: LineageStore; nowMs: NowMs }): TraceLineage =>
  async (reader, ids, signal) => {
    const entries = await deps.store.indexEntries(reader, ids, signal);
    if (entries.length === 0) return ids.map(() => null);
    const [facts, batches] = await Promise.all([
      deps.store.facts(reader, entries, signal),
      deps.store.batches(reader, entries, signal),
    ]);
    const cells = facts.length === 0 ? [] : await deps.store.cells(reader, facts, signal);
    const factsOf = new Map(facts.map((found) => [found.eventId, found]));
    const batchOf = new Map(batches.map((found) => [found.batchId, found]));
    const heldIn = new Map(cells.map(({ table, key, events }) => [cellName(table, key), events]));
    const checkedAtMs = deps.nowMs();
    const lineages = new Map(
      entries.map((entry) => {
        const evidence = {
          entry,
          facts: factsOf.get(entry.eventId) ?? null,
          batch: batchOf.get(entry.batchId) ?? null,
          eventsIn: (table: string, key: readonly string[]) => heldIn.get(cellName(table, key)) ?? 0,
        };
        return [entry.eventId, lineageOf(reader.tenantId, evidence, checkedAtMs)] as const;
      }),
    );
    return ids.map((id) => lineages.get(id) ?? null);
  };
