import type { ApiKeyId, TenantId } from "@tessera/contracts/ids";
import { z } from "zod";
import type { ApiKey } from "../domain/api-key.ts";
import type { PageRequest } from "../domain/page.ts";
import type { ControlPlane, Models } from "./control-plane.ts";
import { newestFirst } from "./newest-first.ts";
import { apiKeyIdColumn, permissionsColumn, subjectKindColumn, tenantIdColumn, timeColumn } from "./stored-row.ts";

/** A key to add, with what is kept of its secret. */
export interface ApiKeyToAdd {
  readonly key: ApiKey;
  readonly keyHash: Uint8Array;
  readonly idempotencyKey: string | null;
}

/** What became of adding a key. */
export type ApiKeyAddition =
  | { readonly kind: "ADDED"; readonly key: ApiKey }
  | { readonly kind: "ADDED_BEFORE"; readonly key: ApiKey }
  | { readonly kind: "FULL" }
  | { readonly kind: "NO_TENANT" };

/** Rows of `api_key`, never with the hash. */
export interface ApiKeyStore {
  find(tenantId: TenantId, id: ApiKeyId): Promise<ApiKey | null>;
  /** Keys from the newest on: those of the page and one more if there is one. */
  list(tenantId: TenantId, page: PageRequest): Promise<readonly ApiKey[]>;
  /** Adds a key unless its idempotency key was used before or the tenant already has `limit` keys that work. */
  add(addition: ApiKeyToAdd, limit: number): Promise<ApiKeyAddition>;
  /** Gives a working key a new secret, the old one being valid until a time (milliseconds since the epoch); null when there is none. */
  rotate(
    tenantId: TenantId,
    id: ApiKeyId,
    rotation: { readonly keyHash: Uint8Array; readonly untilMs: number; readonly nowMs: number },
  ): Promise<ApiKey | null>;
  /** Binds a key to networks, or to none; null when the tenant has no such key. */
  setNetworks(tenantId: TenantId, id: ApiKeyId, networks: readonly string[] | null): Promise<ApiKey | null>;
  /** Revokes a key, once; null when the tenant has no such key. */
  revoke(tenantId: TenantId, id: ApiKeyId, nowMs: number): Promise<ApiKey | null>;
}

/** All that the application may read of a key: everything but the hash. */
const LISTED = {
  id: true,
  tenantId: true,
  name: true,
  permissions: true,
  createdAt: true,
  createdByKind: true,
  createdById: true,
  expiresAt: true,
  lastUsedAt: true,
  revokedAt: true,
  roles: true,
  networks: true,
  rotatedAt: true,
  grantId: true,
  previousValidUntil: true,
} as const;

const apiKeyRow = z
  .object({
    id: apiKeyIdColumn,
    tenantId: tenantIdColumn,
    name: z.string(),
    permissions: permissionsColumn,
    createdAt: timeColumn,
    createdByKind: subjectKindColumn,
    createdById: z.string(),
    expiresAt: timeColumn.nullable(),
    lastUsedAt: timeColumn.nullable(),
    revokedAt: timeColumn.nullable(),
    roles: z.array(z.string()),
    // Prisma reads an absent list as an empty one; no kept list is empty.
    networks: z.array(z.string()).transform((list) => (list.length === 0 ? null : list)),
    rotatedAt: timeColumn.nullable(),
    grantId: z.string().nullable(),
    previousValidUntil: timeColumn.nullable(),
  })
  .transform((row): ApiKey => ({
    id: row.id,
    tenantId: row.tenantId,
    name: row.name,
    permissions: row.permissions,
    createdAtMs: row.createdAt,
    createdBy: { kind: row.createdByKind, id: row.createdById },
    expiresAtMs: row.expiresAt,
    lastUsedAtMs: row.lastUsedAt,
    revokedAtMs: row.revokedAt,
    roles: row.roles,
    networks: row.networks,
    rotatedAtMs: row.rotatedAt,
    grantId: row.grantId,
    previousValidUntilMs: row.previousValidUntil,
  }));

const parse = (row: unknown): ApiKey => apiKeyRow.parse(row);

const insert = async (apiKey: Models["apiKey"], { key, keyHash, idempotencyKey }: ApiKeyToAdd): Promise<void> => {
  await apiKey.create({
    data: {
      id: key.id,
      tenantId: key.tenantId,
      name: key.name,
      keyHash: new Uint8Array(keyHash),
      permissions: [...key.permissions],
      roles: [...key.roles],
      ...(key.grantId === null ? {} : { grantId: key.grantId }),
      ...(key.networks === null ? {} : { networks: [...key.networks] }),
      createdAt: new Date(key.createdAtMs),
      createdByKind: key.createdBy.kind,
      createdById: key.createdBy.id,
      expiresAt: key.expiresAtMs === null ? null : new Date(key.expiresAtMs),
      idempotencyKey,
    },
    select: { id: true },
  });
};

const addUnlessFull = async ({ apiKey }: Models, addition: ApiKeyToAdd, limit: number): Promise<ApiKeyAddition> => {
  const { key, idempotencyKey } = addition;
  const { tenantId } = key;
  const before =
    idempotencyKey === null ? null : await apiKey.findFirst({ where: { tenantId, idempotencyKey }, select: LISTED });
  if (before !== null) return { kind: "ADDED_BEFORE", key: parse(before) };
  const alive = [{ expiresAt: null }, { expiresAt: { gt: new Date(key.createdAtMs) } }];
  if ((await apiKey.count({ where: { tenantId, revokedAt: null, OR: alive } })) >= limit) return { kind: "FULL" };
  await insert(apiKey, addition);
  return { kind: "ADDED", key };
};

/** Builds {@link ApiKeyStore}. */
export const createApiKeyStore = (controlPlane: ControlPlane): ApiKeyStore => {
  const find = (tenantId: TenantId, id: ApiKeyId): Promise<ApiKey | null> =>
    controlPlane.run(tenantId, async ({ apiKey }) => {
      const row = await apiKey.findFirst({ where: { tenantId, id }, select: LISTED });
      return row === null ? null : parse(row);
    });
  return {
    find,
    list: (tenantId, page) =>
      controlPlane.run(tenantId, async ({ apiKey }) => {
        const { where, ...order } = newestFirst(page);
        const rows = await apiKey.findMany({ where: { tenantId, ...where }, ...order, select: LISTED });
        return rows.map(parse);
      }),
    add: async (addition, limit) => {
      const { tenantId } = addition.key;
      const added = await controlPlane.lockingTenant(tenantId, (models) => addUnlessFull(models, addition, limit));
      return added ?? { kind: "NO_TENANT" };
    },
    rotate: async (tenantId, id, { keyHash, untilMs, nowMs }) => {
      const rotated = await controlPlane.run(
        tenantId,
        (models) =>
          models.$queryRaw<
            readonly unknown[]
          >`SELECT rotate_api_key(${id}, ${new Uint8Array(keyHash)}::bytea, ${new Date(untilMs)}::timestamptz, ${new Date(nowMs)}::timestamptz) AS rotated`,
      );
      return z.array(z.object({ rotated: z.boolean() })).parse(rotated)[0]?.rotated === true
        ? find(tenantId, id)
        : null;
    },
    setNetworks: async (tenantId, id, networks) => {
      const list = networks === null ? null : [...networks];
      await controlPlane.run(
        tenantId,
        (models) =>
          models.$queryRaw`UPDATE api_key SET networks = ${list}::text[] WHERE tenant_id = ${tenantId}::uuid AND id = ${id}`,
      );
      return find(tenantId, id);
    },
    revoke: async (tenantId, id, nowMs) => {
      await controlPlane.run(tenantId, ({ apiKey }) =>
        apiKey.updateMany({ where: { tenantId, id, revokedAt: null }, data: { revokedAt: new Date(nowMs) } }),
      );
      return find(tenantId, id);
    },
  };
};
