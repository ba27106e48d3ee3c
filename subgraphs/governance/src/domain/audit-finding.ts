import type { TenantId } from "@tessera/contracts/ids";
import { hashText, type AuditLink, type AuditRecord } from "./audit-record.ts";
import { isFiledRight, type SealStatement, type StoredSeal } from "./audit-seal.ts";

/** What can be wrong with an audit log. */
export type FindingKind = "EDITED" | "MISSING" | "REORDERED" | "TRUNCATED" | "FORGED_SEAL" | "MISSING_SEAL";

/** The first place of a log that is not as it was written. */
export interface Finding {
  readonly kind: FindingKind;
  /** Place of the record; null when it is about a seal alone. */
  readonly sequence: number | null;
  /** Number of the seal; null when it is about a record. */
  readonly seal: number | null;
  readonly detail: string;
}

/** What the record at the next place must follow. */
export interface Expected {
  readonly sequence: number;
  /** Null when the record before is no longer kept. */
  readonly previousHash: Uint8Array | null;
}

/** Takes the hash of a record's canonical form. */
export type HashOf = (link: AuditLink) => Uint8Array;

const same = (one: Uint8Array, other: Uint8Array): boolean => hashText(one) === hashText(other);
const about = (kind: FindingKind, sequence: number, detail: string): Finding => ({
  ...{ kind, sequence, detail },
  seal: null,
});

/** Whether a record whose hash is not its own carries what was written for another place. */
const isFromElsewhere = (record: AuditRecord, neighbours: readonly AuditRecord[], hashOf: HashOf): boolean =>
  neighbours.some(
    ({ sequence, entry }) =>
      sequence !== record.sequence &&
      (same(hashOf({ ...record, sequence }), record.hash) || same(hashOf({ ...record, entry }), record.hash)),
  );

/** What is wrong with the record that stands where another is expected; null when nothing is. `neighbours` are records around it. */
export const recordFinding = (
  record: AuditRecord,
  expected: Expected,
  neighbours: readonly AuditRecord[],
  hashOf: HashOf,
): Finding | null => {
  const { sequence } = expected;
  if (record.sequence > sequence)
    return about(
      "MISSING",
      sequence,
      `The record at ${sequence} is gone; the next one there is stands at ${record.sequence}.`,
    );
  if (!same(hashOf(record), record.hash))
    return isFromElsewhere(record, neighbours, hashOf)
      ? about("REORDERED", sequence, `What stands at ${sequence} was written for another place.`)
      : about("EDITED", sequence, `The record at ${sequence} is not what its hash was taken of.`);
  if (expected.previousHash !== null && !same(record.previousHash, expected.previousHash))
    return about(
      "EDITED",
      sequence - 1,
      `The record at ${sequence - 1} is not the one that the record at ${sequence} was written behind.`,
    );
  return null;
};

/** A log that ends before a place somebody vouched for. */
export const truncated = (end: number, why: string): Finding =>
  about("TRUNCATED", end, `The log ends before its record at ${end}: ${why}`);

/** A record or a stored hash that must be there and is not. */
export const missing = (sequence: number, detail: string): Finding => about("MISSING", sequence, detail);

/** A record whose content is not what the event log still tells of the execution. */
export const rewritten = (sequence: number): Finding =>
  about("EDITED", sequence, `The record at ${sequence} is not what the event log tells of the same execution.`);

const aboutSeal = (kind: FindingKind, { number }: StoredSeal, detail: string): Finding => ({
  ...{ kind, detail, seal: number },
  sequence: null,
});

/** What a seal must follow: the number and the digest of the one before; null before the first. */
export interface SealBefore {
  readonly number: number;
  readonly treeSize: number;
  readonly digest: string;
}

/** What is wrong with a seal by itself and behind the one before; `said` is what it says if its signature is good. */
export const sealFinding = (
  seal: StoredSeal,
  said: SealStatement | null,
  before: SealBefore | null,
  tenantId: TenantId,
): Finding | null => {
  const forged = (detail: string): Finding => aboutSeal("FORGED_SEAL", seal, detail);
  if (said === null) return forged(`Seal ${seal.number} is not signed by this installation.`);
  if (said.tenantId !== tenantId || !isFiledRight(seal, said))
    return forged(`Seal ${seal.number} is filed under what it does not say.`);
  const number = before === null ? Math.max(0, seal.number - 1) : before.number + 1;
  if (seal.number !== (before === null ? 0 : number))
    return aboutSeal("MISSING_SEAL", { ...seal, number }, `Seal ${number} is gone.`);
  if (said.previousSeal !== (before?.digest ?? null))
    return forged(`Seal ${seal.number} was made behind another seal ${number - 1}.`);
  if (before !== null && said.treeSize < before.treeSize)
    return forged(`Seal ${seal.number} covers less than the one before.`);
  return null;
};

/** What is wrong between a seal that is good in itself and the log up to its size. */
export const sealedFinding = (
  said: SealStatement,
  tree: { readonly rootHash: string; readonly headHash: string | null },
  sealedBefore: number,
): Finding | null =>
  said.rootHash === tree.rootHash && (tree.headHash === null || said.headHash === tree.headHash)
    ? null
    : about(
        "EDITED",
        sealedBefore,
        `Seal ${said.number} was made of other records: between ${sealedBefore} and ${said.treeSize - 1} at least one, or a kept hash of the tree, was replaced.`,
      );

/** A stored seal that is not the one somebody kept. */
export const notTheKeptSeal = (kept: SealStatement): Finding => ({
  kind: "FORGED_SEAL",
  sequence: null,
  seal: kept.number,
  detail: `Seal ${kept.number} is not the one that was handed out under this number.`,
});
