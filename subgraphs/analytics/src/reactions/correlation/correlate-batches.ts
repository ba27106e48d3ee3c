import { BATCH_STORED } from "@tessera/contracts/events/batch-stored";
import { parseBatchId, type TenantId } from "@tessera/contracts/ids";
import type { TenantSql } from "@tessera/platform/db/sql";
import { Refusal } from "@tessera/platform/errors/refusal";
import type { LogEntry } from "@tessera/platform/events/event-log";
import { createLogConsumer, type LogConsumer } from "@tessera/platform/events/log-consumer";
import { compareLogCursors, type LogCursor } from "@tessera/platform/events/log-cursor";
import { wholeTenant } from "@tessera/platform/store/data-policy";
import type { EventStore } from "@tessera/platform/store/event-store";
import type { Logger } from "@tessera/platform/telemetry/logger";
import { z } from "zod";
import type { Seen } from "../../domain/correlation/sighting.ts";
import type { RunningRule } from "../../store/correlation/run-store.ts";
import type { SeenStore } from "../../store/correlation/seen-store.ts";
import { runOf, stepRun, type StepDeps } from "./step-run.ts";

/** Name of the consumer in the event log: its place tells what has been taken in. */
export const CORRELATION_CONSUMER = "analytics.correlation";

/** Rows of stored batches that are looked at together: as many as one batch may hold, so that an answer of the store always fits. */
const MAX_ROWS_TOGETHER = 50_000;

/** Trouble that passes: everything waits for it. Any other refusal would come again, and ends the run of its rule alone. */
const PASSING: readonly string[] = ["DEPENDENCY_UNAVAILABLE", "OVERLOADED", "QUERY_TIMEOUT"];

/** What correlating live needs. */
export interface CorrelateDeps extends StepDeps {
  readonly sql: TenantSql;
  readonly seen: Pick<SeenStore, "inBatches">;
  readonly logger: Logger;
  /** Asked whether it answers, when batches can't be taken in. */
  readonly eventStore: Pick<EventStore, "ping">;
}

const told = z.object({
  batchId: z.string().refine((text) => parseBatchId(text) !== null),
  ...{ rows: z.number(), minTimeMs: z.number(), maxTimeMs: z.number(), receivedAtMs: z.number() },
});

interface Batch extends z.infer<typeof told> {
  readonly cursor: LogCursor;
}

/** Batches in their order, as many together as one read may hold. */
const groupsOf = (entries: readonly LogEntry[]): readonly (readonly Batch[])[] => {
  const groups: Batch[][] = [];
  let rows = Infinity;
  for (const { cursor, payload } of entries) {
    const batch = { ...told.parse(payload), cursor };
    rows += batch.rows;
    const group = groups.at(-1);
    if (group === undefined || rows > MAX_ROWS_TOGETHER) {
      groups.push([batch]);
      rows = batch.rows;
    } else group.push(batch);
  }
  return groups;
};

/** Ends the run of a rule that can't go on, and tells why; throws on what passes. */
const failed = async (
  { runs, logger }: CorrelateDeps,
  { rule }: RunningRule,
  error: unknown,
): Promise<readonly Seen[] | null> => {
  if (!(error instanceof Refusal) || PASSING.includes(error.code)) throw error;
  logger.warn({ rule: rule.id, version: rule.version, code: error.code }, "A correlation rule can't be run.");
  await runs.fail(rule.tenantId, rule, { code: error.code, detail: error.message });
  return null;
};

/** The events of batches that a run has not seen; null when the rule can't be run. */
const look = async (
  deps: CorrelateDeps,
  running: RunningRule,
  batches: readonly Batch[],
): Promise<readonly Seen[] | null> => {
  const fresh = batches.filter(({ cursor }) => compareLogCursors(cursor, running.place) > 0);
  if (fresh.length === 0) return [];
  try {
    return await deps.seen.inBatches(wholeTenant(running.rule.tenantId), runOf(running.rule, deps).compiled.pattern, {
      batchIds: fresh.map(({ batchId }) => batchId),
      minTimeMs: Math.min(...fresh.map(({ minTimeMs }) => minTimeMs)),
      maxTimeMs: Math.max(...fresh.map(({ maxTimeMs }) => maxTimeMs)),
    });
  } catch (error) {
    return failed(deps, running, error);
  }
};

const keyOf = ({ rule }: RunningRule): string => `${rule.id} ${rule.version}`;

/**
 * Takes in batches of a tenant. The store is read before the transaction begins, which then is short; a run that another version has replaced meanwhile
 * began after these batches were received, and has nothing to do with them.
 */
const takeGroup = async (deps: CorrelateDeps, tenantId: TenantId, batches: readonly Batch[]): Promise<void> => {
  const last = batches.at(-1);
  if (last === undefined) return;
  const seen = new Map<string, readonly Seen[]>();
  for (const running of await deps.runs.running(tenantId)) {
    const events = await look(deps, running, batches);
    if (events !== null) seen.set(keyOf(running), events);
  }
  if (seen.size === 0) return;
  const arrivalMs = Math.max(...batches.map(({ receivedAtMs }) => receivedAtMs));
  await deps.sql.transaction(tenantId, async (transaction) => {
    await deps.runs.hold(transaction, tenantId);
    for (const running of await deps.runs.running(tenantId, transaction)) {
      const events = seen.get(keyOf(running));
      if (events === undefined || compareLogCursors(running.place, last.cursor) >= 0) continue;
      await stepRun(deps, transaction, running, { seen: events, place: last.cursor, arrivalMs });
    }
  });
};

/** Builds the part that runs correlation rules over what is stored, batch by batch in the order of the event log. */
export const createCorrelationConsumer = (deps: CorrelateDeps, name = CORRELATION_CONSUMER): LogConsumer =>
  createLogConsumer({
    ...{ sql: deps.sql, logger: deps.logger, name, topic: BATCH_STORED },
    probes: [{ name: "event store", check: () => deps.eventStore.ping() }],
    handle: async (_own, tenantId, entries) => {
      if ((await deps.runs.running(tenantId)).length === 0) return;
      for (const group of groupsOf(entries)) await takeGroup(deps, tenantId, group);
    },
  });
