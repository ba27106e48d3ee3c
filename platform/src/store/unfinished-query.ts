import { ClickHouseLogLevel, createClient } from "@clickhouse/client";
import { z } from "zod";
import type { ClickHouseAccess } from "./migrate.ts";

/**
 * Milliseconds waited for what a query has read so far: a store that stands still can't say, one that is busy with the query takes its time. The gateway
 * gives the room up a second and a half after the query is.
 */
const ASK_FOR_MS = 1_000;
/** Connections for these questions, which only queries that are given up ask. */
const MAX_CONNECTIONS = 4;

/** What a query that still runs has cost. */
export interface CostSoFar {
  readonly rowsRead: number;
  readonly bytesRead: number;
}

/** Tells what running queries have read, before they are ended: an answer that never came has no statistics. */
export interface RunningQueries {
  /** Null when the query does not run any more, or the engine does not say in time. */
  costOf(queryId: string): Promise<CostSoFar | null>;
  close(): Promise<void>;
}

const row = z.object({ read_rows: z.coerce.number(), read_bytes: z.coerce.number() });

/** Opens {@link RunningQueries} as a user who may read `system.processes`, which the reader of events may not. */
export const createRunningQueries = (access: ClickHouseAccess): RunningQueries => {
  const client = createClient({
    ...access,
    request_timeout: ASK_FOR_MS,
    max_open_connections: MAX_CONNECTIONS,
    log: { level: ClickHouseLogLevel.OFF },
  });
  return {
    costOf: async (queryId) => {
      try {
        const result = await client.query({
          query: "SELECT read_rows, read_bytes FROM system.processes WHERE query_id = {id: String}",
          query_params: { id: queryId },
          format: "JSONEachRow",
          abort_signal: AbortSignal.timeout(ASK_FOR_MS),
        });
        const [found] = z.array(row).parse(await result.json());
        return found === undefined ? null : { rowsRead: found.read_rows, bytesRead: found.read_bytes };
      } catch {
        return null; // Whoever gave the query up must not wait for, or hear of, trouble in counting it.
      }
    },
    close: () => client.close(),
  };
};
