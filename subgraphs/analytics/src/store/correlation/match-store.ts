import type { TenantId } from "@tessera/contracts/ids";
import type { SqlStatement, TenantSql } from "@tessera/platform/db/sql";
import { z } from "zod";
import type { MatchedEvent } from "../../domain/correlation/match.ts";

/** A match as it was found live. */
export interface StoredMatch {
  readonly id: string;
  readonly ruleId: string;
  readonly version: number;
  readonly fromMs: number;
  readonly completedAtMs: number;
  readonly toldAtMs: number;
  readonly events: readonly MatchedEvent[];
}

/** Place of a match among those of its rule. */
export interface MatchPlace {
  readonly completedAtMs: number;
  readonly id: string;
}

/** A page of matches that is asked for: the newest first. */
export interface MatchPageQuery {
  readonly ruleId: string;
  readonly range: { readonly fromMs: number; readonly toMs: number } | null;
  readonly first: number;
  readonly after: MatchPlace | null;
}

/** Matches found live, in PostgreSQL. */
export interface CorrelationMatchStore {
  /** One more than `first` tells that there is more. */
  page(tenantId: TenantId, query: MatchPageQuery): Promise<readonly StoredMatch[]>;
  byId(tenantId: TenantId, id: string): Promise<StoredMatch | null>;
}

const time = z.date().transform((date) => date.getTime());
const row = z
  .object({
    ...{ id: z.string(), rule_id: z.string(), version: z.number(), from_at: time, completed_at: time, told_at: time },
    events: z.array(z.object({ part: z.string(), id: z.string(), timeMs: z.number() })),
  })
  .transform(({ rule_id, from_at, completed_at, told_at, ...rest }): StoredMatch => ({
    ...rest,
    ...{ ruleId: rule_id, fromMs: from_at, completedAtMs: completed_at, toldAtMs: told_at },
  }));
const matchRow = (raw: unknown): StoredMatch => row.parse(raw);

const COLUMNS = "id, rule_id, version, from_at, completed_at, told_at, events";

const pageStatement = (tenantId: TenantId, { ruleId, range, first, after }: MatchPageQuery): SqlStatement => ({
  name: "correlation-matches",
  text: `SELECT ${COLUMNS} FROM correlation_match
    WHERE tenant_id = $1 AND rule_id = $2
      AND ($3::timestamptz IS NULL OR completed_at >= $3) AND ($4::timestamptz IS NULL OR completed_at < $4)
      AND ($5::timestamptz IS NULL OR (completed_at, id) < ($5, $6::uuid))
    ORDER BY completed_at DESC, id DESC LIMIT $7`,
  params: [
    ...[tenantId, ruleId],
    ...(range === null ? [null, null] : [new Date(range.fromMs), new Date(range.toMs)]),
    ...(after === null ? [null, null] : [new Date(after.completedAtMs), after.id]),
    first + 1,
  ],
});
const byIdStatement = (tenantId: TenantId, id: string): SqlStatement => ({
  name: "correlation-match-by-id",
  text: `SELECT ${COLUMNS} FROM correlation_match WHERE tenant_id = $1 AND id = $2`,
  params: [tenantId, id],
});

/** Builds {@link CorrelationMatchStore}. */
export const createCorrelationMatchStore = ({ sql }: { readonly sql: TenantSql }): CorrelationMatchStore => ({
  page: (tenantId, query) => sql.run(tenantId, pageStatement(tenantId, query), matchRow),
  byId: async (tenantId, id) => (await sql.run(tenantId, byIdStatement(tenantId, id), matchRow))[0] ?? null,
});
