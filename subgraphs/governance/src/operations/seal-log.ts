import type { TenantId } from "@tessera/contracts/ids";
import type { TenantSql } from "@tessera/platform/db/sql";
import { canonicalJson } from "@tessera/platform/integrity/canonical-json";
import { growingTree, type GrowingTree } from "@tessera/platform/integrity/merkle-tree";
import { missing, sealFinding, truncated, type Expected, type Finding } from "../domain/audit-finding.ts";
import { hashText, NO_HASH } from "../domain/audit-record.ts";
import { blockStart, expiredBeforeMs, keptFromOf } from "../domain/audit-retention.ts";
import { SEAL_TYPE, type SealStatement, type StoredSeal } from "../domain/audit-seal.ts";
import type { AuditStore } from "../store/audit-store.ts";
import type { NodeStore, StoredNode } from "../store/node-store.ts";
import type { SealStore } from "../store/seal-store.ts";
import { verifiedStatement, walkSeals, type SealVerifier } from "./check-seals.ts";
import { sealDigest } from "./hash-record.ts";
import { appendBefore, isKept, type ReadTree } from "./read-tree.ts";
import type { WalkChain } from "./walk-chain.ts";

/** Records one seal adds at most: a second or two of hashing; what is left is sealed next. */
export const MAX_SEALED_RECORDS = 20_000;

/** What came of sealing: a new seal, nothing to seal, or a log that is not as it was written, which is never sealed. */
export type SealOutcome =
  | { readonly kind: "SEALED"; readonly seal: StoredSeal; readonly more: boolean }
  | { readonly kind: "UNCHANGED"; readonly seal: StoredSeal | null }
  | { readonly kind: "BROKEN"; readonly finding: Finding };

/** Seals a tenant's log as it stands, at most {@link MAX_SEALED_RECORDS} records further than before. */
export type SealLog = (tenantId: TenantId) => Promise<SealOutcome>;

/** What sealing works with. */
export interface SealLogDeps {
  readonly sql: Pick<TenantSql, "transaction">;
  readonly records: AuditStore;
  readonly seals: SealStore;
  readonly nodes: NodeStore;
  readonly readTree: ReadTree;
  readonly walk: WalkChain;
  readonly keys: SealVerifier & { readonly sign: (type: string, payload: string) => Promise<string> };
  readonly nowMs: () => number;
  /** Records one seal adds at most. */
  readonly maxSealed: number;
}

/** Where the walk begins: at the block of the last sealed record, behind the record before it. */
const startOf = async ({ records }: SealLogDeps, tenantId: TenantId, said: SealStatement | null): Promise<Expected> => {
  const sequence = blockStart(said?.treeSize ?? 0);
  if (sequence === 0) return { sequence, previousHash: NO_HASH };
  const [before] = sequence > (said?.keptFrom ?? 0) ? await records.readFrom(tenantId, sequence - 1, 1) : [];
  return { sequence, previousHash: before?.sequence === sequence - 1 ? before.hash : null };
};

interface Grown {
  readonly tree: GrowingTree;
  readonly nodes: readonly StoredNode[];
  readonly headHash: Uint8Array;
  readonly more: boolean;
}

/** Walks what is not sealed yet, and checks on the way that what was sealed before still stands. */
const grow = async (
  deps: SealLogDeps,
  tenantId: TenantId,
  before: StoredSeal | null,
  start: Expected,
): Promise<Grown | Finding> => {
  const nodes: StoredNode[] = [];
  const tree = growingTree((node, hash) => {
    if (isKept(node)) nodes.push({ ...node, hash });
  });
  if (!(await appendBefore(deps.readTree, tenantId, tree, start.sequence)))
    return missing(start.sequence, `Hashes of the tree before ${start.sequence} are gone.`);
  nodes.length = 0;
  const sealed = before?.treeSize ?? 0;
  const seals = await walkSeals(deps, tenantId, sealed);
  let headHash = start.previousHash ?? NO_HASH;
  const limit = sealed - start.sequence + deps.maxSealed;
  const atStart = await seals.at(tree, null);
  if (atStart !== null) return atStart;
  const walked = await deps.walk(tenantId, start, limit, (record) => {
    tree.append(record.hash);
    headHash = record.hash;
    return seals.at(tree, headHash);
  });
  if (walked.finding !== null) return walked.finding;
  if (walked.end < sealed) return truncated(walked.end, `${sealed} records were sealed.`);
  return { tree, nodes, headHash, more: !walked.atEnd };
};

const statementOf = async (
  { records, nowMs }: SealLogDeps,
  tenantId: TenantId,
  before: StoredSeal | null,
  { tree, headHash }: Grown,
): Promise<SealStatement> => {
  const firstUnexpired = await records.firstSince(tenantId, expiredBeforeMs(nowMs()));
  const kept = Math.min(firstUnexpired ?? tree.size(), tree.size());
  return {
    version: 1,
    tenantId,
    number: before === null ? 0 : before.number + 1,
    treeSize: tree.size(),
    rootHash: hashText(tree.root()),
    headHash: hashText(headHash),
    previousSeal: before === null ? null : sealDigest(before.jws),
    keptFrom: keptFromOf(kept, before?.keptFrom ?? 0),
    sealedAtMs: Math.max(nowMs(), before?.sealedAtMs ?? 0),
  };
};

const isFinding = (grown: Grown | Finding): grown is Finding => "kind" in grown;

/** Builds {@link SealLog}: one seal at a time per tenant, each linked to the one before; the newest seal must be good and still true. */
export const sealLog =
  (deps: SealLogDeps): SealLog =>
  (tenantId) =>
    deps.sql.transaction(tenantId, async (transaction): Promise<SealOutcome> => {
      await deps.seals.lock(transaction, tenantId);
      const before = await deps.seals.newest(tenantId, transaction);
      const said = before === null ? null : await verifiedStatement(deps.keys, before.jws);
      if (before !== null && said === null) {
        const finding = sealFinding(before, said, null, tenantId);
        if (finding !== null) return { kind: "BROKEN", finding };
      }
      const grown = await grow(deps, tenantId, before, await startOf(deps, tenantId, said));
      if (isFinding(grown)) return { kind: "BROKEN", finding: grown };
      if (grown.tree.size() === 0) return { kind: "UNCHANGED", seal: null };
      const statement = await statementOf(deps, tenantId, before, grown);
      const isNew = statement.treeSize !== before?.treeSize || statement.keptFrom !== before.keptFrom;
      if (!isNew) return { kind: "UNCHANGED", seal: before };
      const jws = await deps.keys.sign(SEAL_TYPE, canonicalJson({ ...statement }));
      const { number, treeSize, keptFrom, sealedAtMs } = statement;
      const seal: StoredSeal = { number, treeSize, keptFrom, sealedAtMs, jws };
      await deps.nodes.insert(transaction, tenantId, grown.nodes);
      await deps.seals.insert(transaction, tenantId, seal);
      return { kind: "SEALED", seal, more: grown.more };
    });
