import { createHash } from "node:crypto";
import type { KeyRing } from "@tessera/platform/auth/key-ring";
import type { SqlStatement, TenantSql } from "@tessera/platform/db/sql";
import { z } from "zod";

/** One piece of the authorization server's state, as its library writes it. */
export type StatePayload = Readonly<Record<string, unknown>>;

/** What a piece of state is found by beside its id, and how long it is kept. */
export interface StateKeys {
  readonly clientId: string | null;
  readonly grantId: string | null;
  readonly uid: string | null;
  readonly expiresAtMs: number;
}

/**
 * The state of the authorization server in PostgreSQL: ids as SHA-256, payloads sealed. The server knows no tenant before it has looked, so
 * all of it crosses tenants; each row still carries the tenant of its client.
 */
export interface StateStore {
  saveAcrossTenants(model: string, id: string, payload: StatePayload, keys: StateKeys): Promise<void>;
  /** Writes what must not be there yet; false when it is. */
  addMarkAcrossTenants(model: string, id: string, payload: StatePayload, expiresAtMs: number): Promise<boolean>;
  findAcrossTenants(model: string, id: string): Promise<StatePayload | null>;
  findByUidAcrossTenants(model: string, uid: string): Promise<StatePayload | null>;
  /** Marks as used; false when it was used before. */
  consumeAcrossTenants(model: string, id: string): Promise<boolean>;
  dropAcrossTenants(model: string, id: string): Promise<void>;
  /** Forgets the tokens of a grant and denies its access tokens until `untilMs`. */
  revokeGrantAcrossTenants(grantId: string, untilMs: number): Promise<void>;
  /** Denies one access token until `untilMs`. */
  denyTokenAcrossTenants(tokenId: string, clientId: string, untilMs: number): Promise<void>;
  /** Forgets what has ended, at most `maxRows` of each kind; answers how many rows went. */
  purgeAcrossTenants(maxRows: number): Promise<number>;
}

/** What ids are kept as: SHA-256, 32 bytes. */
export const idHashOf = (id: string): Buffer => createHash("sha256").update(id).digest();
const hashOrNull = (id: string | null): Buffer | null => (id === null ? null : idHashOf(id));

const stateRow = z.object({ payload: z.string(), consumed_at: z.date().nullable() });
const payloadSchema = z.record(z.string(), z.unknown());
const flagRow = z.object({ done: z.boolean() });
const countRow = z.object({ purged: z.number().int() });

const statement = (name: string, text: string, params: readonly unknown[]): SqlStatement => ({ name, text, params });

/** Builds {@link StateStore}. */
export const createStateStore = (deps: { sql: TenantSql; keyRing: KeyRing }): StateStore => {
  const { sql, keyRing } = deps;
  const purposeOf = (model: string): string => `oauth-state/${model}`;
  const read = async (model: string, row: z.infer<typeof stateRow> | undefined): Promise<StatePayload | null> => {
    if (row === undefined) return null;
    const payload = payloadSchema.parse(JSON.parse(await keyRing.open(purposeOf(model), row.payload)));
    return row.consumed_at === null ? payload : { ...payload, consumed: Math.floor(row.consumed_at.getTime() / 1_000) };
  };
  const find = async (name: string, text: string, model: string, id: string): Promise<StatePayload | null> => {
    const rows = await sql.runAcrossTenants(statement(name, text, [model, idHashOf(id)]), (raw) => stateRow.parse(raw));
    return read(model, rows[0]);
  };
  const run = async (name: string, text: string, params: readonly unknown[]): Promise<void> => {
    await sql.runAcrossTenants(statement(name, text, params), () => null);
  };
  const flag = async (name: string, text: string, params: readonly unknown[]): Promise<boolean> => {
    const rows = await sql.runAcrossTenants(statement(name, text, params), (raw) => flagRow.parse(raw));
    return rows[0]?.done ?? false;
  };
  return {
    saveAcrossTenants: async (model, id, payload, { clientId, grantId, uid, expiresAtMs }) => {
      const sealed = await keyRing.seal(purposeOf(model), JSON.stringify(payload));
      const params = [
        model,
        idHashOf(id),
        clientId,
        hashOrNull(grantId),
        hashOrNull(uid),
        sealed,
        new Date(expiresAtMs),
      ];
      await run("save-oauth-state", "SELECT save_oauth_state_across_tenants($1, $2, $3, $4, $5, $6, $7)", params);
    },
    addMarkAcrossTenants: async (model, id, payload, expiresAtMs) => {
      const sealed = await keyRing.seal(purposeOf(model), JSON.stringify(payload));
      const params = [model, idHashOf(id), sealed, new Date(expiresAtMs)];
      return flag("add-oauth-mark", "SELECT add_oauth_mark_across_tenants($1, $2, $3, $4) AS done", params);
    },
    findAcrossTenants: (model, id) =>
      find("find-oauth-state", "SELECT payload, consumed_at FROM find_oauth_state_across_tenants($1, $2)", model, id),
    findByUidAcrossTenants: (model, uid) =>
      find(
        "find-oauth-state-by-uid",
        "SELECT payload, consumed_at FROM find_oauth_state_by_uid_across_tenants($1, $2)",
        model,
        uid,
      ),
    consumeAcrossTenants: (model, id) =>
      flag("consume-oauth-state", "SELECT consume_oauth_state_across_tenants($1, $2) AS done", [model, idHashOf(id)]),
    dropAcrossTenants: (model, id) =>
      run("drop-oauth-state", "SELECT drop_oauth_state_across_tenants($1, $2)", [model, idHashOf(id)]),
    revokeGrantAcrossTenants: (grantId, untilMs) =>
      run("revoke-oauth-grant", "SELECT revoke_oauth_grant_across_tenants($1, $2)", [
        idHashOf(grantId),
        new Date(untilMs),
      ]),
    denyTokenAcrossTenants: (tokenId, clientId, untilMs) =>
      run("deny-token", "SELECT deny_token_across_tenants($1, $2, $3)", [
        idHashOf(tokenId),
        clientId,
        new Date(untilMs),
      ]),
    purgeAcrossTenants: async (maxRows) => {
      const text = "SELECT purge_identity_across_tenants($1) AS purged";
      const rows = await sql.runAcrossTenants(statement("purge-identity", text, [maxRows]), (raw) =>
        countRow.parse(raw),
      );
      return rows[0]?.purged ?? 0;
    },
  };
};
