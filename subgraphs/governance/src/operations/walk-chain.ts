import type { TenantId } from "@tessera/contracts/ids";
import { recordFinding, type Expected, type Finding } from "../domain/audit-finding.ts";
import type { AuditRecord } from "../domain/audit-record.ts";
import type { AuditStore } from "../store/audit-store.ts";
import { hashRecord } from "./hash-record.ts";

/** Rows read at once. */
const WALK_PAGE = 1_000;

/** How far a walk came, and what stopped it. */
export interface Walked {
  /** The first place that was not walked. */
  readonly end: number;
  /** True when no row comes after. */
  readonly atEnd: boolean;
  readonly finding: Finding | null;
}

/** Walks a tenant's log from a place, at most so many rows; hands each good row on, whose taker may find something itself. */
export type WalkChain = (
  tenantId: TenantId,
  start: Expected,
  limit: number,
  take: (record: AuditRecord) => Finding | null | Promise<Finding | null>,
) => Promise<Walked>;

/** Builds {@link WalkChain}: every hash is taken anew, every link is followed, every place must be there. */
export const walkChain =
  (deps: { records: Pick<AuditStore, "readFrom"> }): WalkChain =>
  async (tenantId, start, limit, take) => {
    let expected = start;
    const end = start.sequence + limit;
    while (expected.sequence < end) {
      const asked = Math.min(WALK_PAGE, end - expected.sequence);
      const page = await deps.records.readFrom(tenantId, expected.sequence, asked);
      for (const record of page) {
        const finding = recordFinding(record, expected, page, hashRecord) ?? (await take(record));
        if (finding !== null) return { end: expected.sequence, atEnd: false, finding };
        expected = { sequence: record.sequence + 1, previousHash: record.hash };
      }
      if (page.length < asked) return { end: expected.sequence, atEnd: true, finding: null };
    }
    const after = await deps.records.readFrom(tenantId, expected.sequence, 1);
    return { end: expected.sequence, atEnd: after.length === 0, finding: null };
  };
