import type { TenantId } from "@tessera/contracts/ids";
import { refuse } from "@tessera/platform/errors/refusal";
import {
  consistencyRanges,
  foldHashes,
  inclusionRanges,
  verifyConsistency,
  verifyInclusion,
  type LeafRange,
  type TreeHash,
} from "@tessera/platform/integrity/merkle-tree";
import type { AuditRecord } from "../domain/audit-record.ts";
import { unverifiedStatement, type StoredSeal } from "../domain/audit-seal.ts";
import type { AuditStore } from "../store/audit-store.ts";
import type { SealStore } from "../store/seal-store.ts";
import type { ReadTree } from "./read-tree.ts";

/** That a record is in the tree of a seal (RFC 9162, 2.1.3). */
export interface InclusionProof {
  readonly record: AuditRecord;
  readonly seal: StoredSeal;
  readonly hashes: readonly TreeHash[];
}

/** That the log of one seal is the beginning of that of a later one (RFC 9162, 2.1.4). */
export interface ConsistencyProof {
  readonly from: StoredSeal;
  readonly to: StoredSeal;
  readonly hashes: readonly TreeHash[];
}

/** What proofs are made from. */
export interface ProveAuditDeps {
  readonly records: AuditStore;
  readonly seals: SealStore;
  readonly readTree: ReadTree;
}

const brokenLog = () =>
  refuse("CONFLICT", "The audit log is not as it was sealed, so nothing can be proved of it; verifyAudit tells where.");

const rootOf = ({ jws }: StoredSeal): TreeHash => Buffer.from(unverifiedStatement(jws)?.rootHash ?? "", "hex");

const proofOf = async (
  { readTree }: ProveAuditDeps,
  tenantId: TenantId,
  ranges: readonly LeafRange[],
): Promise<readonly TreeHash[]> => {
  const read = await readTree(tenantId, ranges);
  if (read === null) throw brokenLog();
  return read.map((hashes) => foldHashes(hashes));
};

/**
 * Builds the proof that an execution's record is in the tree of the newest seal; null when the tenant has no such record. Refuses with CONFLICT
 * while the record is not sealed, and when the proof would not convince.
 */
export const proveInclusion =
  (deps: ProveAuditDeps) =>
  async (tenantId: TenantId, executionId: string): Promise<InclusionProof | null> => {
    const record = await deps.records.find(tenantId, executionId);
    if (record === null) return null;
    const seal = await deps.seals.newest(tenantId);
    if (seal === null || seal.treeSize <= record.sequence)
      throw refuse("CONFLICT", "The record is not sealed yet; sealAuditLog seals it at once.");
    const place = { index: record.sequence, size: seal.treeSize };
    const hashes = await proofOf(deps, tenantId, inclusionRanges(place.index, place.size));
    if (!verifyInclusion(record.hash, place, hashes, rootOf(seal))) throw brokenLog();
    return { record, seal, hashes };
  };

/**
 * Builds the proof between two seals by their numbers; null when the tenant has not both. Refuses with BAD_INPUT when the first is the later one,
 * with CONFLICT when the proof would not convince or needs records past their retention.
 */
export const proveConsistency =
  (deps: ProveAuditDeps) =>
  async (tenantId: TenantId, fromSeal: number, toSeal: number): Promise<ConsistencyProof | null> => {
    if (fromSeal > toSeal) throw refuse("BAD_INPUT", "The first seal is later than the second.", { field: "fromSeal" });
    const [from, to] = [await deps.seals.find(tenantId, fromSeal), await deps.seals.find(tenantId, toSeal)];
    if (from === null || to === null) return null;
    const hashes = await proofOf(deps, tenantId, consistencyRanges(from.treeSize, to.treeSize));
    const heads = [from, to].map((seal) => ({ size: seal.treeSize, root: rootOf(seal) }));
    const [older, newer] = heads;
    if (older === undefined || newer === undefined || !verifyConsistency(older, newer, hashes)) throw brokenLog();
    return { from, to, hashes };
  };
