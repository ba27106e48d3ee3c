// The audit log: records appended, sealed and verified per second, beside plain rows of the same size in a table without chain or index.
// node --import tsx bench/audit/run.ts [records]
import { randomUUID } from "node:crypto";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseTenantId, type TenantId } from "@tessera/contracts/ids";
import { applyPostgresMigrations } from "@tessera/platform/db/migrate";
import { createTenantSql, type TenantSql } from "@tessera/platform/db/sql";
import { TenantPool } from "@tessera/platform/db/tenant-pool";
import { startEmbeddedEngines } from "@tessera/platform/engines/embedded-engines";
import { tenantTablesOf } from "@tessera/platform/store/migrate";
import { signingKeysOf } from "@tessera/platform/integrity/signing-key";
import type { AuditEntry } from "../../subgraphs/governance/src/domain/audit-entry.ts";
import { createAuditOperations } from "../../subgraphs/governance/src/operations.ts";
import { createAuditStore } from "../../subgraphs/governance/src/store/audit-store.ts";
import { createExecutionStore } from "../../subgraphs/governance/src/store/execution-store.ts";
import { createNodeStore } from "../../subgraphs/governance/src/store/node-store.ts";
import { createSealStore } from "../../subgraphs/governance/src/store/seal-store.ts";

const RECORDS = Number(process.argv[2] ?? 20_000);
/** Records of one transaction: as many as the event log hands over at once. */
const BATCH = 500;

const root = join(import.meta.dirname, "../..");

const entry = (): AuditEntry => ({
  executionId: randomUUID(),
  subject: { kind: "API_KEY", id: "0000000000000000" },
  kind: "QUERY",
  operationName: "Dashboard",
  documentId: `sha256:${"0".repeat(64)}`,
  fields: ["Query.olap", "Query.realtimeMetrics"],
  objects: [randomUUID()],
  transport: "http",
  grantId: null,
  clientAddress: "192.0.2.1",
  decision: "ALLOWED",
  code: null,
  usage: {
    ...{ costPoints: 12, rowsRead: 1_000, bytesRead: 65_536, storeMs: 1.25, elapsedMs: 3.5 },
    ...{ responseBytes: 512, events: 0, subscriptionSeconds: 0 },
  },
  traceId: randomUUID().replaceAll("-", ""),
  startedAtMs: Date.now(),
});

const newTenant = (): TenantId => {
  const tenantId = parseTenantId(randomUUID());
  if (tenantId === null) throw new Error("A random UUID is a tenant id.");
  return tenantId;
};

const auditOver = (sql: TenantSql) =>
  createAuditOperations({
    ...{ records: createAuditStore(sql), seals: createSealStore(sql), nodes: createNodeStore(sql), sql },
    executions: createExecutionStore(sql),
    keys: signingKeysOf(["the secret of a bench, of thirty-two characters"], "bench"),
    nowMs: Date.now,
    source: { consumer: "bench", topic: "bench" },
  });

const timed = async (what: string, count: number, work: () => Promise<unknown>): Promise<number> => {
  const startMs = performance.now();
  await work();
  const perSecond = (count / (performance.now() - startMs)) * 1_000;
  console.log(`${what}: ${Math.round(perSecond).toLocaleString("en")} a second`);
  return perSecond;
};

const batches = (): readonly (readonly AuditEntry[])[] =>
  Array.from({ length: Math.ceil(RECORDS / BATCH) }, () => Array.from({ length: BATCH }, entry));

const measure = async (ownerUrl: string, appUrl: string): Promise<void> => {
  const owner = new TenantPool(ownerUrl);
  await owner.query(
    "CREATE TABLE bench_plain (tenant_id uuid, sequence bigint, entry jsonb, PRIMARY KEY (tenant_id, sequence))",
  );
  await owner.query("GRANT SELECT, INSERT ON bench_plain TO tessera_app");
  const pool = new TenantPool(appUrl);
  const sql = createTenantSql(pool);
  const [audit, tenantId] = [auditOver(sql), newTenant()];
  const [made, warm] = [batches(), newTenant()];
  const count = made.length * BATCH;
  const insertPlain = async (tenant: TenantId): Promise<void> => {
    const text = "INSERT INTO bench_plain SELECT $1, * FROM unnest($2::bigint[], $3::jsonb[])";
    for (const [place, entries] of made.entries()) {
      const params = [
        tenant,
        entries.map((_, index) => String(place * BATCH + index)),
        entries.map((each) => JSON.stringify(each)),
      ];
      await sql.transaction(tenant, (transaction) => transaction.run({ name: "plain", text, params }, () => null));
    }
  };
  const append = async (tenant: TenantId): Promise<void> => {
    for (const entries of made)
      await sql.transaction(tenant, (transaction) => audit.appendRecords(transaction, tenant, entries));
  };
  await insertPlain(warm);
  const plain = await timed("plain rows inserted", count, () => insertPlain(tenantId));
  const appended = await timed("records appended", count, () => append(tenantId));
  const seal = async (): Promise<void> => {
    for (let more = true; more;) {
      const outcome = await audit.sealLog(tenantId);
      if (outcome.kind !== "SEALED") throw new Error(`Not sealed: ${outcome.kind}`);
      ({ more } = outcome);
    }
  };
  await timed("records sealed", count, seal);
  await timed("records verified", count, async () => {
    for (let from: number | null = 0; from !== null;) {
      const verdict = await audit.verifyAudit(tenantId, { from, to: null }, []);
      if (verdict.kind !== "VERIFIED") throw new Error(verdict.finding.detail);
      from = verdict.next;
    }
  });
  const ids = made.slice(0, 4).flatMap((entries) => entries.slice(0, 50));
  await timed("inclusion proofs made", ids.length, async () => {
    for (const { executionId } of ids) await audit.proveInclusion(tenantId, executionId);
  });
  console.log(
    `appending costs ${(plain / appended).toFixed(1)} times a plain insert; load ${loadavg()[0]?.toFixed(1)}`,
  );
  await pool.end();
  await owner.end();
};

const home = mkdtempSync(join(tmpdir(), "tessera-bench-audit-"));
chmodSync(home, 0o755);
const engines = await startEmbeddedEngines({
  home: join(home, "data"),
  tenantTables: await tenantTablesOf(join(root, "clickhouse/migrations")),
});
try {
  const { ownerUrl, appUrl } = engines.connections.postgres;
  await applyPostgresMigrations(ownerUrl, join(root, "prisma/migrations"));
  await measure(ownerUrl, appUrl);
} finally {
  await engines.stop();
  rmSync(home, { recursive: true, force: true });
}
