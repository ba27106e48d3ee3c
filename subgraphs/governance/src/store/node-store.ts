import type { TenantId } from "@tessera/contracts/ids";
import type { SqlStatement, SqlTransaction, TenantSql } from "@tessera/platform/db/sql";
import { z } from "zod";
import { hashColumn, places } from "./audit-columns.ts";

/** A perfect subtree of the tree over a tenant's log, with its root. */
export interface StoredNode {
  readonly level: number;
  readonly index: number;
  readonly hash: Uint8Array;
}

/** Hashes of the tree over a tenant's log: of leaves, and of the subtrees that are kept. */
export interface NodeStore {
  /** Keeps roots of subtrees; those already kept stay as they are. */
  insert(transaction: SqlTransaction, tenantId: TenantId, nodes: readonly StoredNode[]): Promise<void>;
  /** Kept hashes of one level, leaves at level 0; those that are not there are left out. */
  read(tenantId: TenantId, level: number, indexes: readonly number[]): Promise<readonly StoredNode[]>;
}

const nodeRow = (level: number) => {
  const shape = z
    .object({ index: z.coerce.number(), hash: hashColumn })
    .transform((row): StoredNode => ({ level, index: row.index, hash: row.hash }));
  return (row: unknown) => shape.parse(row);
};

const insertStatement = (tenantId: TenantId, nodes: readonly StoredNode[]): SqlStatement => ({
  name: "audit-node-insert",
  text: `INSERT INTO audit_node (tenant_id, level, index, hash)
    SELECT $1::uuid, * FROM unnest($2::smallint[], $3::bigint[], $4::bytea[]) ON CONFLICT DO NOTHING`,
  params: [
    tenantId,
    places(nodes.map(({ level }) => level)),
    places(nodes.map(({ index }) => index)),
    nodes.map(({ hash }) => hash),
  ],
});
const leavesStatement = (tenantId: TenantId, indexes: readonly number[]): SqlStatement => ({
  name: "audit-leaves",
  text: "SELECT sequence AS index, hash FROM audit_record WHERE tenant_id = $1 AND sequence = ANY($2::bigint[])",
  params: [tenantId, places(indexes)],
});
const nodesStatement = (tenantId: TenantId, level: number, indexes: readonly number[]): SqlStatement => ({
  name: "audit-nodes",
  text: "SELECT index, hash FROM audit_node WHERE tenant_id = $1 AND level = $2 AND index = ANY($3::bigint[])",
  params: [tenantId, level, places(indexes)],
});

/** Builds {@link NodeStore}. */
export const createNodeStore = (sql: TenantSql): NodeStore => ({
  insert: async (transaction, tenantId, nodes) => {
    if (nodes.length > 0) await transaction.run(insertStatement(tenantId, nodes), () => null);
  },
  read: (tenantId, level, indexes) =>
    sql.run(
      tenantId,
      level === 0 ? leavesStatement(tenantId, indexes) : nodesStatement(tenantId, level, indexes),
      nodeRow(level),
    ),
});
