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

/** What a piece of state of a model is sealed for. */
export const purposeOf = (model: string): string => `oauth-state/${model}`;

/** The functions that cross tenants, called with the few shapes of answer they have. */
const createCalls = (sql: TenantSql) => ({
  run: async (name: string, text: string, params: readonly unknown[]): Promise<void> => {
    await sql.runAcrossTenants(statement(name, text, params), () => null);
  },
  flag: async (name: string, text: string, params: readonly unknown[]): Promise<boolean> => {
    const rows = await sql.runAcrossTenants(statement(name, text, params), (raw) => flagRow.parse(raw));
    return rows[0]?.done ?? false;
  },
});

/** Reads one sealed piece of state. */
const createFind =
  ({ sql, keyRing }: { sql: TenantSql; keyRing: KeyRing }) =>
  async (name: string, text: string, model: string, id: string): Promise<StatePayload | null> => {
    const rows = await sql.runAcrossTenants(statement(name, text, [model, idHashOf(id)]), (raw) => stateRow.parse(raw));
    const [row] = rows;
    if (row === undefined) return null;
    const payload = payloadSchema.parse(JSON.parse(await keyRing.open(purposeOf(model), row.payload)));
    return row.consumed_at === null ? payload : { ...payload, consumed: Math.floor(row.consumed_at.getTime() / 1_000) };
  };

const FIND = "SELECT payload, consumed_at FROM find_oauth_state_across_tenants($1, $2)";
const FIND_BY_UID = "SELECT payload, consumed_at FROM find_oauth_state_by_uid_across_tenants($1, $2)";
const CONSUME = "SELECT consume_oauth_state_across_tenants($1, $2) AS done";
const SAVE = "SELECT save_oauth_state_across_tenants($1, $2, $3, $4, $5, $6, $7)";
const ADD_MARK = "SELECT add_oauth_mark_across_tenants($1, $2, $3, $4) AS done";
const DROP = "SELECT drop_oauth_state_across_tenants($1, $2)";
const REVOKE = "SELECT revoke_oauth_grant_across_tenants($1, $2)";
const DENY = "SELECT deny_token_across_tenants($1, $2, $3)";
const PURGE = "SELECT purge_identity_across_tenants($1) AS purged";

/** Builds {@link StateStore}. */
export const createStateStore = (deps: { sql: TenantSql; keyRing: KeyRing }): StateStore => {
  const { sql, keyRing } = deps;
  const { run, flag } = createCalls(sql);
  const find = createFind(deps);
  const seal = (model: string, payload: StatePayload): Promise<string> =>
    keyRing.seal(purposeOf(model), JSON.stringify(payload));
  return {
    saveAcrossTenants: async (model, id, payload, { clientId, grantId, uid, expiresAtMs }) => {
      const hashes = [hashOrNull(grantId), hashOrNull(uid)];
      const sealed = await seal(model, payload);
      await run("save-oauth-state", SAVE, [model, idHashOf(id), clientId, ...hashes, sealed, new Date(expiresAtMs)]);
    },
    addMarkAcrossTenants: async (model, id, payload, expiresAtMs) =>
      flag("add-oauth-mark", ADD_MARK, [model, idHashOf(id), await seal(model, payload), new Date(expiresAtMs)]),
    findAcrossTenants: (model, id) => find("find-oauth-state", FIND, model, id),
    findByUidAcrossTenants: (model, uid) => find("find-oauth-state-by-uid", FIND_BY_UID, model, uid),
    consumeAcrossTenants: (model, id) => flag("consume-oauth-state", CONSUME, [model, idHashOf(id)]),
    dropAcrossTenants: (model, id) => run("drop-oauth-state", DROP, [model, idHashOf(id)]),
    revokeGrantAcrossTenants: (grantId, untilMs) =>
      run("revoke-oauth-grant", REVOKE, [idHashOf(grantId), new Date(untilMs)]),
    denyTokenAcrossTenants: (tokenId, clientId, untilMs) =>
      run("deny-token", DENY, [idHashOf(tokenId), clientId, new Date(untilMs)]),
    purgeAcrossTenants: async (maxRows) => {
      const rows = await sql.runAcrossTenants(statement("purge-identity", PURGE, [maxRows]), (raw) =>
        countRow.parse(raw),
      );
      return rows[0]?.purged ?? 0;
    },
  };
};
