import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { z } from "zod";
import { leafHash, verifyConsistency, verifyInclusion } from "@tessera/platform/integrity/merkle-tree";
import { signingKeysOf } from "@tessera/platform/integrity/signing-key";
import { freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { SEAL_TYPE } from "./domain/audit-seal.ts";
import { AUDIT_SECRET, openAuditRoom, type AuditRoom } from "./testing/audit-room.ts";
import { sealedLog, verify } from "./testing/sealed-log.ts";

let room: AuditRoom;
beforeAll(() => {
  room = openAuditRoom();
});
afterAll(() => room.close());

describe("a log as it was written", () => {
  it("is verified with all its seals, and over again as it grows", async () => {
    const tenantId = await sealedLog(room);
    const whole = { __typename: "AuditVerified", from: 0, records: 720, seals: 3, sealedRecords: 700, next: null };
    expect(await verify(room, tenantId)).toEqual(whole);
    await room.append(tenantId, 5);
    expect(await verify(room, tenantId)).toEqual({ ...whole, records: 725 });
  });

  it("is verified in parts, from the block a place lies in, with the seals that end there", async () => {
    const tenantId = await sealedLog(room);
    expect(await verify(room, tenantId, { range: { from: 600 } })).toMatchObject({ from: 512, records: 208, seals: 2 });
    expect(await verify(room, tenantId, { range: { from: 300, to: 599 } })).toMatchObject({
      ...{ from: 256, records: 344, seals: 2, next: 600 },
    });
    expect(await verify(room, tenantId, { range: { from: 100_000 } })).toMatchObject({
      from: 512,
      seals: 2,
      next: null,
    });
  });

  it("without a record, or without a seal, is verified too", async () => {
    const tenantId = freshTenantId();
    const nothing = { records: 0, seals: 0, sealedRecords: 0, next: null };
    expect(await verify(room, tenantId)).toMatchObject(nothing);
    expect(await room.audit.sealLog(tenantId)).toEqual({ kind: "UNCHANGED", seal: null });
    await room.append(tenantId, 3);
    expect(await verify(room, tenantId)).toMatchObject({ ...nothing, records: 3 });
  });

  it("sealed twice without anything new has one seal; sealed by many at once it is sealed once", async () => {
    const tenantId = freshTenantId();
    await room.append(tenantId, 3);
    const outcomes = await Promise.all(Array.from({ length: 4 }, () => room.audit.sealLog(tenantId)));
    expect(outcomes.filter(({ kind }) => kind === "SEALED")).toHaveLength(1);
    expect(await verify(room, tenantId)).toMatchObject({ seals: 1 });
  });

  it("each seal names the one before, and is signed by the installation's key", async () => {
    const tenantId = await sealedLog(room);
    const { data } = await room.ask(
      tenantId,
      "{ auditSeals { nodes { number treeSize jws } } auditKeys { kid kty crv x alg use } }",
    );
    const { auditSeals, auditKeys } = z
      .object({
        auditSeals: z.object({
          nodes: z.array(z.object({ number: z.number(), treeSize: z.number(), jws: z.string() })),
        }),
        auditKeys: z.array(z.unknown()),
      })
      .parse(data);
    expect(auditSeals.nodes.map(({ number, treeSize }) => [number, treeSize])).toEqual([
      ...[
        [2, 700],
        [1, 550],
        [0, 300],
      ],
    ]);
    const keys = signingKeysOf([AUDIT_SECRET], "tessera audit seal");
    expect(auditKeys).toEqual(keys.publicKeys);
    for (const { jws } of auditSeals.nodes) expect(await keys.verify(SEAL_TYPE, jws)).not.toBeNull();
  });

  it("more records than one call seals or verifies are sealed and verified by several", async () => {
    const small = openAuditRoom({ maxSealed: 700, maxVerified: 600 });
    const tenantId = freshTenantId();
    await small.append(tenantId, 1_010);
    expect(await small.audit.sealLog(tenantId)).toMatchObject({ kind: "SEALED", more: true });
    expect(await small.audit.sealLog(tenantId)).toMatchObject({ kind: "SEALED", more: false });
    const part = (from: number) => small.audit.verifyAudit(tenantId, { from, to: null }, []);
    expect(await part(0)).toMatchObject({ kind: "VERIFIED", end: 600, next: 600, seals: 0 });
    expect(await part(600)).toMatchObject({ kind: "VERIFIED", from: 512, end: 1_010, next: null, seals: 2 });
    await small.close();
  });
});

describe("what is past its retention", () => {
  const DAY_MS = 86_400_000;

  it("is dropped in whole blocks once a seal gave it up; the rest is verified and proved as before", async () => {
    const tenantId = freshTenantId();
    const now = room.clock.ms;
    room.clock.ms = now - 401 * DAY_MS;
    await room.append(tenantId, 600, { startedAtMs: room.clock.ms });
    await room.sealer.round();
    room.clock.ms = now;
    const kept = await room.append(tenantId, 100);
    expect(await verify(room, tenantId)).toMatchObject({ from: 0, records: 700, seals: 1 });
    await room.sealer.round();
    const places = "SELECT min(sequence)::int AS first, count(*)::int AS count FROM audit_record WHERE tenant_id = $1";
    expect((await room.engines.owner.query(places, [tenantId])).rows).toEqual([{ first: 512, count: 188 }]);
    expect(await verify(room, tenantId)).toMatchObject({ from: 512, records: 188, seals: 2, sealedRecords: 700 });
    const executionId = kept[50]?.executionId ?? "";
    expect((await room.audit.proveInclusion(tenantId, executionId))?.hashes.length).toBeGreaterThan(3);
    expect((await room.audit.exportAudit(tenantId, null, null)).range).toEqual({ begin: 512, end: 700 });
    await room.append(tenantId, 30);
    await room.sealer.round();
    expect(await verify(room, tenantId)).toMatchObject({ records: 218, seals: 3 });
  });

  it("is not given up while it is younger, and what else is gone is missing", async () => {
    const tenantId = freshTenantId();
    const now = room.clock.ms;
    room.clock.ms = now - 399 * DAY_MS;
    await room.append(tenantId, 300, { startedAtMs: room.clock.ms });
    room.clock.ms = now;
    await room.sealer.round();
    expect(await verify(room, tenantId)).toMatchObject({ from: 0, records: 300 });
    await room.engines.owner.query("DELETE FROM audit_record WHERE tenant_id = $1 AND sequence < 256", [tenantId]);
    expect(await verify(room, tenantId)).toMatchObject({ kind: "MISSING", sequence: 0 });
  });

  it("of a tenant that does nothing any more is dropped as well, and its log goes on where it ended", async () => {
    const tenantId = freshTenantId();
    const now = room.clock.ms;
    room.clock.ms = now - 401 * DAY_MS;
    await room.append(tenantId, 512, { startedAtMs: room.clock.ms });
    await room.sealer.round();
    room.clock.ms = now;
    await room.sealer.round();
    expect(await verify(room, tenantId)).toMatchObject({ from: 512, records: 0, sealedRecords: 512 });
    await room.append(tenantId, 3);
    await room.audit.sealLog(tenantId);
    expect(await verify(room, tenantId)).toMatchObject({ from: 512, records: 3, sealedRecords: 515, next: null });
  });
});

describe("proofs", () => {
  const PROOF = `query ($id: ID!) { auditInclusionProof(executionId: $id) { record { sequence canonical } seal { treeSize rootHash } hashes } }`;
  const inclusion = z.object({
    record: z.object({ sequence: z.number(), canonical: z.string() }),
    seal: z.object({ treeSize: z.number(), rootHash: z.string() }),
    hashes: z.array(z.string()),
  });
  const bytes = (hex: string): Uint8Array => Buffer.from(hex, "hex");

  it("of inclusion convince for every record that is sealed, and are refused for one that is not yet", async () => {
    const tenantId = freshTenantId();
    const made = await room.append(tenantId, 270);
    await room.audit.sealLog(tenantId);
    for (const place of [0, 1, 127, 255, 256, 269]) {
      const { data } = await room.ask(tenantId, PROOF, { id: made[place]?.executionId.toUpperCase() });
      const { record, seal, hashes } = inclusion.parse(data?.["auditInclusionProof"]);
      expect(record.sequence).toBe(place);
      const where = { index: place, size: seal.treeSize };
      expect(verifyInclusion(leafHash(record.canonical), where, hashes.map(bytes), bytes(seal.rootHash))).toBe(true);
    }
    const [late] = await room.append(tenantId, 1);
    const refused = await room.ask(tenantId, PROOF, { id: late?.executionId });
    expect(refused.errors?.[0]?.extensions).toMatchObject({ code: "CONFLICT" });
    const sealed = await room.ask(
      tenantId,
      "mutation { sealAuditLog { __typename ... on AuditLogSealed { seal { treeSize } } } }",
    );
    expect(sealed.data).toEqual({ sealAuditLog: { __typename: "AuditLogSealed", seal: { treeSize: 271 } } });
    expect((await room.ask(tenantId, PROOF, { id: late?.executionId })).errors).toBeUndefined();
  });

  it("of consistency convince between any two seals, and are not made of a log that was rewritten", async () => {
    const tenantId = await sealedLog(room);
    const text = `query ($from: BigInt!, $to: BigInt!) { auditConsistencyProof(fromSeal: $from, toSeal: $to) {
      from { treeSize rootHash } to { treeSize rootHash } hashes } }`;
    const head = z.object({ treeSize: z.number(), rootHash: z.string() });
    const shape = z.object({ from: head, to: head, hashes: z.array(z.string()) });
    for (const [from, to] of [
      [0, 1],
      [0, 2],
      [1, 2],
      [2, 2],
    ]) {
      const proof = shape.parse((await room.ask(tenantId, text, { from, to })).data?.["auditConsistencyProof"]);
      const heads = [proof.from, proof.to].map(({ treeSize, rootHash }) => ({ size: treeSize, root: bytes(rootHash) }));
      const [older = { size: 0, root: bytes("") }, newer = older] = heads;
      expect([from, to, verifyConsistency(older, newer, proof.hashes.map(bytes))]).toEqual([from, to, true]);
    }
    expect((await room.ask(tenantId, text, { from: 0, to: 3 })).data).toEqual({ auditConsistencyProof: null });
    const turned = await room.ask(tenantId, text, { from: 2, to: 0 });
    expect(turned.errors?.[0]?.extensions).toMatchObject({ code: "BAD_INPUT" });
    await room.engines.owner.query("UPDATE audit_node SET hash = sha256('x') WHERE tenant_id = $1", [tenantId]);
    const broken = await room.ask(tenantId, text, { from: 0, to: 2 });
    expect(broken.errors?.[0]?.extensions).toMatchObject({ code: "CONFLICT" });
  });
});
