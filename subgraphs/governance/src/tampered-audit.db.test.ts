import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { z } from "zod";
import type { TenantId } from "@tessera/contracts/ids";
import { canonicalJson } from "@tessera/platform/integrity/canonical-json";
import { signingKeysOf } from "@tessera/platform/integrity/signing-key";
import { freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { SEAL_TYPE, unverifiedStatement } from "./domain/audit-seal.ts";
import { hashRecord } from "./operations/hash-record.ts";
import { execution, openAuditRoom, type AuditRoom } from "./testing/audit-room.ts";
import { askVerify, rewriteFrom, rowShape, sealedLog, verify, withCode } from "./testing/sealed-log.ts";

let room: AuditRoom;
beforeAll(() => {
  room = openAuditRoom();
});
afterAll(() => room.close());

const owner = (text: string, ...params: unknown[]) => room.engines.owner.query(text, params);
const isBroken = (kind: string, sequence: number | null, seal: number | null = null) =>
  expect.objectContaining({ __typename: "AuditBroken", kind, sequence, sealNumber: seal });
/** What sealing does with a log that was found broken: nothing, and it says so. */
const isNotSealed = async (tenantId: TenantId): Promise<void> => {
  const seals = "SELECT count(*)::int AS count FROM audit_seal WHERE tenant_id = $1";
  const before = (await owner(seals, tenantId)).rows;
  await room.append(tenantId, 1);
  expect(await room.audit.sealLog(tenantId)).toMatchObject({ kind: "BROKEN" });
  expect((await owner(seals, tenantId)).rows).toEqual(before);
};

describe("what the owner of the database does to the log is found", () => {
  it.each([
    ["an entry", "entry = jsonb_set(entry, '{decision}', '\"ALLOWED\"') || '{\"code\": \"X\"}'"],
    ["an added member", "entry = entry || '{\"note\": 1}'"],
    ["the time of recording", "recorded_at_ms = recorded_at_ms + 1"],
    ["the hash of the record before", "previous_hash = sha256('x')"],
    ["the hash", "hash = sha256('x')"],
  ])("editing %s", async (_what, change) => {
    const tenantId = await sealedLog(room);
    await owner(`UPDATE audit_record SET ${change} WHERE tenant_id = $1 AND sequence = 421`, tenantId);
    expect(await verify(room, tenantId)).toEqual(isBroken("EDITED", 421));
    expect(await verify(room, tenantId, { range: { from: 0, to: 420 } })).toMatchObject({ records: 421 });
  });

  it("editing a record and hashing everything behind it anew", async () => {
    const tenantId = await sealedLog(room);
    await rewriteFrom(room, tenantId, 421, withCode);
    expect(await verify(room, tenantId)).toEqual(isBroken("EDITED", 300));
    expect(await verify(room, tenantId, { range: { from: 600 } })).toEqual(isBroken("EDITED", 0));
    await isNotSealed(tenantId);
  });

  it("editing a record together with its hash alone", async () => {
    const tenantId = await sealedLog(room);
    const { rows } = await owner("SELECT * FROM audit_record WHERE tenant_id = $1 AND sequence = 421", tenantId);
    const row = rowShape.parse(rows[0]);
    const link = {
      tenantId,
      sequence: 421,
      previousHash: row.previous_hash,
      recordedAtMs: row.recorded_at_ms,
      entry: withCode(row.entry),
    };
    const text = "UPDATE audit_record SET entry = $3, hash = $4 WHERE tenant_id = $1 AND sequence = $2";
    await owner(text, tenantId, 421, JSON.stringify(link.entry), hashRecord(link));
    expect(await verify(room, tenantId)).toEqual(isBroken("EDITED", 421));
  });

  it("deleting a record, the first one, or a whole stretch", async () => {
    for (const [from, to] of [
      [421, 421],
      [0, 0],
      [0, 511],
      [700, 705],
    ] as const) {
      const tenantId = await sealedLog(room);
      await owner("DELETE FROM audit_record WHERE tenant_id = $1 AND sequence BETWEEN $2 AND $3", tenantId, from, to);
      expect(await verify(room, tenantId)).toEqual(isBroken("MISSING", from));
    }
  });

  it("deleting a record and closing the gap", async () => {
    const tenantId = await sealedLog(room);
    await owner("DELETE FROM audit_record WHERE tenant_id = $1 AND sequence = 421", tenantId);
    for (let sequence = 422; sequence < 720; sequence += 1)
      await owner(
        "UPDATE audit_record SET sequence = $2 - 1 WHERE tenant_id = $1 AND sequence = $2",
        tenantId,
        sequence,
      );
    expect(await verify(room, tenantId)).toEqual(isBroken("REORDERED", 421));
  });

  it("exchanging two records, by their places or by what they say", async () => {
    const byPlace = await sealedLog(room);
    for (const [from, to] of [
      [421, 9_999],
      [424, 421],
      [9_999, 424],
    ])
      await owner("UPDATE audit_record SET sequence = $3 WHERE tenant_id = $1 AND sequence = $2", byPlace, from, to);
    expect(await verify(room, byPlace)).toEqual(isBroken("REORDERED", 421));
    const byEntry = await sealedLog(room);
    const { rows } = await owner(
      "SELECT entry FROM audit_record WHERE tenant_id = $1 AND sequence IN (421, 424) ORDER BY sequence",
      byEntry,
    );
    const entries = rows.map((row) => z.object({ entry: z.unknown() }).parse(row).entry);
    await owner("DELETE FROM event_log WHERE tenant_id = $1", byEntry);
    const write = "UPDATE audit_record SET entry = $3 WHERE tenant_id = $1 AND sequence = $2";
    await owner(write, byEntry, 421, JSON.stringify({ ...execution(byEntry), tenantId: undefined }));
    await owner(write, byEntry, 424, JSON.stringify(entries[0]));
    await owner(write, byEntry, 421, JSON.stringify(entries[1]));
    expect(await verify(room, byEntry)).toEqual(isBroken("REORDERED", 421));
  });

  it("cutting off sealed records, and nothing is ever written at their places again", async () => {
    const tenantId = await sealedLog(room);
    await owner("DELETE FROM audit_record WHERE tenant_id = $1 AND sequence >= 650", tenantId);
    expect(await verify(room, tenantId)).toEqual(isBroken("TRUNCATED", 650));
    await isNotSealed(tenantId);
    expect(await verify(room, tenantId)).toEqual(isBroken("MISSING", 650));
  });

  it("cutting off records that are not sealed yet, as long as the event log tells of them", async () => {
    const tenantId = freshTenantId();
    await room.tell(Array.from({ length: 6 }, () => execution(tenantId)));
    await room.record(tenantId, 6);
    await room.audit.sealLog(tenantId);
    await room.tell(Array.from({ length: 4 }, () => execution(tenantId)));
    await room.record(tenantId, 10);
    expect(await verify(room, tenantId)).toMatchObject({ records: 10 });
    await owner("DELETE FROM audit_record WHERE tenant_id = $1 AND sequence >= 8", tenantId);
    expect(await verify(room, tenantId)).toEqual(isBroken("TRUNCATED", 8));
  });

  it("editing one that is not sealed yet and hashing it anew, as long as the event log tells of it", async () => {
    const tenantId = freshTenantId();
    await room.tell(Array.from({ length: 6 }, () => execution(tenantId)));
    await room.record(tenantId, 6);
    await rewriteFrom(room, tenantId, 4, withCode);
    expect(await verify(room, tenantId)).toEqual(isBroken("EDITED", 4));
  });

  it("cutting off records and their seals, by a seal that was kept outside", async () => {
    const tenantId = await sealedLog(room);
    const { rows } = await owner("SELECT jws FROM audit_seal WHERE tenant_id = $1 ORDER BY number", tenantId);
    const [, , newest] = rows.map((row) => z.object({ jws: z.string() }).parse(row).jws);
    expect(await verify(room, tenantId, { trusted: [newest] })).toMatchObject({ __typename: "AuditVerified" });
    await owner("DELETE FROM audit_record WHERE tenant_id = $1 AND sequence >= 550", tenantId);
    await owner("DELETE FROM audit_seal WHERE tenant_id = $1 AND number = 2", tenantId);
    expect(await verify(room, tenantId)).toMatchObject({ __typename: "AuditVerified", records: 550 });
    expect(await verify(room, tenantId, { trusted: [newest] })).toEqual(isBroken("TRUNCATED", 699));
    await room.append(tenantId, 150);
    await room.audit.sealLog(tenantId);
    expect(await verify(room, tenantId, { trusted: [newest] })).toEqual(isBroken("FORGED_SEAL", null, 2));
  });

  it("deleting everything, by a seal that was kept outside", async () => {
    const tenantId = await sealedLog(room);
    const { rows } = await owner("SELECT jws FROM audit_seal WHERE tenant_id = $1 AND number = 0", tenantId);
    const { jws } = z.object({ jws: z.string() }).parse(rows[0]);
    for (const table of ["audit_record", "audit_seal", "audit_node"])
      await owner(`DELETE FROM ${table} WHERE tenant_id = $1`, tenantId);
    expect(await verify(room, tenantId, { trusted: [jws] })).toEqual(isBroken("TRUNCATED", 299));
  });

  it("deleting a seal between others, or the first", async () => {
    for (const number of [0, 1]) {
      const tenantId = await sealedLog(room);
      await owner("DELETE FROM audit_seal WHERE tenant_id = $1 AND number = $2", tenantId, number);
      expect(await verify(room, tenantId)).toEqual(isBroken("MISSING_SEAL", null, number));
    }
  });

  it("changing what a seal says, its columns, or signing it with another key", async () => {
    const keys = signingKeysOf(["another secret, just as long as the first"], "tessera audit seal");
    const forgeries: ((tenantId: TenantId, jws: string) => Promise<unknown>)[] = [
      (tenantId) => owner("UPDATE audit_seal SET tree_size = 540 WHERE tenant_id = $1 AND number = 1", tenantId),
      (tenantId) => owner("UPDATE audit_seal SET kept_from = 256 WHERE tenant_id = $1 AND number = 1", tenantId),
      (tenantId, jws) =>
        owner(
          "UPDATE audit_seal SET jws = $2 WHERE tenant_id = $1 AND number = 1",
          tenantId,
          `${jws.slice(0, -4)}AAAA`,
        ),
      async (tenantId, jws) => {
        const forged = await keys.sign(SEAL_TYPE, canonicalJson({ ...unverifiedStatement(jws) }));
        return owner("UPDATE audit_seal SET jws = $2 WHERE tenant_id = $1 AND number = 1", tenantId, forged);
      },
    ];
    for (const forge of forgeries) {
      const tenantId = await sealedLog(room);
      const { rows } = await owner("SELECT jws FROM audit_seal WHERE tenant_id = $1 AND number = 1", tenantId);
      await forge(tenantId, z.object({ jws: z.string() }).parse(rows[0]).jws);
      expect(await verify(room, tenantId)).toEqual(isBroken("FORGED_SEAL", null, 1));
    }
  });

  it("a forged newest seal that gives up records it may not", async () => {
    const tenantId = await sealedLog(room);
    await owner("UPDATE audit_seal SET kept_from = 512 WHERE tenant_id = $1 AND number = 2", tenantId);
    await owner("DELETE FROM audit_record WHERE tenant_id = $1 AND sequence < 512", tenantId);
    expect(await verify(room, tenantId)).toEqual(isBroken("MISSING", 0));
    await isNotSealed(tenantId);
  });

  it("another tenant's seal in place of the own", async () => {
    const [tenantId, other] = [await sealedLog(room), await sealedLog(room)];
    await owner(
      "UPDATE audit_seal SET jws = (SELECT jws FROM audit_seal WHERE tenant_id = $2 AND number = 1) WHERE tenant_id = $1 AND number = 1",
      ...[tenantId, other],
    );
    expect(await verify(room, tenantId)).toEqual(isBroken("FORGED_SEAL", null, 1));
    const { rows } = await owner("SELECT jws FROM audit_seal WHERE tenant_id = $1 AND number = 0", other);
    const answer = await askVerify(room, tenantId, { trusted: [z.object({ jws: z.string() }).parse(rows[0]).jws] });
    expect(answer.errors?.[0]?.extensions).toMatchObject({ code: "BAD_INPUT", field: "trustedSeals" });
  });

  it("editing a kept hash of the tree: parts behind it no longer fit their seal, nothing is proved, nothing is sealed", async () => {
    const tenantId = await sealedLog(room);
    await owner("UPDATE audit_node SET hash = sha256('x') WHERE tenant_id = $1 AND index = 1", tenantId);
    expect(await verify(room, tenantId, { range: { from: 600 } })).toEqual(isBroken("EDITED", 0));
    await isNotSealed(tenantId);
    const gone = await sealedLog(room);
    await owner("DELETE FROM audit_node WHERE tenant_id = $1", gone);
    expect(await verify(room, gone, { range: { from: 600 } })).toEqual(isBroken("MISSING", 512));
  });
});
