import type { TenantId } from "@tessera/contracts/ids";
import type { GrowingTree } from "@tessera/platform/integrity/merkle-tree";
import { sealedFinding, sealFinding, type Finding, type SealBefore } from "../domain/audit-finding.ts";
import { hashText } from "../domain/audit-record.ts";
import { parseStatement, SEAL_TYPE, type SealStatement, type StoredSeal } from "../domain/audit-seal.ts";
import type { SealStore } from "../store/seal-store.ts";
import { sealDigest } from "./hash-record.ts";

/** Seals read at once. */
const SEAL_PAGE = 200;

/** Gives what a JWS of some type says if its signature is good. */
export interface SealVerifier {
  readonly verify: (type: string, jws: string) => Promise<string | null>;
}

/** Reads a seal whose signature is good; null otherwise. */
export const verifiedStatement = async (keys: SealVerifier, jws: string): Promise<SealStatement | null> => {
  const signed = await keys.verify(SEAL_TYPE, jws);
  return signed === null ? null : parseStatement(signed);
};

/** Seals as a walk along the log meets them. */
export interface SealWalk {
  /** Checks every seal of exactly so many records as the tree has. */
  readonly at: (tree: GrowingTree, headHash: Uint8Array | null) => Promise<Finding | null>;
  /** The next seal, checked in itself; null when there is none. */
  readonly next: () => Promise<{ readonly seal: StoredSeal; readonly finding: Finding | null } | null>;
  /** Seals that were found good together with the log. */
  readonly checked: () => number;
}

interface Pending {
  readonly seal: StoredSeal;
  readonly said: SealStatement | null;
  readonly finding: Finding | null;
}

const beforeOf = (seal: StoredSeal | null): SealBefore | null =>
  seal === null ? null : { number: seal.number, treeSize: seal.treeSize, digest: sealDigest(seal.jws) };

/** Reads seals one by one from a number on, each checked in itself and behind the one before. */
const sealReader = (deps: { seals: SealStore; keys: SealVerifier }, tenantId: TenantId, from: number) => {
  let waiting: StoredSeal[] = [];
  let [number, atEnd] = [from, false];
  let before: SealBefore | null | undefined;
  return async (): Promise<Pending | null> => {
    if (waiting.length === 0 && !atEnd) {
      waiting = [...(await deps.seals.since(tenantId, number, SEAL_PAGE))];
      atEnd = waiting.length < SEAL_PAGE;
    }
    const seal = waiting.shift();
    if (seal === undefined) return null;
    before ??= seal.number === 0 ? null : beforeOf(await deps.seals.find(tenantId, seal.number - 1));
    const said = await verifiedStatement(deps.keys, seal.jws);
    const finding = sealFinding(seal, said, before, tenantId);
    [before, number] = [beforeOf(seal), seal.number + 1];
    return { seal, said, finding };
  };
};

/** Begins a walk along the seals of at least `size` records. */
export const walkSeals = async (
  deps: { seals: SealStore; keys: SealVerifier },
  tenantId: TenantId,
  size: number,
): Promise<SealWalk> => {
  const first = await deps.seals.firstOver(tenantId, Math.max(size, 1));
  const read = first === null ? () => Promise.resolve(null) : sealReader(deps, tenantId, size === 0 ? 0 : first.number);
  let pending = await read();
  let [checked, sealedBefore] = [0, 0];
  return {
    next: () => Promise.resolve(pending),
    checked: () => checked,
    at: async (tree, headHash) => {
      while (pending !== null && pending.seal.treeSize <= tree.size()) {
        if (pending.finding !== null || pending.said === null) return pending.finding;
        const head = headHash === null ? null : hashText(headHash);
        const finding = sealedFinding(
          pending.said,
          { rootHash: hashText(tree.root()), headHash: head },
          Math.min(sealedBefore, tree.size() - 1),
        );
        if (finding !== null) return finding;
        [checked, sealedBefore] = [checked + 1, tree.size()];
        pending = await read();
      }
      return null;
    },
  };
};
