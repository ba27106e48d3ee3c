import { unverifiedStatement, type SealStatement, type StoredSeal } from "../domain/audit-seal.ts";
import type {
  AuditSealConnectionResolvers,
  AuditSealEdgeResolvers,
  AuditSealResolvers,
} from "../generated/resolvers.ts";
import { timeText } from "./time-text.ts";

/** What a seal says; throws when somebody changed it into none, which verifyAudit names. */
const saidBy = ({ jws, number }: StoredSeal): SealStatement => {
  const said = unverifiedStatement(jws);
  if (said === null) throw new Error(`Seal ${number} of an audit log says nothing.`);
  return said;
};
const cursorOrNull = (seal: StoredSeal | undefined): string | null => (seal === undefined ? null : String(seal.number));

/** A signed statement about the log, by what its JWS says. */
export const AuditSeal: AuditSealResolvers = {
  number: (seal) => saidBy(seal).number,
  treeSize: (seal) => saidBy(seal).treeSize,
  rootHash: (seal) => saidBy(seal).rootHash,
  headHash: (seal) => saidBy(seal).headHash,
  keptFrom: (seal) => saidBy(seal).keptFrom,
  sealedAt: (seal) => timeText(saidBy(seal).sealedAtMs),
  jws: ({ jws }) => jws,
};

/** A page of seals. */
export const AuditSealConnection: AuditSealConnectionResolvers = {
  nodes: ({ items }) => items,
  edges: ({ items }) => items,
  pageInfo: ({ items, hasNext, hasPrevious }) => ({
    hasNextPage: hasNext,
    hasPreviousPage: hasPrevious,
    startCursor: cursorOrNull(items[0]),
    endCursor: cursorOrNull(items.at(-1)),
  }),
};

/** A seal in its page. */
export const AuditSealEdge: AuditSealEdgeResolvers = {
  node: (seal) => seal,
  cursor: ({ number }) => String(number),
};
