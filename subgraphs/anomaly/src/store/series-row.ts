import { parseAnomalyId } from "@tessera/contracts/ids";
import { z } from "zod";
import type { AlertState } from "../domain/alerts/alert-state.ts";
import type { Series } from "../domain/rules/series.ts";
import { groupColumn, severityColumn } from "./anomaly-row.ts";
import { idColumn, msColumn } from "./rule-row.ts";

const ms = z.number().nullable();
const alertColumn: z.ZodType<AlertState> = z.object({
  state: z.enum(["OK", "PENDING", "FIRING", "ACKNOWLEDGED", "RESOLVING", "RESOLVED"]),
  ...{ sinceMs: z.number(), lastUntilMs: ms, recent: z.string(), emptyRun: z.number() },
  cause: z.enum(["BREACH", "NO_DATA"]),
  severity: severityColumn,
  ...{ episode: z.number(), episodeSinceMs: ms, lastBreachMs: ms },
  ...{ acknowledged: z.boolean(), awaitsReturn: z.boolean(), snoozedUntilMs: ms },
  silences: z.array(z.enum(["SUPPRESSED", "MAINTENANCE", "INHIBITED", "FEEDBACK"])),
  changesMs: z.array(z.number()),
  flapping: z.boolean(),
  // Of what flapped before this was kept, people were told.
  flappingTold: z.boolean().default(true),
  believed: z.object({ episode: z.number(), severity: severityColumn }).nullable(),
  notices: z
    .object({
      ...{ lastMs: z.number(), reminders: z.number(), capped: z.boolean(), step: z.number().nullable() },
      ...{ stepMs: z.number(), repeats: z.number() },
    })
    .nullable(),
});

const number = z.number().nullable();
const recentColumn = z.array(
  z.object({
    ...{ atMs: z.number(), untilMs: z.number(), value: number, expected: number, low: number, high: number },
    score: z.number(),
    outcome: z.enum(["ANOMALOUS", "NORMAL", "LEARNING", "NO_DATA"]),
  }),
);

/** The columns of a series, under the names the parser knows. */
export const SERIES_COLUMNS = `fingerprint, series_group AS "group", detector, alert, recent, anomaly_id AS "anomalyId", seen_at AS "seenAt"`;

/** The same, with no judged buckets. */
export const LEARNT_COLUMNS = `fingerprint, series_group AS "group", detector, alert, '[]'::jsonb AS recent, anomaly_id AS "anomalyId", seen_at AS "seenAt"`;

const seriesRow = z.object({
  fingerprint: z.string(),
  group: groupColumn,
  detector: z.unknown(),
  alert: alertColumn,
  recent: recentColumn,
  anomalyId: idColumn(parseAnomalyId).nullable(),
  seenAt: msColumn,
});

/** Reads a series from its row; throws ZodError when the row is broken. */
export const parseSeriesRow = (row: unknown): Series => {
  const { seenAt, detector, ...same } = seriesRow.parse(row);
  return { ...same, detector, seenAtMs: seenAt };
};

const standingRow = seriesRow.pick({ fingerprint: true, group: true, alert: true, anomalyId: true });
/** What of a series decides what follows. */
export type SeriesStanding = z.infer<typeof standingRow>;
/** Columns of {@link SeriesStanding}. */
export const STANDING_COLUMNS = `fingerprint, series_group AS "group", alert, anomaly_id AS "anomalyId"`;
/** Reads where a series stands from its row. */
export const parseStandingRow = (row: unknown): SeriesStanding => standingRow.parse(row);
