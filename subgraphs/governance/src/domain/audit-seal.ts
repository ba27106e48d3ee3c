import { parseTenantId, type TenantId } from "@tessera/contracts/ids";
import { z } from "zod";

/** Type of a seal's JWS. */
export const SEAL_TYPE = "tessera-audit-seal+jws";
const STATEMENT_VERSION = 1;

/** What a seal says of the whole log of a tenant at one moment. */
export interface SealStatement {
  readonly version: 1;
  readonly tenantId: TenantId;
  /** Place among the tenant's seals, from 0 on. */
  readonly number: number;
  /** Records the log had. */
  readonly treeSize: number;
  /** Root of the tree over their hashes (RFC 6962), hexadecimal; as is every hash here. */
  readonly rootHash: string;
  /** Hash of the last of them. */
  readonly headHash: string;
  /** SHA-256 of the JWS of the seal before; null for the first. */
  readonly previousSeal: string | null;
  /** Records before this place are past their retention and may be gone; all others are there. */
  readonly keptFrom: number;
  readonly sealedAtMs: number;
}

/** A seal as it is kept: the columns repeat what the JWS says. */
export interface StoredSeal {
  readonly number: number;
  readonly treeSize: number;
  readonly keptFrom: number;
  readonly sealedAtMs: number;
  readonly jws: string;
}

const place = z.number().int().nonnegative();
const hash = z.string().regex(/^[0-9a-f]{64}$/);
const tenantId = z.string().transform((text, context): TenantId => {
  const id = parseTenantId(text);
  if (id !== null) return id;
  context.addIssue("A seal names no tenant.");
  return z.NEVER;
});
const statementShape = z.strictObject({
  version: z.literal(STATEMENT_VERSION),
  tenantId,
  number: place,
  treeSize: place,
  rootHash: hash,
  headHash: hash,
  previousSeal: hash.nullable(),
  keptFrom: place,
  sealedAtMs: place,
});

/** Reads what was signed; null when it is no statement of a seal. */
export const parseStatement = (signed: string): SealStatement | null => {
  try {
    return statementShape.safeParse(JSON.parse(signed)).data ?? null;
  } catch {
    return null;
  }
};

/** What a JWS says, whoever signed it; null when it is no seal. */
export const unverifiedStatement = (jws: string): SealStatement | null =>
  parseStatement(Buffer.from(jws.split(".")[1] ?? "", "base64url").toString("utf8"));

/** True when a seal's columns say what its statement says. */
export const isFiledRight = (seal: StoredSeal, said: SealStatement): boolean =>
  said.number === seal.number &&
  said.treeSize === seal.treeSize &&
  said.keptFrom === seal.keptFrom &&
  said.sealedAtMs === seal.sealedAtMs;
