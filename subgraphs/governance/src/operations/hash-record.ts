import { createHash } from "node:crypto";
import { canonicalJson } from "@tessera/platform/integrity/canonical-json";
import { leafHash } from "@tessera/platform/integrity/merkle-tree";
import { hashText, recordDocument, type AuditLink } from "../domain/audit-record.ts";

/** The text a record's hash is taken of: canonical JSON (RFC 8785). */
export const canonicalRecord = (link: AuditLink): string => canonicalJson(recordDocument(link));

/** A record's hash, which is also its leaf in the tree: SHA-256 of 0x00 and the canonical text (RFC 6962). */
export const hashRecord = (link: AuditLink): Uint8Array => leafHash(canonicalRecord(link));

/** By what a seal names the one before it: SHA-256 of its JWS, hexadecimal. */
export const sealDigest = (jws: string): string => hashText(createHash("sha256").update(jws).digest());
