import type { TenantId } from "@tessera/contracts/ids";
import { canonicalJson } from "@tessera/platform/integrity/canonical-json";
import { growingTree } from "@tessera/platform/integrity/merkle-tree";
import { refuse } from "@tessera/platform/errors/refusal";
import { auditEntryOf, entryJson } from "../domain/audit-entry.ts";
import { missing, notTheKeptSeal, rewritten, truncated, type Expected, type Finding } from "../domain/audit-finding.ts";
import { NO_HASH } from "../domain/audit-record.ts";
import type { SealStatement } from "../domain/audit-seal.ts";
import { blockStart, expiredBeforeMs } from "../domain/audit-retention.ts";
import type { AuditStore } from "../store/audit-store.ts";
import type { SealStore } from "../store/seal-store.ts";
import { verifiedStatement, walkSeals, type SealVerifier, type SealWalk } from "./check-seals.ts";
import { appendBefore, type ReadTree } from "./read-tree.ts";
import type { WalkChain } from "./walk-chain.ts";

/** Records verified by one call, so that it ends well within the time an operation has; the next call goes on. */
export const MAX_VERIFIED_RECORDS = 20_000;
/** Seals from outside that one call compares. */
export const MAX_TRUSTED_SEALS = 20;
/** Entries of the event log that are compared with the end of the audit log. */
const MAX_TOLD = 10_000;

/** What is to be verified; places are of the first and the last record. */
export interface AuditRange {
  readonly from: number;
  readonly to: number | null;
}

/** What verification found. */
export type AuditVerdict =
  | {
      readonly kind: "VERIFIED";
      readonly from: number;
      /** The place after the last verified record. */
      readonly end: number;
      readonly seals: number;
      /** Records covered by the newest seal. */
      readonly sealed: number;
      /** Where to go on; null when the end of the log was reached. */
      readonly next: number | null;
    }
  | { readonly kind: "BROKEN"; readonly finding: Finding; readonly from: number; readonly verified: number };

/** Takes every hash anew over the stored rows and compares with chain, seals, seals kept outside, and what the event log still tells. */
export type VerifyAudit = (tenantId: TenantId, range: AuditRange, trusted: readonly string[]) => Promise<AuditVerdict>;

/** What verification works with. */
export interface VerifyAuditDeps {
  readonly records: AuditStore;
  readonly seals: SealStore;
  readonly readTree: ReadTree;
  readonly walk: WalkChain;
  readonly keys: SealVerifier;
  readonly nowMs: () => number;
  /** Records verified by one call at most. */
  readonly maxVerified: number;
  /** Under what name and topic the executions come. */
  readonly source: { readonly consumer: string; readonly topic: string };
}

/** A seal from outside with what it says. */
interface KeptSeal {
  readonly jws: string;
  readonly said: SealStatement;
}

const readKept = async (
  { keys }: VerifyAuditDeps,
  tenantId: TenantId,
  trusted: readonly string[],
): Promise<readonly KeptSeal[]> => {
  const kept: KeptSeal[] = [];
  for (const jws of trusted) {
    const said = await verifiedStatement(keys, jws);
    if (said === null || said.tenantId !== tenantId)
      throw refuse("BAD_INPUT", "A trusted seal must be one that this installation made for the tenant.", {
        field: "trustedSeals",
      });
    kept.push({ jws, said });
  }
  return kept;
};

/** Compares seals that were kept outside with those in the store. */
const keptFinding = async (
  deps: VerifyAuditDeps,
  tenantId: TenantId,
  kept: readonly KeptSeal[],
): Promise<Finding | null> => {
  for (const { jws, said } of kept) {
    const stored = await deps.seals.find(tenantId, said.number);
    if (stored === null)
      return truncated(said.treeSize - 1, `seal ${said.number} of ${said.treeSize} records is gone.`);
    if (stored.jws !== jws) return notTheKeptSeal(said);
  }
  return null;
};

/** Where verification begins: at a block, so that the tree before it is known by kept hashes, and where records are kept. */
const startOf = async (
  deps: VerifyAuditDeps,
  tenantId: TenantId,
  asked: number,
  newest: { readonly treeSize: number; readonly keptFrom: number },
): Promise<Expected | Finding> => {
  const sequence = Math.max(newest.keptFrom, Math.min(blockStart(asked), blockStart(newest.treeSize)));
  if (sequence === 0) return { sequence, previousHash: NO_HASH };
  if (sequence === newest.keptFrom) return { sequence, previousHash: null };
  const [before] = await deps.records.readFrom(tenantId, sequence - 1, 1);
  return before?.sequence === sequence - 1
    ? { sequence, previousHash: before.hash }
    : missing(sequence - 1, `The record at ${sequence - 1} is gone.`);
};

/** What only the end of the log can show: seals of more than there is, and executions that were told of and have no record. */
const endFinding = async (
  deps: VerifyAuditDeps,
  tenantId: TenantId,
  end: number,
  seals: SealWalk,
  sealed: number,
): Promise<Finding | null> => {
  const next = await seals.next();
  if (next !== null)
    return next.finding ?? truncated(end, `seal ${next.seal.number} was made of ${next.seal.treeSize} records.`);
  const told = await deps.records.told(tenantId, { ...deps.source, limit: MAX_TOLD }, sealed);
  for (const execution of told) {
    const entry = auditEntryOf(execution.told);
    if (entry === null || entry.startedAtMs < expiredBeforeMs(deps.nowMs())) continue;
    if (execution.recorded === null)
      return truncated(end, `the event log tells of execution ${entry.executionId}, which has no record.`);
    if (canonicalJson(entryJson(entry)) !== canonicalJson(execution.recorded.entry))
      return rewritten(execution.recorded.sequence);
  }
  return null;
};

const newestOf = async (
  deps: VerifyAuditDeps,
  tenantId: TenantId,
): Promise<{ readonly treeSize: number; readonly keptFrom: number }> => {
  const seal = await deps.seals.newest(tenantId);
  const said = seal === null ? null : await verifiedStatement(deps.keys, seal.jws);
  // What an unsigned seal says counts for nothing: the walk along the seals will name it.
  return { treeSize: said?.treeSize ?? 0, keptFrom: said?.tenantId === tenantId ? said.keptFrom : 0 };
};

const isFinding = (start: Expected | Finding): start is Finding => "kind" in start;

type Newest = Awaited<ReturnType<typeof newestOf>>;

const verifyFrom = async (
  deps: VerifyAuditDeps,
  tenantId: TenantId,
  { range, kept }: { readonly range: AuditRange; readonly kept: readonly KeptSeal[] },
  newest: Newest,
): Promise<AuditVerdict> => {
  const start = await startOf(deps, tenantId, range.from, newest);
  const from = start.sequence ?? 0;
  const broken = (finding: Finding, end = from): AuditVerdict => ({
    ...{ kind: "BROKEN", finding, from },
    verified: Math.max(0, end - from),
  });
  if (isFinding(start)) return broken(start);
  const tree = growingTree();
  if (!(await appendBefore(deps.readTree, tenantId, tree, start.sequence)))
    return broken(missing(start.sequence, `Hashes of the tree before ${start.sequence} are gone.`));
  const seals = await walkSeals(deps, tenantId, start.sequence);
  const atStart = start.sequence === 0 ? null : await seals.at(tree, null);
  if (atStart !== null) return broken(atStart);
  const wanted = range.to === null ? deps.maxVerified : Math.max(0, range.to + 1 - start.sequence);
  const walked = await deps.walk(tenantId, start, Math.min(wanted, deps.maxVerified), (record) => {
    tree.append(record.hash);
    return seals.at(tree, record.hash);
  });
  const finding =
    walked.finding ??
    (walked.atEnd ? await endFinding(deps, tenantId, walked.end, seals, newest.treeSize) : null) ??
    (await keptFinding(deps, tenantId, kept));
  if (finding !== null) return broken(finding, walked.end);
  const next = walked.atEnd ? null : walked.end;
  return {
    ...{ kind: "VERIFIED", from, end: walked.end, next },
    ...{ seals: seals.checked(), sealed: newest.treeSize },
  };
};

/** Builds {@link VerifyAudit}. */
export const verifyAudit =
  (deps: VerifyAuditDeps): VerifyAudit =>
  async (tenantId, range, trusted) => {
    const asked = { range, kept: await readKept(deps, tenantId, trusted) };
    const newest = await newestOf(deps, tenantId);
    const verdict = await verifyFrom(deps, tenantId, asked, newest);
    if (verdict.kind === "VERIFIED") return verdict;
    // Records that expired and were dropped meanwhile are not missing.
    const now = await newestOf(deps, tenantId);
    return now.keptFrom === newest.keptFrom ? verdict : verifyFrom(deps, tenantId, asked, now);
  };
