import type { Subject } from "@tessera/contracts/caller";
import type { TenantId } from "@tessera/contracts/ids";
import type { Permission } from "@tessera/contracts/permissions";
import type { SqlStatement, TenantSql } from "@tessera/platform/db/sql";
import { z } from "zod";
import { permissionsColumn } from "./stored-row.ts";

/** What a subject of a working tenant is given itself, and its roles. */
export interface SubjectStanding {
  readonly permissions: readonly Permission[];
  readonly roles: readonly string[];
}

/** Looks up subjects that nobody has presented a credential of. */
export interface StandingStore {
  /** Null when the subject is not there, was ended or has run out, acts under a grant from outside, or its tenant does not work. */
  find(tenantId: TenantId, subject: Subject, nowMs: number): Promise<SubjectStanding | null>;
}

/** Where subjects of a kind are kept, and which of them still stand; others are kept nowhere here. */
const KEPT: Partial<Record<Subject["kind"], string>> = {
  USER: "SELECT '{}'::text[] AS permissions, roles FROM tenant_user WHERE tenant_id = $1 AND id::text = $2 AND $3::timestamptz IS NOT NULL",
  API_KEY: `SELECT permissions, roles FROM api_key WHERE tenant_id = $1 AND id = $2 AND grant_id IS NULL
  AND (revoked_at IS NULL OR revoked_at > $3) AND (expires_at IS NULL OR expires_at > $3)`,
  CLIENT: `SELECT permissions, '{}'::text[] AS roles FROM oauth_client WHERE tenant_id = $1 AND id = $2
  AND (revoked_at IS NULL OR revoked_at > $3)`,
};

const row = z.object({ permissions: permissionsColumn, roles: z.array(z.string()) });

const standingStatement = (kind: Subject["kind"], kept: string, params: readonly unknown[]): SqlStatement => ({
  name: `standing-of-${kind.toLowerCase()}`,
  text: `SELECT s.permissions, s.roles FROM (${kept}) s WHERE EXISTS (SELECT 1 FROM tenant t WHERE t.id = $1 AND t.state = 'ACTIVE')`,
  params,
});

/** Builds {@link StandingStore}. */
export const createStandingStore = (sql: TenantSql): StandingStore => ({
  find: async (tenantId, { kind, id }, nowMs) => {
    const kept = KEPT[kind];
    if (kept === undefined) return null;
    const [found] = await sql.run(tenantId, standingStatement(kind, kept, [tenantId, id, new Date(nowMs)]), (raw) =>
      row.parse(raw),
    );
    return found ?? null;
  },
});
