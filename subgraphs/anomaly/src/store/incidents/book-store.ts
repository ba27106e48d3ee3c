import type { Subject } from "@tessera/contracts/caller";
import { INCIDENT_CHANGED, type IncidentChanged } from "@tessera/contracts/events/incident-changed";
import type { AnomalyId, IncidentId, TenantId } from "@tessera/contracts/ids";
import type { SqlTransaction } from "@tessera/platform/db/sql";
import type { EventLog } from "@tessera/platform/events/event-log";
import type { LogCursor } from "@tessera/platform/events/log-cursor";
import { z } from "zod";
import type { BookChanges, StoredBook } from "../../domain/incidents/incident-book.ts";
import type { Incident, IncidentEntry, IncidentLink } from "../../domain/incidents/incident.ts";
import { subjectColumn } from "../anomaly-row.ts";
import { INHIBITION_COLUMNS, inhibitionRow } from "../silences/silence-rows.ts";
import {
  actorsStatement,
  addEntriesStatement,
  addLinksStatement,
  bookSignsStatement,
  keepIncidentsStatement,
  keepSignsStatement,
  lastNumberStatement,
  liveIncidentsStatement,
  lockBookStatement,
  movePlaceStatement,
  readPlaceStatement,
} from "./book-statements.ts";
import { incidentRow, signRow } from "./incident-rows.ts";
import { policiesStatement, type PolicyCodec } from "./policy-store.ts";

/** Who led to a step of an alert, and what they said. */
export interface StoredActor {
  readonly by: Subject | null;
  readonly note: string | null;
}

/** A tenant's incidents within a transaction, which nobody else changes until it ends. */
export interface BookStore {
  /** How far the tenant's alerts were taken; null before the first. */
  place(): Promise<LogCursor | null>;
  move(to: LogCursor): Promise<void>;
  /** Reads what decides, with these anomalies and this incident whatever became of them. */
  load(named: readonly AnomalyId[], incidentId: IncidentId | null): Promise<StoredBook>;
  actorsOf(transitionIds: readonly string[]): Promise<ReadonlyMap<string, StoredActor>>;
  /** Writes what has changed, and tells of each entry in the event log. */
  save(changes: BookChanges): Promise<void>;
}

/** Most that is read of a tenant at a time. */
export interface BookLimits {
  readonly live: number;
  readonly openSigns: number;
}

/** What reading and writing a book needs. */
export interface BookStoreDeps {
  readonly eventLog: EventLog;
  readonly codec: PolicyCodec;
  readonly limits: BookLimits;
  /** When the clock next has something to say of an incident. */
  readonly dueAt: (incident: Incident) => number | null;
}

/** Opens a tenant's incidents within its transaction; waits for whoever has them. */
export type OpenBookWithin = (transaction: SqlTransaction, tenantId: TenantId) => Promise<BookStore>;

const nothing = (): null => null;
const placeRow = z
  .object({ transaction_id: z.string(), sequence: z.string() })
  .transform((row): LogCursor => ({ transaction: BigInt(row.transaction_id), sequence: BigInt(row.sequence) }));
const numberRow = z.object({ number: z.number().nullable() });
const actorRow = z.object({ id: z.string(), actor: subjectColumn, note: z.string().nullable() });

/** A link in the order it is kept in: once for both incidents. */
const kept = (link: IncidentLink): IncidentLink =>
  link.incidentId < link.otherId ? link : { ...link, incidentId: link.otherId, otherId: link.incidentId };

const toldOf = (incident: Incident, entry: IncidentEntry): IncidentChanged => ({
  ...{ tenantId: incident.tenantId, incidentId: incident.id, number: incident.number, entryId: entry.id },
  ...{ kind: entry.kind, title: incident.title, state: entry.to, severity: incident.severity },
  ...{ policy: incident.policy, labels: incident.labels, by: entry.by, text: entry.text, atMs: entry.atMs },
  ...{ openedAtMs: incident.openedAtMs, acknowledgedAtMs: incident.acknowledgedAtMs },
  resolvedAtMs: incident.resolvedAtMs,
});

const save = async (
  { eventLog, dueAt }: BookStoreDeps,
  transaction: SqlTransaction,
  tenantId: TenantId,
  { incidents, signs, entries, links }: BookChanges,
): Promise<void> => {
  const keep = async (some: readonly Incident[]): Promise<void> => {
    const rows = some.map((incident) => ({ incident, dueAtMs: dueAt(incident) }));
    if (rows.length > 0) await transaction.run(keepIncidentsStatement(tenantId, rows), nothing);
  };
  // What is closed makes room for what was opened of the same cause.
  await keep(incidents.filter(({ state }) => state === "CLOSED"));
  await keep(incidents.filter(({ state }) => state !== "CLOSED"));
  if (signs.length > 0) await transaction.run(keepSignsStatement(tenantId, signs), nothing);
  if (entries.length > 0) await transaction.run(addEntriesStatement(tenantId, entries), nothing);
  if (links.length > 0) await transaction.run(addLinksStatement(tenantId, links.map(kept)), nothing);
  const byId = new Map(incidents.map((incident) => [incident.id, incident]));
  const told = entries.map((entry) => {
    const incident = byId.get(entry.incidentId);
    if (incident === undefined) throw new Error("An entry is of an incident that was not kept with it.");
    return { tenantId, topic: INCIDENT_CHANGED, dedupeKey: entry.id, payload: toldOf(incident, entry) };
  });
  await eventLog.appendAllWith(transaction, told);
};

/** Builds {@link OpenBookWithin}. */
export const createOpenBookWithin =
  (deps: BookStoreDeps): OpenBookWithin =>
  async (transaction, tenantId) => {
    await transaction.run(lockBookStatement(tenantId), nothing);
    const { limits, codec } = deps;
    return {
      place: async () => (await transaction.run(readPlaceStatement(tenantId), (row) => placeRow.parse(row)))[0] ?? null,
      move: async (to) => {
        await transaction.run(movePlaceStatement(tenantId, to), nothing);
      },
      load: async (named, incidentId) => {
        const [policies] = await transaction.run(policiesStatement(tenantId), codec.row);
        const [last] = await transaction.run(lastNumberStatement(tenantId), (row) => numberRow.parse(row));
        return {
          policies: policies?.policies ?? codec.unset,
          inhibitions: await transaction.run(inhibitionsStatement(tenantId), inhibitionRow),
          incidents: await transaction.run(liveIncidentsStatement(tenantId, limits.live, incidentId), incidentRow),
          signs: await transaction.run(bookSignsStatement(tenantId, named, limits.openSigns), signRow),
          lastNumber: last?.number ?? 0,
        };
      },
      actorsOf: async (transitionIds) => {
        const rows = await transaction.run(actorsStatement(tenantId, transitionIds), (row) => actorRow.parse(row));
        return new Map(rows.map(({ id, actor, note }) => [id, { by: actor, note }]));
      },
      save: (changes) => save(deps, transaction, tenantId, changes),
    };
  };

const inhibitionsStatement = (tenantId: TenantId) => ({
  name: "incidents-inhibitions",
  text: `SELECT ${INHIBITION_COLUMNS} FROM anomaly_inhibition WHERE tenant_id = $1 ORDER BY name`,
  params: [tenantId],
});
