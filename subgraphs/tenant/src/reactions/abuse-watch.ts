import type { AbuseBounds, AbuseSource } from "@tessera/contracts/abuse";
import {
  AUTHENTICATION_FAILED,
  GUESSES,
  type AuthenticationFailed,
} from "@tessera/contracts/events/authentication-failed";
import { EXECUTION_RECORDED } from "@tessera/contracts/events/execution-recorded";
import { INSTALLATION, type TenantId } from "@tessera/contracts/ids";
import type { SqlTransaction, TenantSql } from "@tessera/platform/db/sql";
import type { LogEntry } from "@tessera/platform/events/event-log";
import { createLogConsumer, type LogConsumer } from "@tessera/platform/events/log-consumer";
import { compareLogCursors } from "@tessera/platform/events/log-cursor";
import { EXECUTIONS_GATHER_MS, executionRecord } from "@tessera/platform/executions/execution-record";
import type { Logger } from "@tessera/platform/telemetry/logger";
import type { NowMs } from "@tessera/platform/time/clock";
import { z } from "zod";
import { observe, type SourceFinding, type SourceState } from "../domain/abuse/detect.ts";
import { sightingsOfExecution, sightingsOfFailure, type Sighting } from "./abuse-sightings.ts";
import { rulesFor } from "../domain/abuse/rules.ts";
import { sentenceOf, type Throttle } from "../domain/abuse/throttle.ts";
import type { AbuseStore, KnownSource } from "../store/abuse-store.ts";

/** What the watch over abuse needs. */
export interface AbuseWatchDeps {
  readonly sql: TenantSql;
  readonly logger: Logger;
  readonly nowMs: NowMs;
  readonly newId: () => string;
  readonly store: AbuseStore;
  readonly bounds: AbuseBounds;
}

/** Reads an authentication failure as it stands in the event log. */
const failure = z.object({
  failureId: z.uuid(),
  address: z.string().max(100),
  guess: z.enum(GUESSES),
  tried: z.string().max(64),
  atMs: z.number().int().nonnegative(),
}) satisfies z.ZodType<AuthenticationFailed>;

const keyOf = ({ kind, id }: AbuseSource): string => `${kind}:${id}`;

/** Folds sightings into what is known of their sources. */
const fold = (
  known: readonly KnownSource[],
  sightings: readonly Sighting[],
  bounds: AbuseBounds,
  ofInstallation: boolean,
): { readonly known: readonly KnownSource[]; readonly found: readonly SourceFinding[] } => {
  const states = new Map<string, SourceState>(known.map(({ source, state }) => [keyOf(source), state]));
  const touched = new Map<string, AbuseSource>();
  const found: SourceFinding[] = [];
  for (const { source, observation } of sightings) {
    const key = keyOf(source);
    const rules = rulesFor(source.kind, bounds, ofInstallation);
    const step = observe(states.get(key) ?? null, observation, rules);
    states.set(key, step.state);
    touched.set(key, source);
    if (step.found !== null) found.push({ ...step.found, source });
  }
  const after = [...touched].flatMap(([key, source]): readonly KnownSource[] => {
    const state = states.get(key);
    return state === undefined ? [] : [{ source, state }];
  });
  return { known: after, found };
};

/** Where a throttle can be enforced: subjects by their tenant's limits, addresses by the whole installation alone. */
const mayThrottle = (tenantId: TenantId, { source }: SourceFinding): boolean =>
  tenantId === INSTALLATION || (source.kind !== "ADDRESS" && source.kind !== "NETWORK");

const raise = async (
  deps: AbuseWatchDeps,
  own: SqlTransaction,
  tenantId: TenantId,
  finding: SourceFinding,
): Promise<void> => {
  const { store, newId } = deps;
  const nowMs = deps.nowMs();
  const previous = await store.lastThrottle(own, tenantId, finding.source);
  const sentence = mayThrottle(tenantId, finding) ? sentenceOf(previous, finding, nowMs) : null;
  const { kind, source, windowFromMs, windowToMs, measured, bound, usual } = finding;
  const id = newId();
  const throttle: Throttle | null =
    sentence === null
      ? null
      : {
          ...{ id: newId(), securityEventId: id, kind, source, ...sentence },
          liftedAtMs: null,
          liftedBy: null,
          liftReason: null,
        };
  const event = { id, createdAtMs: nowMs, kind, source, windowFromMs, windowToMs, measured, bound, usual, throttle };
  const isNew = await store.raise(own, tenantId, event);
  if (isNew) deps.logger.warn({ tenantId, kind, sourceKind: source.kind, measured, bound }, "Abuse was noticed.");
};

/**
 * Takes entries of one tenant in. What was taken before is known by the place that is kept with the effects, so nothing counts twice; an entry that can't be
 * read is left out, as by the ledger, which tells of it.
 */
const take = async (
  deps: AbuseWatchDeps,
  consumer: string,
  sightingsOf: (payload: unknown) => readonly Sighting[],
  [own, tenantId, entries]: readonly [SqlTransaction, TenantId, readonly LogEntry[]],
): Promise<void> => {
  const { store, bounds } = deps;
  if (!(await store.hold(own, tenantId))) return;
  const place = await store.place(own, tenantId, consumer);
  const fresh = entries.filter(({ cursor }) => compareLogCursors(cursor, place) > 0);
  const last = fresh.at(-1);
  if (last === undefined) return;
  const sightings = fresh.flatMap(({ payload }) => sightingsOf(payload));
  const sources = [...new Map(sightings.map(({ source }) => [keyOf(source), source])).values()];
  if (sources.length > 0) {
    const before = await store.sources(own, tenantId, sources);
    const { known, found } = fold(before, sightings, bounds, tenantId === INSTALLATION);
    await store.keep(own, tenantId, known, deps.nowMs());
    if (before.length < sources.length) await store.forget(own, tenantId, deps.nowMs());
    for (const finding of found) await raise(deps, own, tenantId, finding);
  }
  await store.movePlace(own, tenantId, consumer, last.cursor);
};

/** Builds the background parts that watch for abuse: one over what was executed, one over credentials that were refused. */
export const createAbuseWatch = (deps: AbuseWatchDeps): readonly LogConsumer[] => {
  const consumer = (name: string, topic: string, sightingsOf: (payload: unknown) => readonly Sighting[]): LogConsumer =>
    createLogConsumer({
      ...{ sql: deps.sql, logger: deps.logger, name, topic, gatherMs: EXECUTIONS_GATHER_MS },
      handle: (own, tenantId, entries) => take(deps, name, sightingsOf, [own, tenantId, entries]),
    });
  return [
    consumer("tenant.abuse-executions", EXECUTION_RECORDED, (payload) => {
      const told = executionRecord.safeParse(payload);
      return told.success ? sightingsOfExecution(told.data) : [];
    }),
    consumer("tenant.abuse-failures", AUTHENTICATION_FAILED, (payload) => {
      const told = failure.safeParse(payload);
      return told.success ? sightingsOfFailure(told.data) : [];
    }),
  ];
};
