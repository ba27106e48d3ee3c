import type { DataReader } from "@tessera/platform/store/data-policy";
import type { EventStore, StoreStatement } from "@tessera/platform/store/event-store";
import { z } from "zod";
import type { ReadEstimate } from "../domain/explanation.ts";

/** What would be read of one table, as `EXPLAIN ESTIMATE` tells it. */
const estimateRow = z.object({
  ...{ table: z.string(), rows: z.coerce.number(), marks: z.coerce.number(), parts: z.coerce.number() },
});

/** The engine's own estimate of what a statement would read, by its index; nothing is read for it. */
export const readEstimate = async (
  store: Pick<EventStore, "query">,
  reader: DataReader,
  { name, text, params }: StoreStatement,
  signal: AbortSignal | undefined,
): Promise<ReadEstimate> => {
  // The engine would hold its own estimate to the bound that the estimate is compared with.
  const settings = { max_rows_to_read: "0" };
  const statement = { name: `${name}-estimate`, text: `EXPLAIN ESTIMATE ${text}`, params };
  const options = signal === undefined ? { settings } : { settings, signal };
  const answer = await store.query(reader, statement, (raw) => estimateRow.parse(raw), options);
  type Read = (typeof answer.rows)[number];
  const sum = (read: (row: Read) => number): number => answer.rows.reduce((total, row) => total + read(row), 0);
  return {
    rollupRows: sum(({ table, rows }) => (table.includes("rollup_") ? rows : 0)),
    rows: sum(({ rows }) => rows),
    marks: sum(({ marks }) => marks),
    parts: sum(({ parts }) => parts),
  };
};
