import { ABUSE_KINDS, ABUSE_SOURCE_KINDS, type AbuseSource } from "@tessera/contracts/abuse";
import { SUBJECT_KINDS } from "@tessera/contracts/caller";
import { z } from "zod";
import type { SecurityEvent, Throttle } from "../domain/abuse/throttle.ts";
import type { SourceState } from "../domain/abuse/detect.ts";
import { timeColumn } from "./stored-row.ts";

const kind = z.enum(ABUSE_KINDS);
const sourceKind = z.enum(ABUSE_SOURCE_KINDS);
const tally = z.object({ value: z.number(), items: z.array(z.string()), history: z.array(z.number()) });
const stateShape = z
  .object({
    windowMs: z.number(),
    tallies: z.object({
      WRONG_KEYS: tally.optional(),
      WRONG_CREDENTIALS: tally.optional(),
      PAGES: tally.optional(),
      COST: tally.optional(),
    }),
    told: z.array(kind),
  })
  .transform(({ windowMs, tallies, told }): SourceState => {
    const { WRONG_KEYS: keys, WRONG_CREDENTIALS: credentials, PAGES: pages, COST: cost } = tallies;
    return {
      ...{ windowMs, told },
      tallies: {
        ...(keys === undefined ? {} : { WRONG_KEYS: keys }),
        ...(credentials === undefined ? {} : { WRONG_CREDENTIALS: credentials }),
        ...(pages === undefined ? {} : { PAGES: pages }),
        ...(cost === undefined ? {} : { COST: cost }),
      },
    };
  });

const sourceOf = (row: { readonly source_kind: AbuseSource["kind"]; readonly source_id: string }): AbuseSource => ({
  kind: row.source_kind,
  id: row.source_id,
});

/** Reads a row as a source and what is known of it. */
export const sourceRow = z
  .object({ source_kind: sourceKind, source_id: z.string(), state: stateShape })
  .transform((row) => ({ source: sourceOf(row), state: row.state }));

/** Columns of {@link throttleRow}. */
export const THROTTLE_COLUMNS =
  "id, security_event_id, kind, source_kind, source_id, level, percent, strikes, starts_at, until, lifted_at, lifted_by_kind, lifted_by_id, lift_reason";

/** Reads a row as a throttle. */
export const throttleRow = z
  .object({
    id: z.string(),
    security_event_id: z.string(),
    kind,
    source_kind: sourceKind,
    source_id: z.string(),
    level: z.enum(["REDUCED", "BLOCKED"]),
    percent: z.number(),
    strikes: z.number(),
    starts_at: timeColumn,
    until: timeColumn,
    lifted_at: timeColumn.nullable(),
    lifted_by_kind: z.enum(SUBJECT_KINDS).nullable(),
    lifted_by_id: z.string().nullable(),
    lift_reason: z.string().nullable(),
  })
  .transform((row): Throttle => ({
    ...{ id: row.id, securityEventId: row.security_event_id, kind: row.kind, source: sourceOf(row) },
    ...{ level: row.level, percent: row.percent, strikes: row.strikes },
    ...{ startsAtMs: row.starts_at, untilMs: row.until, liftedAtMs: row.lifted_at, liftReason: row.lift_reason },
    liftedBy:
      row.lifted_by_kind === null || row.lifted_by_id === null
        ? null
        : { kind: row.lifted_by_kind, id: row.lifted_by_id },
  }));

/** Reads a row as an event, without its throttle. */
export const eventRow = z
  .object({
    id: z.string(),
    kind,
    source_kind: sourceKind,
    source_id: z.string(),
    window_from: timeColumn,
    window_to: timeColumn,
    measured: z.number(),
    bound: z.number(),
    usual: z.number(),
    created_at: timeColumn,
  })
  .transform((row): Omit<SecurityEvent, "throttle"> => ({
    ...{ id: row.id, kind: row.kind, source: sourceOf(row), createdAtMs: row.created_at },
    ...{ windowFromMs: row.window_from, windowToMs: row.window_to },
    ...{ measured: row.measured, bound: row.bound, usual: row.usual },
  }));
