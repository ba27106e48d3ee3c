import type { Subject } from "@tessera/contracts/caller";
import type { TenantId } from "@tessera/contracts/ids";
import type { SqlStatement, TenantSql } from "@tessera/platform/db/sql";
import { z } from "zod";
import type { IncidentPolicy, SavedPolicies, SetPolicies } from "../../domain/incidents/incident-policy.ts";
import { msColumn } from "../rule-row.ts";

/** Reads and writes policies. */
export interface PolicyCodec {
  readonly row: (row: unknown) => SavedPolicies;
  readonly write: (policies: readonly IncidentPolicy[]) => unknown;
  /** Those of a tenant that has set none. */
  readonly unset: readonly IncidentPolicy[];
}

/** By which policies a tenant's alerts become incidents. */
export interface PolicyStore {
  read(tenantId: TenantId): Promise<SavedPolicies>;
  /** Sets all of them, if the version is the one that was read. */
  set(
    tenantId: TenantId,
    change: {
      readonly version: number;
      readonly policies: readonly IncidentPolicy[];
      readonly by: Subject;
      readonly atMs: number;
    },
  ): Promise<SetPolicies>;
}

/** A tenant's policies. */
export const policiesStatement = (tenantId: TenantId): SqlStatement => ({
  name: "incident-policies",
  text: `SELECT version, policies, changed_at AS "changedAt" FROM incident_policies WHERE tenant_id = $1`,
  params: [tenantId],
});

const setStatement = (
  tenantId: TenantId,
  version: number,
  policies: unknown,
  by: Subject,
  atMs: number,
): SqlStatement => ({
  name: "incident-set-policies",
  text: `INSERT INTO incident_policies (tenant_id, version, policies, changed_by, changed_at) SELECT $1, 1, $3::jsonb, $4::jsonb, $5 WHERE $2::integer = 0
      OR EXISTS (SELECT FROM incident_policies WHERE tenant_id = $1)
    ON CONFLICT (tenant_id) DO UPDATE SET version = incident_policies.version + 1, policies = excluded.policies, changed_by = excluded.changed_by, changed_at = excluded.changed_at
      WHERE incident_policies.version = $2 RETURNING version, policies, changed_at AS "changedAt"`,
  params: [tenantId, version, JSON.stringify(policies), JSON.stringify(by), new Date(atMs)],
});

const policiesColumns = z.object({ version: z.number(), policies: z.unknown(), changedAt: msColumn });

/** Makes the {@link PolicyCodec} of what reads and writes definitions. */
export const createPolicyCodec = (definitions: {
  readonly read: (stored: unknown) => readonly IncidentPolicy[];
  readonly write: (policies: readonly IncidentPolicy[]) => unknown;
  readonly unset: readonly IncidentPolicy[];
}): PolicyCodec => ({
  row: (row) => {
    const { version, policies, changedAt } = policiesColumns.parse(row);
    return { version, policies: definitions.read(policies), changedAtMs: changedAt };
  },
  write: definitions.write,
  unset: definitions.unset,
});

/** Builds {@link PolicyStore}. */
export const createPolicyStore = ({
  sql,
  codec,
}: {
  readonly sql: TenantSql;
  readonly codec: PolicyCodec;
}): PolicyStore => {
  const read = async (tenantId: TenantId): Promise<SavedPolicies> =>
    (await sql.run(tenantId, policiesStatement(tenantId), codec.row))[0] ?? {
      version: 0,
      policies: codec.unset,
      changedAtMs: null,
    };
  return {
    read,
    set: async (tenantId, { version, policies, by, atMs }) => {
      const [saved] = await sql.run(
        tenantId,
        setStatement(tenantId, version, codec.write(policies), by, atMs),
        codec.row,
      );
      return saved === undefined ? { kind: "STALE", saved: await read(tenantId) } : { kind: "SAVED", saved };
    },
  };
};
