import { parseTenantId, parseUserId, type TenantId, type UserId } from "@tessera/contracts/ids";
import type { TenantSql } from "@tessera/platform/db/sql";
import { z } from "zod";

/** A person as the authorization server tells clients about them. */
export interface Person {
  readonly id: UserId;
  readonly email: string;
  readonly name: string;
}

/** A running invitation: who may set a password by it. */
export interface Invitation {
  readonly tenantId: TenantId;
  readonly tenantName: string;
  readonly userId: UserId;
  readonly email: string;
  readonly name: string;
}

/** People of tenants, and the hashes of their passwords. */
export interface PeopleStore {
  find(tenantId: TenantId, id: UserId): Promise<Person | null>;
  /** The kept password of one tenant's person; null when there is no such person or they have none. */
  findPasswordAcrossTenants(tenantId: TenantId, email: string): Promise<{ userId: UserId; hash: string } | null>;
  findInvitationAcrossTenants(tokenHash: Uint8Array): Promise<Invitation | null>;
  /** Uses an invitation up and sets the password in one; false when it was used or ended meanwhile. */
  acceptInvitation(invitation: Invitation, tokenHash: Uint8Array, passwordHash: string): Promise<boolean>;
  /** Forgets the attempts under a key. */
  forgetAttempts(key: Uint8Array): Promise<void>;
  /** Counts one attempt under a key and answers how many there were in its window. */
  countAttempt(key: Uint8Array, windowSeconds: number): Promise<number>;
}

const tenantColumn = z.string().transform((text, context) => {
  const id = parseTenantId(text);
  if (id === null) context.addIssue("not a tenant id");
  return id ?? z.NEVER;
});
const userColumn = z.string().transform((text, context) => {
  const id = parseUserId(text);
  if (id === null) context.addIssue("not a user id");
  return id ?? z.NEVER;
});
const personRow = z.object({ id: userColumn, email: z.string(), name: z.string() });
const passwordRow = z
  .object({ user_id: userColumn, hash: z.string() })
  .transform((row) => ({ userId: row.user_id, hash: row.hash }));
const invitationRow = z
  .object({
    tenant_id: tenantColumn,
    tenant_name: z.string(),
    user_id: userColumn,
    email: z.string(),
    name: z.string(),
  })
  .transform((row): Invitation => ({
    tenantId: row.tenant_id,
    tenantName: row.tenant_name,
    userId: row.user_id,
    email: row.email,
    name: row.name,
  }));
const attemptsRow = z.object({ attempts: z.number().int() });

/** Builds {@link PeopleStore}. */
export const createPeopleStore = (sql: TenantSql): PeopleStore => ({
  find: async (tenantId, id) => {
    const statement = {
      name: "find-person",
      text: "SELECT id, email, name FROM tenant_user WHERE id = $1",
      params: [id],
    };
    const [row] = await sql.run(tenantId, statement, (raw) => personRow.parse(raw));
    return row ?? null;
  },
  findPasswordAcrossTenants: async (tenantId, email) => {
    const text = "SELECT user_id, hash FROM find_password_across_tenants($1, $2)";
    const statement = { name: "find-password", text, params: [tenantId, email] };
    const [row] = await sql.runAcrossTenants(statement, (raw) => passwordRow.parse(raw));
    return row ?? null;
  },
  findInvitationAcrossTenants: async (tokenHash) => {
    const text = "SELECT tenant_id, tenant_name, user_id, email, name FROM find_invitation_across_tenants($1)";
    const statement = { name: "find-invitation", text, params: [tokenHash] };
    const [row] = await sql.runAcrossTenants(statement, (raw) => invitationRow.parse(raw));
    return row ?? null;
  },
  acceptInvitation: ({ tenantId, userId }, tokenHash, passwordHash) =>
    sql.transaction(tenantId, async (transaction) => {
      const use = {
        name: "use-invitation",
        text: `UPDATE person_invitation SET used_at = now() WHERE token_hash = $1 AND used_at IS NULL AND expires_at > now()
          RETURNING user_id`,
        params: [tokenHash],
      };
      const used = await transaction.run(use, () => true);
      if (used.length === 0) return false;
      const set = {
        name: "set-password",
        text: "SELECT set_person_password($1, $2)",
        params: [userId, passwordHash],
      };
      await transaction.run(set, () => null);
      return true;
    }),
  forgetAttempts: async (key) => {
    const statement = { name: "forget-attempts", text: "SELECT forget_sign_in_attempts($1)", params: [key] };
    await sql.runAcrossTenants(statement, () => null);
  },
  countAttempt: async (key, windowSeconds) => {
    const text = "SELECT count_sign_in_attempt($1, make_interval(secs => $2)) AS attempts";
    const statement = { name: "count-sign-in-attempt", text, params: [key, windowSeconds] };
    const [row] = await sql.runAcrossTenants(statement, (raw) => attemptsRow.parse(raw));
    return row?.attempts ?? 0;
  },
});
