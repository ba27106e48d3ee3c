import { z } from "zod";
import type { TenantId } from "@tessera/contracts/ids";
import type { SubgraphAnswer } from "@tessera/platform/testing/ask-subgraph";
import { freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import type { Json } from "../domain/audit-record.ts";
import { hashRecord } from "../operations/hash-record.ts";
import type { AuditRoom } from "./audit-room.ts";

const VERIFY = `query ($range: AuditRangeInput, $trusted: [String!]) { verifyAudit(range: $range, trustedSeals: $trusted) {
  __typename
  ... on AuditVerified { from records seals sealedRecords next }
  ... on AuditBroken { kind sequence sealNumber detail verifiedRecords }
} }`;

/** Asks for the verification of a log, or of a part of it. */
export const askVerify = (room: AuditRoom, tenantId: TenantId, variables: object = {}): Promise<SubgraphAnswer> =>
  room.ask(tenantId, VERIFY, variables);

/** What verification says; throws what it was refused with. */
export const verify = async (room: AuditRoom, tenantId: TenantId, variables: object = {}): Promise<unknown> => {
  const { data, errors } = await askVerify(room, tenantId, variables);
  if (errors !== undefined) throw new Error(JSON.stringify(errors));
  return data?.["verifyAudit"];
};

/** A log of 700 records in three seals, and 20 more that are not sealed. */
export const sealedLog = async (room: AuditRoom): Promise<TenantId> => {
  const tenantId = freshTenantId();
  for (const count of [300, 250, 150]) {
    await room.append(tenantId, count);
    const { kind } = await room.audit.sealLog(tenantId);
    if (kind !== "SEALED") throw new Error(`The log was not sealed: ${kind}.`);
  }
  await room.append(tenantId, 20);
  return tenantId;
};

/** A row of the log as the owner of the database reads it. */
export const rowShape = z.object({
  sequence: z.coerce.number(),
  previous_hash: z.instanceof(Uint8Array),
  recorded_at_ms: z.coerce.number(),
  entry: z.custom<Json>((value) => value !== undefined),
});
/** Rewrites the log from a place on as somebody would who knows how hashes are taken and owns the database, but not the key. */
export const rewriteFrom = async (
  room: AuditRoom,
  tenantId: TenantId,
  from: number,
  change: (entry: Json) => Json,
): Promise<void> => {
  const { rows } = await room.engines.owner.query(
    "SELECT * FROM audit_record WHERE tenant_id = $1 AND sequence >= $2 ORDER BY sequence",
    [tenantId, from],
  );
  let previousHash: Uint8Array | null = null;
  for (const row of rows.map((each) => rowShape.parse(each))) {
    const link = {
      tenantId,
      sequence: row.sequence,
      previousHash: previousHash ?? row.previous_hash,
      recordedAtMs: row.recorded_at_ms,
      entry: previousHash === null ? change(row.entry) : row.entry,
    };
    const hash = hashRecord(link);
    const text =
      "UPDATE audit_record SET previous_hash = $3, entry = $4, hash = $5 WHERE tenant_id = $1 AND sequence = $2";
    await room.engines.owner.query(text, [
      tenantId,
      link.sequence,
      link.previousHash,
      JSON.stringify(link.entry),
      hash,
    ]);
    previousHash = hash;
  }
};
/** An entry that tells of another code. */
export const withCode = (entry: Json): Json => ({
  ...z.record(z.string(), z.custom<Json>()).parse(entry),
  code: "OTHER",
});
