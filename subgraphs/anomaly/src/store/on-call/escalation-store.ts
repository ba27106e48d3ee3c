import type { TenantId } from "@tessera/contracts/ids";
import type { SqlStatement, SqlTransaction, TenantSql } from "@tessera/platform/db/sql";
import { z } from "zod";
import type { EscalationCodec } from "../../domain/on-call/check-escalation.ts";
import type { Contact, ContactsOfPerson, SavedEscalation } from "../../domain/on-call/escalation.ts";
import type { SavedEscalationOutcome } from "../../domain/on-call/escalation-outcomes.ts";
import {
  createNamedDefinitions,
  definitionColumns,
  savedDefinition,
  type DefinitionToSave,
} from "../named-definitions.ts";

/** Escalation policies of a tenant: each is looked at for every alert of every evaluation. */
export const MAX_ESCALATIONS = 50;
/** People of a tenant who can be reached. */
const MAX_PERSONS = 1_000;

/** Whom escalations of a tenant tell, and how people are reached. */
export interface EscalationStore {
  /** By name. */
  list(tenantId: TenantId): Promise<readonly SavedEscalation[]>;
  save(
    tenantId: TenantId,
    policy: DefinitionToSave<SavedEscalation["definition"]>,
    nowMs: number,
  ): Promise<SavedEscalationOutcome>;
  remove(tenantId: TenantId, id: string): Promise<boolean>;
  /** How these people are reached; all people when null. */
  contacts(tenantId: TenantId, personIds: readonly string[] | null): Promise<readonly ContactsOfPerson[]>;
  /** Puts down how a person is reached; false when the tenant has as many people who can be as it may. */
  setContacts(tenantId: TenantId, person: ContactsOfPerson, nowMs: number): Promise<boolean>;
}

const nothing = (): null => null;
const at = (ms: number): Date => new Date(ms);
const contactColumn = z.object({ channelId: z.string(), address: z.string().nullable(), afterMs: z.number() });
const countRow = (row: unknown): number => z.object({ count: z.number() }).parse(row).count;

/** Reads how a person is reached; throws ZodError when the row is broken. */
export const contactsRow = (row: unknown): ContactsOfPerson =>
  z.object({ personId: z.string(), contacts: z.array(contactColumn) }).parse(row);

const statements = {
  read: (tenantId: TenantId, id: string | null): SqlStatement => ({
    name: "escalation-read",
    text: `SELECT id, definition, version, created_at AS "createdAt", changed_at AS "changedAt" FROM escalation_policy
      WHERE tenant_id = $1 AND ($2::uuid IS NULL OR id = $2) ORDER BY name LIMIT $3`,
    params: [tenantId, id, MAX_ESCALATIONS],
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
): Promise<readonly SavedEscalation[]> => transaction.run(statements.read(tenantId, null), policyRow(codec));

const policyRow =
  (codec: Pick<EscalationCodec, "read">) =>
  (row: unknown): SavedEscalation =>
    savedDefinition(definitionColumns.parse(row), codec);

/** Builds {@link EscalationStore}. */
export const createEscalationStore = ({
  sql,
  codec,
}: {
  readonly sql: TenantSql;
  readonly codec: EscalationCodec;
}): EscalationStore => {
  const definitions = createNamedDefinitions({
    ...{ sql, table: "escalation_policy", most: MAX_ESCALATIONS, codec },
    read: (transaction, tenantId, id) => transaction.run(statements.read(tenantId, id), policyRow(codec)),
  });
  const save: EscalationStore["save"] = async (tenantId, policy, nowMs): Promise<SavedEscalationOutcome> => {
    const outcome = await definitions.save(tenantId, policy, nowMs);
    return "saved" in outcome ? { kind: outcome.kind, policy: outcome.saved } : outcome;
  };
  const setContacts: EscalationStore["setContacts"] = (tenantId, { personId, contacts }, nowMs) =>
    sql.transaction(tenantId, async (transaction) => {
      await definitions.lock(transaction, tenantId);
      if (contacts.length === 0) {
        await transaction.run(statements.forgetContacts(tenantId, personId), nothing);
        return true;
      }
      const [others = 0] = await transaction.run(statements.countPersons(tenantId, personId), countRow);
      if (others >= MAX_PERSONS) return false;
      await transaction.run(statements.writeContacts(tenantId, personId, contacts, nowMs), nothing);
      return true;
    });
  return {
    list: (tenantId) => sql.run(tenantId, statements.read(tenantId, null), policyRow(codec)),
    ...{ save, remove: definitions.remove, setContacts },
    contacts: (tenantId, personIds) => sql.run(tenantId, contactsStatement(tenantId, personIds), contactsRow),
  };
};
