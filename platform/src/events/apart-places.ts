import { parseTenantId, type TenantId } from "@tessera/contracts/ids";
import { z } from "zod";
import type { SqlStatement, SqlTransaction } from "../db/sql.ts";
import type { LogCursor } from "./log-cursor.ts";

/** Characters of an error that are kept as the reason. */
const MAX_REASON = 500;

/** A tenant that stands apart from a consumer. */
export interface ApartPlace {
  readonly tenantId: TenantId;
  /** Up to where its entries have been taken. */
  readonly place: LogCursor;
  /** Tries in a row in which the entry after the place failed. */
  readonly tries: number;
}

/** Where tenants that stand apart from one consumer are: rows beside the consumer's own. */
export interface ApartPlaces {
  all(transaction: SqlTransaction): Promise<readonly ApartPlace[]>;
  readonly begin: (one: ApartPlace, reason: string) => SqlStatement;
  /** The next try fails, or goes on later: where the tenant is, and why. */
  readonly move: (one: ApartPlace, reason: string | null) => SqlStatement;
  readonly end: (tenantId: TenantId) => SqlStatement;
}

const placeRow = z
  .object({ apart_tenant: z.string(), transaction_id: z.string(), sequence: z.string(), tries: z.number() })
  .transform((row, context): ApartPlace => {
    const tenantId = parseTenantId(row.apart_tenant);
    if (tenantId === null) {
      context.addIssue("A place of the event log names no tenant.");
      return z.NEVER;
    }
    const place = { transaction: BigInt(row.transaction_id), sequence: BigInt(row.sequence) };
    return { tenantId, place, tries: row.tries };
  });

/** Builds {@link ApartPlaces} of a consumer. */
export const createApartPlaces = ({ name, topic }: { readonly name: string; readonly topic: string }): ApartPlaces => {
  const rowOf = (tenantId: TenantId): string => `${name} ${tenantId}`;
  const cut = (reason: string | null): string | null => reason?.slice(0, MAX_REASON) ?? null;
  const all: SqlStatement = {
    name: "log-consumer-tenants-apart",
    text: `SELECT apart_tenant::text, transaction_id::text, sequence::text, tries FROM event_log_consumer
      WHERE topic = $1 AND apart_tenant IS NOT NULL AND name = $2 || ' ' || apart_tenant ORDER BY name`,
    params: [topic, name],
  };
  return {
    all: (transaction) => transaction.run(all, (row) => placeRow.parse(row)),
    begin: ({ tenantId, place, tries }, reason) => ({
      name: "log-consumer-begin-apart",
      text: `INSERT INTO event_log_consumer (name, topic, transaction_id, sequence, apart_tenant, apart_since, tries, reason)
        VALUES ($1, $2, $3::text::xid8, $4::bigint, $5, now(), $6, $7) ON CONFLICT DO NOTHING`,
      params: [
        ...[rowOf(tenantId), topic, String(place.transaction), String(place.sequence)],
        ...[tenantId, tries, cut(reason)],
      ],
    }),
    move: ({ tenantId, place, tries }, reason) => ({
      name: "log-consumer-move-apart",
      text: `UPDATE event_log_consumer SET transaction_id = $2::text::xid8, sequence = $3::bigint, tries = $4, reason = coalesce($5, reason),
        moved_at = now() WHERE name = $1`,
      params: [rowOf(tenantId), String(place.transaction), String(place.sequence), tries, cut(reason)],
    }),
    end: (tenantId) => ({
      name: "log-consumer-end-apart",
      text: "DELETE FROM event_log_consumer WHERE name = $1",
      params: [rowOf(tenantId)],
    }),
  };
};
