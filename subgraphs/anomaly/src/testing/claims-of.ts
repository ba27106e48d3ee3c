import { parseRuleId, parseTenantId, type RuleId, type TenantId } from "@tessera/contracts/ids";
import type pg from "pg";
import { z } from "zod";
import type { EvaluationStore } from "../store/evaluation-store.ts";

const claimRows = z.array(z.object({ tenant_id: z.string(), id: z.string(), lease_token: z.string() }));

/** Claims the due rules of some tenants alone, of one rule where it is named: those of the tests beside are for their own evaluators. */
export const claimsOf =
  (owner: pg.Pool, tenants: () => readonly TenantId[], ruleId?: RuleId): EvaluationStore["claimDueAcrossTenants"] =>
  async (nowMs, leaseUntilMs) => {
    const text = `UPDATE anomaly_rule r SET lease_token = gen_random_uuid(), leased_until = $3
      FROM (SELECT tenant_id, id FROM anomaly_rule WHERE tenant_id = ANY ($1) AND ($4::uuid IS NULL OR id = $4) AND enabled AND deleted_at IS NULL
        AND next_evaluation_at <= $2 AND (leased_until IS NULL OR leased_until <= $2) FOR UPDATE SKIP LOCKED) free
      WHERE r.tenant_id = free.tenant_id AND r.id = free.id RETURNING r.tenant_id, r.id, r.lease_token`;
    const { rows } = await owner.query(text, [tenants(), new Date(nowMs), new Date(leaseUntilMs), ruleId]);
    return claimRows.parse(rows).flatMap((row) => {
      const [tenantId, id] = [parseTenantId(row.tenant_id), parseRuleId(row.id)];
      return tenantId === null || id === null ? [] : [{ tenantId, ruleId: id, leaseToken: row.lease_token }];
    });
  };
