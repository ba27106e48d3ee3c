import type { TenantId } from "@tessera/contracts/ids";
import type { SqlStatement, TenantSql } from "@tessera/platform/db/sql";
import { readMessageKey } from "@tessera/platform/signatures/signature-algorithm";
import { z } from "zod";
import type { RequestKey, SigningCredential } from "../domain/request-key.ts";
import { tenantIdColumn, timeColumn } from "./stored-row.ts";

/** What became of registering a key. */
export type KeyAddition = "ADDED" | "NO_CREDENTIAL" | "FULL";

/** Rows of `request_key` and `request_nonce`. */
export interface RequestKeyStore {
  list(tenantId: TenantId): Promise<readonly RequestKey[]>;
  ofCredential(tenantId: TenantId, kind: SigningCredential, id: string): Promise<readonly RequestKey[]>;
  add(key: RequestKey, limit: number): Promise<KeyAddition>;
  /** Answers what was removed; null when the tenant has no such key. */
  remove(tenantId: TenantId, id: string): Promise<RequestKey | null>;
  /** Remembers a nonce; false when it was used before. Forgets some that could not be used any more. */
  useNonce(
    tenantId: TenantId,
    nonce: { keyId: string; hash: Buffer; usableUntilMs: number; nowMs: number },
  ): Promise<boolean>;
}

/** Ended nonces forgotten with each new one: more than come in, so that few are kept. */
const FORGET_AT_ONCE = 20;
/** Keys listed at once: the most a tenant's credentials could have is not shown, the newest are. */
const MAX_LISTED = 1_000;

const COLUMNS = "id, tenant_id, credential_kind, credential_id, jwk, required, created_at";

const keyRow = z
  .object({
    id: z.uuid(),
    tenant_id: tenantIdColumn,
    credential_kind: z.enum(["API_KEY", "CLIENT"]),
    credential_id: z.string(),
    jwk: z.record(z.string(), z.unknown()),
    required: z.boolean(),
    created_at: timeColumn,
  })
  .transform((row, context): RequestKey => {
    const key = readMessageKey(row.jwk);
    if (key === null) {
      context.addIssue({ code: "custom", message: "The stored key is none that signs requests." });
      return z.NEVER;
    }
    return {
      ...{ id: row.id, tenantId: row.tenant_id, credentialKind: row.credential_kind, credentialId: row.credential_id },
      ...{ jwk: row.jwk, algorithm: key.algorithm, required: row.required, createdAtMs: row.created_at },
    };
  });
const parse = (row: unknown): RequestKey => keyRow.parse(row);

const ofCredential = (kind: SigningCredential, id: string): SqlStatement => ({
  name: "list-request-keys-of-credential",
  text: `SELECT ${COLUMNS} FROM request_key WHERE credential_kind = $1 AND credential_id = $2 ORDER BY created_at DESC, id DESC`,
  params: [kind, id],
});

const WORKING_CREDENTIAL: Readonly<Record<SigningCredential, string>> = {
  API_KEY: "SELECT 1 FROM api_key WHERE id = $1 AND revoked_at IS NULL",
  CLIENT: "SELECT 1 FROM oauth_client WHERE id = $1 AND revoked_at IS NULL",
};

/** Builds {@link RequestKeyStore}. */
export const createRequestKeyStore = (sql: TenantSql): RequestKeyStore => ({
  list: (tenantId) => {
    const text = `SELECT ${COLUMNS} FROM request_key ORDER BY created_at DESC, id DESC LIMIT ${MAX_LISTED}`;
    return sql.run(tenantId, { name: "list-request-keys", text, params: [] }, parse);
  },
  ofCredential: (tenantId, kind, id) => sql.run(tenantId, ofCredential(kind, id), parse),
  add: (key, limit) =>
    sql.transaction(key.tenantId, async (transaction): Promise<KeyAddition> => {
      const lock = { name: "lock-own-tenant", text: "SELECT 1 FROM tenant FOR UPDATE", params: [] };
      await transaction.run(lock, () => null);
      const { credentialKind: kind, credentialId } = key;
      const credential = { name: `find-signing-${kind}`, text: WORKING_CREDENTIAL[kind], params: [credentialId] };
      if ((await transaction.run(credential, () => true)).length === 0) return "NO_CREDENTIAL";
      if ((await transaction.run(ofCredential(kind, credentialId), parse)).length >= limit) return "FULL";
      const text = `INSERT INTO request_key (${COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7)`;
      const params = [
        key.id,
        key.tenantId,
        kind,
        credentialId,
        JSON.stringify(key.jwk),
        key.required,
        new Date(key.createdAtMs),
      ];
      await transaction.run({ name: "add-request-key", text, params }, () => null);
      return "ADDED";
    }),
  remove: async (tenantId, id) => {
    const text = `DELETE FROM request_key WHERE id = $1 RETURNING ${COLUMNS}`;
    const [row] = await sql.run(tenantId, { name: "remove-request-key", text, params: [id] }, parse);
    return row ?? null;
  },
  useNonce: async (tenantId, { keyId, hash, usableUntilMs, nowMs }) => {
    const text = `WITH ended AS (DELETE FROM request_nonce WHERE ctid IN (SELECT ctid FROM request_nonce WHERE tenant_id = $1 AND usable_until < $5 LIMIT ${FORGET_AT_ONCE}))
  INSERT INTO request_nonce (tenant_id, key_id, nonce_hash, usable_until) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING RETURNING 1`;
    const params = [tenantId, keyId, hash, new Date(usableUntilMs), new Date(nowMs)];
    return (await sql.run(tenantId, { name: "use-request-nonce", text, params }, () => true)).length > 0;
  },
});
