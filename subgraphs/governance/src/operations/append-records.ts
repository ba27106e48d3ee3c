import type { TenantId } from "@tessera/contracts/ids";
import type { SqlTransaction } from "@tessera/platform/db/sql";
import { entryJson, type AuditEntry } from "../domain/audit-entry.ts";
import { EMPTY_HEAD, type AuditLink, type AuditRecord, type ChainHead } from "../domain/audit-record.ts";
import { unverifiedStatement, type StoredSeal } from "../domain/audit-seal.ts";
import type { AuditStore } from "../store/audit-store.ts";
import type { SealStore } from "../store/seal-store.ts";
import { hashRecord } from "./hash-record.ts";

/** Appends entries to a tenant's log in that tenant's transaction; answers how many were new. */
export type AppendRecords = (
  transaction: SqlTransaction,
  tenantId: TenantId,
  entries: readonly AuditEntry[],
) => Promise<number>;

/** A place that was sealed is never given again, even when its row is gone: the gap stays to be seen. */
const headOf = (last: ChainHead | null, seal: StoredSeal | null): ChainHead => {
  if (seal === null || (last !== null && last.size >= seal.treeSize)) return last ?? EMPTY_HEAD;
  const hash = Buffer.from(unverifiedStatement(seal.jws)?.headHash ?? "", "hex");
  return { size: seal.treeSize, hash: hash.length === 32 ? hash : EMPTY_HEAD.hash, recordedAtMs: seal.sealedAtMs };
};

const chained = (
  tenantId: TenantId,
  head: ChainHead,
  entries: readonly AuditEntry[],
  nowMs: number,
): readonly AuditRecord[] => {
  const records: AuditRecord[] = [];
  const recordedAtMs = Math.max(nowMs, head.recordedAtMs);
  for (const entry of entries) {
    const previousHash = records.at(-1)?.hash ?? head.hash;
    const link: AuditLink = {
      tenantId,
      sequence: head.size + records.length,
      previousHash,
      recordedAtMs,
      entry: entryJson(entry),
    };
    records.push({ ...link, hash: hashRecord(link) });
  }
  return records;
};

/** Builds {@link AppendRecords}: under the tenant's lock, each execution once however often it is told, behind the last record there is. */
export const appendRecords =
  (deps: { records: AuditStore; seals: SealStore; nowMs: () => number }): AppendRecords =>
  async (transaction, tenantId, entries) => {
    const { records, seals } = deps;
    await records.lock(transaction, tenantId);
    const once = [...new Map(entries.map((entry) => [entry.executionId, entry])).values()];
    const known = await records.known(
      transaction,
      tenantId,
      once.map(({ executionId }) => executionId),
    );
    const fresh = once.filter(({ executionId }) => !known.has(executionId));
    if (fresh.length === 0) return 0;
    const head = headOf(await records.lastRow(transaction, tenantId), await seals.newest(tenantId, transaction));
    await records.insert(transaction, tenantId, chained(tenantId, head, fresh, deps.nowMs()));
    return fresh.length;
  };
