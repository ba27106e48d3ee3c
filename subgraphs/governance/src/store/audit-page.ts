import type { TenantId } from "@tessera/contracts/ids";
import type { SqlStatement } from "@tessera/platform/db/sql";
import type { AuditFilter, AuditPlace } from "../domain/audit-filter.ts";

/** A condition by name, with the places of its parameters still to be numbered. */
interface Condition {
  readonly name: string;
  readonly text: (next: (value: unknown) => string) => string;
}

const when = <Value>(
  name: string,
  value: Value | null,
  text: (value: Value, next: (value: unknown) => string) => string,
): readonly Condition[] => (value === null ? [] : [{ name, text: (next) => text(value, next) }]);

const conditionsOf = (filter: AuditFilter, after: AuditPlace | null): readonly Condition[] => [
  ...when("from", filter.fromMs, (ms, next) => `started_at_ms >= ${next(ms)}`),
  ...when("to", filter.toMs, (ms, next) => `started_at_ms < ${next(ms)}`),
  ...when("who", filter.subjectId, (id, next) => `subject_id = ${next(id)}`),
  ...when("field", filter.field, (field, next) => `entry->'fields' ? ${next(field)}`),
  ...when("kind", filter.kind, (kind, next) => `entry->>'kind' = ${next(kind)}`),
  ...when("done", filter.decision, (decision, next) => `entry->>'decision' = ${next(decision)}`),
  ...when("code", filter.code, (code, next) => `entry->>'code' = ${next(code)}`),
  ...when("what", filter.objectId, (id, next) => `entry->'objects' ? ${next(id)}`),
  ...when("trace", filter.traceId, (id, next) => `trace_id = ${next(id)}`),
  ...when(
    "after",
    after,
    (place, next) => `(started_at_ms, sequence) < (${next(place.startedAtMs)}, ${next(place.sequence)})`,
  ),
];

/** One page of a tenant's log, the newest start first; each combination of conditions is a statement of its own name (at most 63 characters). */
export const pageStatement = (
  tenantId: TenantId,
  filter: AuditFilter,
  limit: number,
  after: AuditPlace | null,
): SqlStatement => {
  const params: unknown[] = [tenantId, limit];
  const next = (value: unknown): string => `$${params.push(value)}`;
  const conditions = conditionsOf(filter, after);
  const where = conditions.map(({ text }) => ` AND ${text(next)}`).join("");
  return {
    name: ["audit-page", ...conditions.map(({ name }) => name)].join("-"),
    text: `SELECT sequence, previous_hash, recorded_at_ms, entry, hash FROM audit_record
      WHERE tenant_id = $1${where} ORDER BY started_at_ms DESC, sequence DESC LIMIT $2`,
    params,
  };
};
