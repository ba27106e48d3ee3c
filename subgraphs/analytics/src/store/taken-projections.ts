import type { DataReader } from "@tessera/platform/store/data-policy";
import type { EventStore, StoreStatement } from "@tessera/platform/store/event-store";
import { z } from "zod";
import type { TakenProjection } from "../domain/explanation.ts";
import type { Plan } from "../domain/planner.ts";
import type { TimeRange } from "../domain/time-range.ts";

/** What the engine keeps inside its tables beside their rows (clickhouse/migrations 0034, 0043, 0044), and of which table. */
const PROJECTIONS: readonly TakenProjection[] = [
  { table: "events_by_person", name: "by_name" },
  { table: "rollup_hour_name", name: "by_day" },
  { table: "worker_rollup_rows", name: "by_week" },
];

const DAY_MS = 86_400_000;

/** Whether a plan reads a table in which a projection may take the place of rows: merged days of hours, or weeks of a tenant's own rollup, which a range without a whole day has none of. */
export const holdsProjections = ({ rollup, own }: Plan, { fromMs, toMs }: TimeRange): boolean =>
  toMs - fromMs >= DAY_MS && (own !== undefined || rollup === "rollup_hour_name");

/** A line of the engine's plan that says what is read: a table by its database and name, or a projection by its name alone. */
const READS = /^[\s│├└─]*ReadFromMergeTree \(([^()]+)\)$/;

const planRow = z.object({ explain: z.string() });

/** The projections that the engine would read for a statement in place of a table's own rows, by its plan; nothing is read for it. */
export const takenProjections = async (
  store: Pick<EventStore, "query">,
  reader: DataReader,
  { name, text, params }: StoreStatement,
  signal: AbortSignal | undefined,
): Promise<readonly TakenProjection[]> => {
  const statement = { name: `${name}-plan`, text: `EXPLAIN ${text}`, params };
  // The engine would hold its own plan to the bound on what is read.
  const settings = { max_rows_to_read: "0" };
  const options = signal === undefined ? { settings } : { settings, signal };
  const { rows } = await store.query(reader, statement, (raw) => planRow.parse(raw).explain, options);
  const read = new Set(rows.flatMap((line) => READS.exec(line)?.[1] ?? []));
  return PROJECTIONS.filter((projection) => read.has(projection.name));
};
