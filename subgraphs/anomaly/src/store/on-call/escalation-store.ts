import type { TenantId } from "@tessera/contracts/ids";
import type { SqlStatement, SqlTransaction, TenantSql } from "@tessera/platform/db/sql";
import { z } from "zod";
import type { EscalationCodec } from "../../domain/on-call/check-escalation.ts";
import type { Contact, ContactsOfPerson, SavedEscalation } from "../../domain/on-call/escalation.ts";
import type { SavedEscalationOutcome } from "../../domain/on-call/escalation-outcomes.ts";
import { msColumn } from "../rule-row.ts";

/** Escalation policies of a tenant: each is looked at for every alert of every evaluation. */
export const MAX_ESCALATIONS = 50;
/** People of a tenant who can be reached. */
const MAX_PERSONS = 1_000;

/** A policy to be saved: a new one, or another version of one that was read. */
export interface EscalationToSave {
  readonly id: string;
  /** The version that was read; null makes a new one. */
  readonly version: number | null;
  readonly definition: SavedEscalation["definition"];
}

/** Whom escalations of a tenant tell, and how people are reached. */
export interface EscalationStore {
  /** By name. */
  list(tenantId: TenantId): Promise<readonly SavedEscalation[]>;
  save(tenantId: TenantId, policy: EscalationToSave, nowMs: number): Promise<SavedEscalationOutcome>;
  remove(tenantId: TenantId, id: string): Promise<boolean>;
  /** How these people are reached; all people when null. */
  contacts(tenantId: TenantId, personIds: readonly string[] | null): Promise<readonly ContactsOfPerson[]>;
  /** Puts down how a person is reached; false when the tenant has as many people who can be as it may. */
  setContacts(tenantId: TenantId, person: ContactsOfPerson, nowMs: number): Promise<boolean>;
}

const nothing = (): null => null;
const at = (ms: number): Date => new Date(ms);
const policyColumns = z.object({
  ...{ id: z.string(), definition: z.unknown(), version: z.number(), createdAt: msColumn, changedAt: msColumn },
});
const contactColumn = z.object({ channelId: z.string(), address: z.string().nullable(), afterMs: z.number() });
const countRow = (row: unknown): number => z.object({ count: z.number() }).parse(row).count;

/** Reads how a person is reached; throws ZodError when the row is broken. */
export const contactsRow = (row: unknown): ContactsOfPerson =>
  z.object({ personId: z.string(), contacts: z.array(contactColumn) }).parse(row);

const statements = {
  /** Whoever changes which policies a tenant has, or who is reached, does so one after the other. */
  lock: (tenantId: TenantId): SqlStatement => ({
    name: "escalation-lock",
    text: "SELECT pg_advisory_xact_lock(hashtextextended('escalation:' || $1, 0))",
    params: [tenantId],
  }),
  list: (tenantId: TenantId): SqlStatement => ({
    name: "escalation-list",
    text: `SELECT id, definition, version, created_at AS "createdAt", changed_at AS "changedAt" FROM escalation_policy WHERE tenant_id = $1 ORDER BY name LIMIT $2`,
    params: [tenantId, MAX_ESCALATIONS],
  }),
  write: (tenantId: TenantId, id: string, name: string, definition: unknown, nowMs: number): SqlStatement => ({
    name: "escalation-write",
    text: `INSERT INTO escalation_policy (tenant_id, id, name, definition, created_at, changed_at) VALUES ($1, $2, $3, $4::jsonb, $5, $5)
      ON CONFLICT (tenant_id, id) DO UPDATE SET name = excluded.name, definition = excluded.definition, changed_at = excluded.changed_at,
        version = escalation_policy.version + 1`,
    params: [tenantId, id, name, JSON.stringify(definition), at(nowMs)],
  }),
  remove: (tenantId: TenantId, id: string): SqlStatement => ({
    name: "escalation-remove",
    text: "DELETE FROM escalation_policy WHERE tenant_id = $1 AND id = $2 RETURNING id",
    params: [tenantId, id],
  }),
  countPersons: (tenantId: TenantId, personId: string): SqlStatement => ({
    name: "escalation-count-persons",
    text: "SELECT count(*)::integer AS count FROM notification_contact WHERE tenant_id = $1 AND person_id <> $2",
    params: [tenantId, personId],
  }),
  forgetContacts: (tenantId: TenantId, personId: string): SqlStatement => ({
    name: "escalation-forget-contacts",
    text: "DELETE FROM notification_contact WHERE tenant_id = $1 AND person_id = $2",
    params: [tenantId, personId],
  }),
  writeContacts: (tenantId: TenantId, personId: string, contacts: readonly Contact[], nowMs: number): SqlStatement => ({
    name: "escalation-write-contacts",
    text: `INSERT INTO notification_contact (tenant_id, person_id, contacts, changed_at) VALUES ($1, $2, $3::jsonb, $4)
      ON CONFLICT (tenant_id, person_id) DO UPDATE SET contacts = excluded.contacts, changed_at = excluded.changed_at`,
    params: [tenantId, personId, JSON.stringify(contacts), at(nowMs)],
  }),
};

/** How some people are reached, or all. */
export const contactsStatement = (tenantId: TenantId, personIds: readonly string[] | null): SqlStatement => ({
  name: "escalation-contacts",
  text: `SELECT person_id AS "personId", contacts FROM notification_contact WHERE tenant_id = $1 AND ($2::uuid[] IS NULL OR person_id = ANY ($2))
    ORDER BY person_id LIMIT $3`,
  params: [tenantId, personIds, MAX_PERSONS],
});

/** Reads a tenant's escalation policies within a transaction. */
export const escalationsWithin = (
  transaction: SqlTransaction,
  tenantId: TenantId,
  codec: Pick<EscalationCodec, "read">,
): Promise<readonly SavedEscalation[]> => transaction.run(statements.list(tenantId), policyRow(codec));

const policyRow =
  (codec: Pick<EscalationCodec, "read">) =>
  (row: unknown): SavedEscalation => {
    const { createdAt, changedAt, definition, ...same } = policyColumns.parse(row);
    return { ...same, definition: codec.read(definition), createdAtMs: createdAt, changedAtMs: changedAt };
  };

const save =
  (sql: TenantSql, codec: EscalationCodec): EscalationStore["save"] =>
  (tenantId, { id, version, definition }, nowMs) =>
    sql.transaction(tenantId, async (transaction): Promise<SavedEscalationOutcome> => {
      await transaction.run(statements.lock(tenantId), nothing);
      const all = await escalationsWithin(transaction, tenantId, codec);
      const there = all.find((one) => one.id === id);
      if (version !== null && there === undefined) return { kind: "NOT_FOUND" };
      if (version !== null && there !== undefined && there.version !== version) return { kind: "STALE", policy: there };
      if (all.some((one) => one.definition.name === definition.name && one.id !== id)) return { kind: "NAME_TAKEN" };
      if (there === undefined && all.length >= MAX_ESCALATIONS)
        return { kind: "LIMIT_REACHED", limit: MAX_ESCALATIONS };
      await transaction.run(statements.write(tenantId, id, definition.name, codec.write(definition), nowMs), nothing);
      const policy = (await escalationsWithin(transaction, tenantId, codec)).find((one) => one.id === id);
      if (policy === undefined) throw new Error("The policy was not stored.");
      return { kind: "SAVED", policy };
    });

/** Builds {@link EscalationStore}. */
export const createEscalationStore = ({
  sql,
  codec,
}: {
  readonly sql: TenantSql;
  readonly codec: EscalationCodec;
}): EscalationStore => ({
  list: (tenantId) => sql.run(tenantId, statements.list(tenantId), policyRow(codec)),
  save: save(sql, codec),
  remove: async (tenantId, id) => (await sql.run(tenantId, statements.remove(tenantId, id), nothing)).length > 0,
  contacts: (tenantId, personIds) => sql.run(tenantId, contactsStatement(tenantId, personIds), contactsRow),
  setContacts: (tenantId, { personId, contacts }, nowMs) =>
    sql.transaction(tenantId, async (transaction) => {
      await transaction.run(statements.lock(tenantId), nothing);
      if (contacts.length === 0) {
        await transaction.run(statements.forgetContacts(tenantId, personId), nothing);
        return true;
      }
      const [others = 0] = await transaction.run(statements.countPersons(tenantId, personId), countRow);
      if (others >= MAX_PERSONS) return false;
      await transaction.run(statements.writeContacts(tenantId, personId, contacts, nowMs), nothing);
      return true;
    }),
});
