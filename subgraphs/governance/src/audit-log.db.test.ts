import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { createHash, randomUUID } from "node:crypto";
import { z } from "zod";
import { EXECUTION_RECORDED, type ExecutionRecorded } from "@tessera/contracts/events/execution-recorded";
import { freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { canonicalJson } from "@tessera/platform/integrity/canonical-json";
import { auditEntryOf } from "./domain/audit-entry.ts";
import { permissions } from "./permissions.ts";
import { execution, openAuditRoom, type AuditRoom } from "./testing/audit-room.ts";

const NODE = `executionId sequence recordedAt startedAt subject { kind id } grantId kind operationName documentId fields objects transport
  clientAddress decision code usage { costPoints rowsRead bytesRead storeMs elapsedMs responseBytes events subscriptionSeconds }
  traceId previousHash hash canonical`;
const LOG = `query ($filter: AuditFilterInput, $first: Int! = 50, $after: Cursor) { auditLog(filter: $filter, first: $first, after: $after) {
  nodes { ${NODE} } edges { cursor } pageInfo { hasNextPage hasPreviousPage endCursor } } }`;
const node = z.looseObject({
  executionId: z.string(),
  sequence: z.number(),
  previousHash: z.string(),
  hash: z.string(),
  canonical: z.string(),
});
const page = z.object({
  nodes: z.array(node),
  edges: z.array(z.object({ cursor: z.string() })),
  pageInfo: z.object({ hasNextPage: z.boolean(), hasPreviousPage: z.boolean(), endCursor: z.string().nullable() }),
});

let room: AuditRoom;
beforeAll(() => {
  room = openAuditRoom();
});
afterAll(() => room.close());

const logOf = async (...[tenantId, variables]: [ReturnType<typeof freshTenantId>, object?]) => {
  const answer = await room.ask(tenantId, LOG, variables);
  expect(answer.errors).toBeUndefined();
  return page.parse(answer.data?.["auditLog"]);
};

describe("every execution becomes one record", () => {
  it("with who, what, on what, from where, decision, cost and trace, and nothing else that was told", async () => {
    const tenantId = freshTenantId();
    const told = execution(tenantId, {
      objects: ["a", "b"],
      decision: "REFUSED",
      code: "FORBIDDEN",
      kind: "MUTATION",
      transport: "in-process",
      subject: { kind: "USER", id: randomUUID() },
      grantId: randomUUID(),
    });
    const more = { ...told, variables: { email: "ada@person.example" } };
    await room.tell([more]);
    await room.record(tenantId, 1);
    const { nodes } = await logOf(tenantId);
    const { startedAtMs, tenantId: _own, ...rest } = told;
    expect(nodes).toHaveLength(1);
    expect(nodes[0]).toMatchObject({
      ...rest,
      transport: "IN_PROCESS",
      startedAt: new Date(startedAtMs).toISOString(),
      sequence: 0,
      previousHash: "0".repeat(64),
    });
    const { rows } = await room.engines.owner.query("SELECT * FROM audit_record WHERE tenant_id = $1", [tenantId]);
    expect(JSON.stringify(rows)).not.toContain("person.example");
  });

  it("once, however often and by however many consumers at once it is taken", async () => {
    const tenantId = freshTenantId();
    const told = Array.from({ length: 40 }, () => execution(tenantId));
    await room.tell(told);
    await room.record(tenantId, 40);
    const { sql } = room.engines.resources;
    await Promise.all(
      Array.from({ length: 4 }, () =>
        sql.transaction(tenantId, (transaction) =>
          room.audit.appendRecords(transaction, tenantId, [...told, ...told, execution(tenantId)]),
        ),
      ),
    );
    const { nodes } = await logOf(tenantId, { first: 100 });
    expect(nodes.map(({ sequence }) => sequence).toSorted((a, b) => a - b)).toEqual([...Array(44).keys()]);
    expect(new Set(nodes.map(({ executionId }) => executionId)).size).toBe(44);
  });

  it("linked to the one before, by the hash of the canonical form", async () => {
    const tenantId = freshTenantId();
    await room.append(tenantId, 5);
    const { nodes } = await logOf(tenantId);
    const chain = nodes.toSorted((a, b) => a.sequence - b.sequence);
    for (const [place, { canonical, hash, previousHash }] of chain.entries()) {
      expect(createHash("sha256").update("\0").update(canonical).digest("hex")).toBe(hash);
      expect(previousHash).toBe(chain[place - 1]?.hash ?? "0".repeat(64));
      // boundary: the canonical form is JSON.
      const document = JSON.parse(canonical) as Parameters<typeof canonicalJson>[0];
      expect(canonicalJson(document)).toBe(canonical);
      expect(document).toMatchObject({ version: 1, tenantId, sequence: place, previousHash });
    }
  });

  it("what can't be read as an execution holds nobody up, and is counted", async () => {
    const tenantId = freshTenantId();
    const { eventLog, metrics } = room.engines.resources;
    const append = { tenantId, topic: EXECUTION_RECORDED, dedupeKey: "x", payload: { executionId: "no uuid" } };
    await eventLog.append([append]);
    await room.tell([execution(tenantId)]);
    await room.record(tenantId, 1);
    expect((await logOf(tenantId)).nodes).toHaveLength(1);
    expect(await metrics.expose()).toMatch(/tessera_audit_unreadable_total [1-9]/);
  });

  it("texts and lists are bounded, and odd characters are none of the log's trouble", async () => {
    const tenantId = freshTenantId();
    const read = auditEntryOf(
      execution(tenantId, {
        fields: Array.from({ length: 60 }, (_, n) => `Query.f${n}`),
        objects: Array.from({ length: 30 }, () => "a\ud83d\ude00".repeat(400)),
        operationName: "a\ud83db\0c",
      }),
    );
    if (read === null) throw new Error("It is an execution.");
    const { sql } = room.engines.resources;
    await sql.transaction(tenantId, (transaction) => room.audit.appendRecords(transaction, tenantId, [read]));
    const { nodes } = await logOf(tenantId);
    const stored = z
      .object({ fields: z.array(z.string()), objects: z.array(z.string()), operationName: z.string() })
      .parse(nodes[0]);
    expect([stored.fields.length, stored.objects.length, stored.objects[0]?.length]).toEqual([40, 20, 200]);
    expect(stored.operationName).toBe("a\ufffdb\ufffdc");
  });
});

describe("auditLog", () => {
  it("goes page by page from the newest start, each record once", async () => {
    const tenantId = freshTenantId();
    for (const minute of [3, 1, 2, 2, 1])
      await room.append(tenantId, 1, { startedAtMs: Date.UTC(2026, 10, 1, 0, minute) });
    const seen: number[] = [];
    let after: string | null = null;
    do {
      const { nodes, pageInfo }: z.infer<typeof page> = await logOf(tenantId, { first: 2, after });
      seen.push(...nodes.map(({ sequence }) => sequence));
      expect(pageInfo.hasPreviousPage).toBe(after !== null);
      after = pageInfo.hasNextPage ? pageInfo.endCursor : null;
    } while (after !== null);
    expect(seen).toEqual([0, 3, 2, 4, 1]);
  });

  it("finds by time, subject, field, kind, decision, code, object and trace", async () => {
    const tenantId = freshTenantId();
    await room.append(tenantId, 2, { startedAtMs: Date.UTC(2026, 10, 1) });
    const special = {
      subject: { kind: "USER", id: randomUUID() },
      ...{ kind: "MUTATION", fields: ["Query.olap", "Mutation.createRule"], objects: [randomUUID()] },
      ...{ decision: "FAILED", code: "INTERNAL", traceId: "f".repeat(32), startedAtMs: Date.UTC(2026, 10, 2, 12) },
    } satisfies Partial<ExecutionRecorded>;
    await room.append(tenantId, 1, special);
    const day = { from: "2026-11-02T00:00:00Z", to: "2026-11-03T00:00:00Z" };
    const filters: Record<string, unknown>[] = [
      ...[day, { subjectId: special.subject.id }, { field: "Mutation.createRule" }, { kind: "MUTATION" }],
      ...[{ decision: "FAILED" }, { code: "INTERNAL" }, { objectId: special.objects[0] }],
      { traceId: "F".repeat(32) },
    ];
    for (const filter of [...filters, Object.fromEntries(filters.flatMap((each) => Object.entries(each)))])
      expect([filter, (await logOf(tenantId, { filter })).nodes.map(({ sequence }) => sequence)]).toEqual([
        filter,
        [2],
      ]);
    for (const filter of [{ field: "Query.ola" }, { objectId: randomUUID() }, { to: "2026-11-01T00:00:00Z" }])
      expect((await logOf(tenantId, { filter })).nodes).toEqual([]);
  });

  it("refuses a page that is too large, a foreign cursor and a range that ends before it begins", async () => {
    const tenantId = freshTenantId();
    for (const variables of [
      { first: 0 },
      { first: 1_001 },
      { after: "x" },
      { filter: { from: "2026-11-02T00:00:00Z", to: "2026-11-01T00:00:00Z" } },
    ])
      expect((await room.ask(tenantId, LOG, variables)).errors?.[0]?.extensions).toMatchObject({ code: "BAD_INPUT" });
  });
});

describe("who may see and change what", () => {
  it("every field of the audit log asks for audit:read", async () => {
    const asked = Object.entries(permissions).filter(([, permission]) => permission === "audit:read");
    expect(asked).toHaveLength(11);
    const document = `query ($id: ID!) { auditLog { nodes { hash } } auditRecord(executionId: $id) { hash } auditKeys { kid }
      auditInclusionProof(executionId: $id) { hashes } auditConsistencyProof(fromSeal: 0, toSeal: 0) { hashes }
      auditSeals { nodes { jws } } verifyAudit { __typename } auditExport { begin } auditSegment(begin: 0, end: 1) { records { hash } }
      executionNumbers(input: { edges: ["2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z"] }) { __typename } }`;
    const held = ["governance:read"] as const;
    const { errors = [] } = await room.ask(freshTenantId(), document, { id: randomUUID() }, held);
    const sealing = await room.ask(freshTenantId(), "mutation { sealAuditLog { __typename } }", {}, held);
    const refused = [...errors, ...(sealing.errors ?? [])].map(({ extensions }) => extensions?.["field"]);
    for (const { extensions } of [...errors, ...(sealing.errors ?? [])])
      expect(extensions).toMatchObject({ code: "FORBIDDEN", permission: "audit:read" });
    expect(refused).toContain("Mutation.sealAuditLog");
  });

  it("another tenant's record looks like an unknown one, by id, by filter and by proof", async () => {
    const [alpha, beta] = [freshTenantId(), freshTenantId()];
    const [made] = await room.append(alpha, 1);
    await room.audit.sealLog(alpha);
    const text = `query ($id: ID!) { auditRecord(executionId: $id) { hash } auditInclusionProof(executionId: $id) { hashes }
      auditLog { nodes { hash } } auditSeals { nodes { jws } } auditSegment(begin: 0, end: 10) { records { hash } seals { jws } }
      auditExport { begin end seal { jws } hashesBefore hashesAfter } auditConsistencyProof(fromSeal: 0, toSeal: 0) { hashes } }`;
    const foreign = await room.ask(beta, text, { id: made?.executionId });
    expect(foreign).toEqual(await room.ask(beta, text, { id: randomUUID() }));
    expect(foreign.errors).toBeUndefined();
    const own = await room.ask(alpha, text, { id: made?.executionId });
    expect(JSON.stringify(own.data)).toContain('"jws":"');
  });

  it("row-level security hides a tenant's rows even from a statement that asks for all", async () => {
    const [alpha, beta] = [freshTenantId(), freshTenantId()];
    await room.append(alpha, 1);
    await room.audit.sealLog(alpha);
    const { sql } = room.engines.resources;
    for (const table of ["audit_record", "audit_node", "audit_seal"]) {
      const statement = { name: `all-${table}`, text: `SELECT * FROM ${table} WHERE tenant_id <> $1`, params: [beta] };
      expect(await sql.run(beta, statement, (row) => row)).toEqual([]);
      expect(await sql.runAcrossTenants(statement, (row) => row)).toEqual([]);
    }
    const insert = `INSERT INTO audit_node (tenant_id, level, index, hash) VALUES ($1, 8, 0, $2)`;
    const foreign = sql.run(beta, { name: "foreign", text: insert, params: [alpha, Buffer.alloc(32)] }, () => null);
    await expect(foreign).rejects.toThrow(/row-level security/);
  });

  it.each(["audit_record", "audit_node", "audit_seal"])(
    "the application can't change or delete a row of %s",
    async (table) => {
      const tenantId = freshTenantId();
      await room.append(tenantId, 1);
      const { sql } = room.engines.resources;
      const columns = { audit_record: "recorded_at_ms", audit_node: "index", audit_seal: "sealed_at_ms" };
      const column = z.record(z.string(), z.string()).parse(columns)[table];
      for (const text of [`UPDATE ${table} SET ${column} = 0`, `DELETE FROM ${table}`, `TRUNCATE ${table}`])
        await expect(sql.run(tenantId, { name: text, text, params: [] }, () => null)).rejects.toThrow(
          /permission denied/,
        );
    },
  );

  it("the application can't drop what a seal keeps, nor what is not a year old whatever a seal says", async () => {
    const tenantId = freshTenantId();
    await room.append(tenantId, 300);
    const { sql } = room.engines.resources;
    const forged = `INSERT INTO audit_seal (tenant_id, number, tree_size, kept_from, sealed_at_ms, jws) VALUES ($1, 0, 300, 300, 0, 'x')`;
    await sql.run(tenantId, { name: "forged", text: forged, params: [tenantId] }, () => null);
    const drop = { name: "drop", text: "SELECT drop_expired_audit_records(1000) AS dropped", params: [] };
    expect(await sql.run(tenantId, drop, (row) => row)).toEqual([{ dropped: 0 }]);
  });
});
