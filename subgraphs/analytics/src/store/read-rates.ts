import type { PlannedTable, ReadRate } from "../domain/explanation.ts";
import type { Cost } from "../domain/provenance.ts";

/** Weight of the newest read in the running means (exponentially weighted, as in TCP's round trip estimate, RFC 6298). */
const NEWEST = 0.125;
/** Rows below which a read says nothing of how fast reading is. */
const TELLING_ROWS = 1_000;
/** What reads are like before any was seen: measured on two cores (bench/analytics). */
const FIRST: Readonly<Record<string, ReadRate>> = {
  events: { bytesPerRow: 60, rowsPerMs: 10_000, leastMs: 2 },
  rollup_hour_name: { bytesPerRow: 300, rowsPerMs: 2_000, leastMs: 2 },
  rollup_day_dimensions: { bytesPerRow: 200, rowsPerMs: 2_000, leastMs: 2 },
};
/** The same of a tenant's own rollups, which are all in one table. */
const FIRST_OWN: ReadRate = { bytesPerRow: 100, rowsPerMs: 2_000, leastMs: 2 };
/** Tables whose rates are remembered: rollups of one tenant are read like those of another, so all own ones share a rate. */
const rated = (table: PlannedTable): string => (table.startsWith("rollups.") ? "rollups" : table);

/** Running means of what reading each table takes, in this process. */
export interface ReadRates {
  of(table: PlannedTable): ReadRate;
  observe(table: PlannedTable, cost: Cost): void;
}

/** Starts with what reads are like on two cores, and learns from each read that is large enough to tell. */
export const createReadRates = (): ReadRates => {
  const rates = new Map<string, ReadRate>();
  const of = (table: PlannedTable): ReadRate => rates.get(rated(table)) ?? FIRST[table] ?? FIRST_OWN;
  return {
    of,
    observe: (table, { rowsRead, bytesRead, elapsedMs }) => {
      if (rowsRead < TELLING_ROWS) return;
      const { bytesPerRow, rowsPerMs, leastMs } = of(table);
      const speed = rowsRead / Math.max(0.1, elapsedMs - leastMs);
      rates.set(rated(table), {
        bytesPerRow: bytesPerRow + NEWEST * (bytesRead / rowsRead - bytesPerRow),
        rowsPerMs: rowsPerMs + NEWEST * (speed - rowsPerMs),
        leastMs,
      });
    },
  };
};
