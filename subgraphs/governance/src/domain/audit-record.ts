import type { TenantId } from "@tessera/contracts/ids";

/** Any value JSON can say. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/** Version of the canonical form of a record. */
const FORM_VERSION = 1;

/** A record before it has its hash: a place in the chain, and what happened. */
export interface AuditLink {
  readonly tenantId: TenantId;
  /** Place in the tenant's log, from 0 on without gaps; also the place of the leaf in its tree. */
  readonly sequence: number;
  /** Hash of the record before; 32 zero bytes for the first. */
  readonly previousHash: Uint8Array;
  /** When it was recorded, milliseconds since the epoch; never less than that of the record before. */
  readonly recordedAtMs: number;
  /** An entry exactly as it is stored, so that nothing in it escapes the hash. */
  readonly entry: Json;
}

/** One record of a tenant's audit log. */
export interface AuditRecord extends AuditLink {
  readonly hash: Uint8Array;
}

/** What stands in place of the previous hash in the first record. */
export const NO_HASH: Uint8Array = new Uint8Array(32);

/** A hash as text: 64 hexadecimal digits in lower case. */
export const hashText = (hash: Uint8Array): string => Buffer.from(hash).toString("hex");

/** What a record's hash is taken of, as a value; its canonical JSON (RFC 8785) is the data of the leaf. */
export const recordDocument = ({ tenantId, sequence, previousHash, recordedAtMs, entry }: AuditLink): Json => ({
  version: FORM_VERSION,
  tenantId,
  sequence,
  previousHash: hashText(previousHash),
  recordedAtMs,
  entry,
});

/** Where the next record goes. */
export interface ChainHead {
  /** Records so far, dropped ones included: the sequence of the next one. */
  readonly size: number;
  readonly hash: Uint8Array;
  readonly recordedAtMs: number;
}

/** The head of a log without records. */
export const EMPTY_HEAD: ChainHead = { size: 0, hash: NO_HASH, recordedAtMs: 0 };
