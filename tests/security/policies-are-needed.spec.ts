import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import { createClient, type ClickHouseClient } from "@clickhouse/client";
import { z } from "zod";
import { parseTenantId, type TenantId } from "@tessera/contracts/ids";
import type { EmbeddedEngines } from "@tessera/platform/engines/embedded-engines";
import { createTenantSql, type TenantSql } from "@tessera/platform/db/sql";
import { TenantPool } from "@tessera/platform/db/tenant-pool";
import { createEventStore, type EventStore } from "@tessera/platform/store/event-store";
import { wholeTenant } from "@tessera/platform/store/data-policy";
import { tenantTablesOf } from "@tessera/platform/store/migrate";
import { places } from "../../server/src/places.ts";
import { ownerAccess, runMigrate, startEngines } from "../testing/running-engines.ts";
import { makeTemporaryDirectory } from "../testing/temporary-home.ts";

/** Milliseconds any one guarantee may take on a busy machine. */
jest.setTimeout(240_000);

const newTenant = (): TenantId => {
  const tenantId = parseTenantId(randomUUID());
  if (tenantId === null) throw new Error("A random UUID is a tenant id.");
  return tenantId;
};
const [alpha, beta] = [newTenant(), newTenant()];

let engines: EmbeddedEngines;
let removeHome: () => Promise<void>;
let owner: TenantPool;
let pool: TenantPool;
let sql: TenantSql;
let storeOwner: ClickHouseClient;
let store: EventStore;

/** One row of every kind that can be written down without another room's machinery. */
const FILLED: Readonly<Record<string, string>> = {
  tenant_user:
    "INSERT INTO tenant_user (id, tenant_id, email, name, roles) VALUES (gen_random_uuid(), $1, 'a@b.example', 'A', '{OWNER}')",
  api_key:
    "INSERT INTO api_key (id, tenant_id, name, key_hash, permissions, created_by_kind, created_by_id) VALUES (left(replace(gen_random_uuid()::text, '-', ''), 16), $1, 'k', decode(repeat('00', 32), 'hex'), '{ml:read}', 'SERVICE', 's')",
  custom_role:
    "INSERT INTO custom_role (tenant_id, name, description, permissions, created_at, updated_at) VALUES ($1, 'r', '', '{ml:read}', now(), now())",
  data_policy:
    "INSERT INTO data_policy (tenant_id, name, description, everyone, roles, subjects, rows, masks, created_at, updated_at) VALUES ($1, 'p', '', true, '{}', '{}', '[]', '[]', now(), now())",
  operator_grant:
    "INSERT INTO operator_grant (id, tenant_id, operator_id, permissions, reason, break_glass, granted_by_kind, granted_by_id, created_at, expires_at) VALUES (gen_random_uuid(), $1, 'o', '{jobs:read}', 'r', false, 'USER', 'u', now(), now() + interval '1 hour')",
  abuse_source:
    "INSERT INTO abuse_source (tenant_id, source_kind, source_id, state, seen_at) VALUES ($1, 'USER', 'u', '{}', now())",
  abuse_place: "INSERT INTO abuse_place (tenant_id, consumer, transaction_id, sequence) VALUES ($1, 'c', '1', 1)",
  security_event:
    "INSERT INTO security_event (id, tenant_id, kind, source_kind, source_id, window_from, window_to, measured, bound, usual, created_at) VALUES ($1, $1, 'SCRAPING', 'USER', 'u', now(), now(), 1, 1, 0, now())",
  throttle:
    "INSERT INTO throttle (id, tenant_id, security_event_id, kind, source_kind, source_id, level, percent, strikes, starts_at, until) VALUES (gen_random_uuid(), $1, $1, 'SCRAPING', 'USER', 'u', 'BLOCKED', 0, 1, now(), now() + interval '1 hour')",
  job: "INSERT INTO job (id, tenant_id, kind, input, created_by, fair_tag, expires_at) VALUES (gen_random_uuid(), $1, 'OLAP', '{}', 'SERVICE:s', 0, now() + interval '1 hour')",
  usage_storage: "INSERT INTO usage_storage (tenant_id, hour, events, bytes) VALUES ($1, now(), 1, 1)",
};

beforeAll(async () => {
  const directory = await makeTemporaryDirectory();
  removeHome = () => directory.remove();
  engines = await startEngines(directory.home("policies"));
  await runMigrate(engines.connections);
  const { postgres, clickhouse } = engines.connections;
  owner = new TenantPool(postgres.ownerUrl);
  pool = new TenantPool(postgres.appUrl);
  sql = createTenantSql(pool);
  storeOwner = createClient({ ...ownerAccess(engines.connections), database: clickhouse.database });
  const reader = { url: clickhouse.url, username: "tessera_reader", password: clickhouse.passwords.tessera_reader };
  store = createEventStore(reader);
  for (const tenantId of [alpha, beta]) {
    await owner.query("INSERT INTO tenant (id, name, slug) VALUES ($1::uuid, 'T', $1::text)", [tenantId]);
    for (const text of Object.values(FILLED)) await owner.query(text, [tenantId]);
    const event = { event_id: randomUUID(), time: Date.now(), received_at: Date.now(), batch_id: randomUUID() };
    const rest = { name: "view", user_id: "u", schema_version: 1, properties: {} };
    const values = [{ tenant_id: tenantId, ...event, ...rest }];
    await storeOwner.insert({ table: "tessera.events", values, format: "JSONEachRow" });
    const sampled = { ...event, event_id: randomUUID(), unit: 1 };
    await storeOwner.insert({
      table: "tessera.events_sample",
      values: [{ tenant_id: tenantId, ...sampled, ...rest }],
      format: "JSONEachRow",
    });
    const job = { tenant_id: tenantId, job_id: randomUUID(), attempt: 1, row_number: 1, row: "{}" };
    await storeOwner.insert({ table: "tessera.job_results", values: [job], format: "JSONEachRow" });
    const kept = { tenant_id: tenantId, answer_id: randomUUID(), place: 1, row: "[]" };
    await storeOwner.insert({ table: "tessera.worker_answer_rows", values: [kept], format: "JSONEachRow" });
    const fact = { tenant_id: tenantId, cohort_id: randomUUID(), person: 1, at: 0 };
    const [change, listing] = [
      { ...fact, run: 1, version: 1, entered: true },
      { ...fact, change: 1, listed: true },
    ];
    await storeOwner.insert({ table: "tessera.worker_cohort_changes", values: [change], format: "JSONEachRow" });
    for (const table of ["tessera.worker_cohort_list", "tessera.worker_cohort_accounts"])
      await storeOwner.insert({ table, values: [listing], format: "JSONEachRow" });
    const counted = { tenant_id: tenantId, person: 1, canonical: 2, version: 1 };
    const trait = { tenant_id: tenantId, person: 1, trait: "plan", at: 0, place: "1", op: "SET", value: '"pro"' };
    const rolled = { tenant_id: tenantId, build_id: randomUUID(), bucket: 0, events: 1 };
    await storeOwner.insert({ table: "tessera.worker_rollup_rows", values: [rolled], format: "JSONEachRow" });
    await storeOwner.insert({ table: "tessera.worker_people", values: [counted], format: "JSONEachRow" });
    await storeOwner.insert({ table: "tessera.worker_traits", values: [trait], format: "JSONEachRow" });
  }
}, 240_000);
afterAll(async () => {
  await Promise.all([owner.end(), pool.end(), store.close(), storeOwner.close()]);
  await engines.stop();
  await removeHome();
}, 60_000);

const named = z.object({ name: z.string() });
const counts = z.object({ own: z.coerce.number(), others: z.coerce.number() });

const TENANT_TABLES = `SELECT c.oid, c.relname AS name, c.relrowsecurity AS held FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id'
  WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND has_column_privilege('tessera_app', c.oid, a.attnum, 'SELECT')`;

/** Every table of the control plane with a tenant's rows that the application may read. */
const tenantTables = async (): Promise<readonly string[]> => {
  const { rows } = await owner.query(`SELECT name FROM (${TENANT_TABLES}) t ORDER BY 1`);
  return rows.map((row) => named.parse(row).name);
};

/** What a tenant sees of each table when a statement asks for everything: the matrix that every leak shows in. */
const seenOf = async (tables: readonly string[]) => {
  const seen: { table: string; own: number; others: number }[] = [];
  for (const table of tables) {
    const text = `SELECT count(*) FILTER (WHERE tenant_id = $1) AS own, count(*) FILTER (WHERE tenant_id <> $1) AS others FROM ${table}`;
    const statement = { name: `seen-${table}`, text, params: [beta] };
    const [row] = await sql.run(beta, statement, (raw) => counts.parse(raw));
    seen.push({ table, own: row?.own ?? 0, others: row?.others ?? 0 });
  }
  return seen;
};
const leaksIn = async (): Promise<readonly string[]> =>
  (await seenOf(await tenantTables())).filter(({ others }) => others > 0).map(({ table }) => table);

describe("the policies of the control plane", () => {
  it("show each tenant its own rows of every table, and nobody else's", async () => {
    expect(await leaksIn()).toEqual([]);
    const seen = await seenOf(Object.keys(FILLED));
    for (const { table, own } of seen) expect([table, own > 0]).toEqual([table, true]);
    // Without a tenant nothing is seen at all.
    const text = "SELECT count(*) AS own, 0 AS others FROM api_key";
    const [row] = await sql.runAcrossTenants({ name: "nobody", text, params: [] }, (raw) => counts.parse(raw));
    expect(row?.own).toBe(0);
  });

  it("stand on every table with a tenant's rows, and ask for the tenant of the connection", async () => {
    const { rows } = await owner.query(`SELECT name FROM (${TENANT_TABLES}) t WHERE NOT held OR NOT EXISTS (
      SELECT 1 FROM pg_policy p WHERE p.polrelid = t.oid AND pg_get_expr(p.polqual, p.polrelid) LIKE '%current_tenant_id()%')`);
    expect(rows).toEqual([]);
  });

  it.each(Object.keys(FILLED))(
    "%s leaks as soon as its policy is taken away, and the matrix says so",
    async (table) => {
      await owner.query(`ALTER TABLE ${table} DISABLE ROW LEVEL SECURITY`);
      try {
        expect(await leaksIn()).toEqual([table]);
      } finally {
        await owner.query(`ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY`);
      }
      expect(await leaksIn()).toEqual([]);
    },
  );
});

const STORE_TABLES = [
  "events",
  "event_ids",
  "events_by_person",
  "events_sample",
  "batches",
  "rollup_hour_name",
  "rollup_day_dimensions",
  "property_catalogue",
  "worker_answer_rows",
  "worker_cohort_accounts",
  "worker_cohort_changes",
  "worker_cohort_list",
  "worker_people",
  "worker_rollup_rows",
  "worker_traits",
];

/** What a tenant sees of each table of the event store when a statement asks for everything. */
const storeLeaks = async (by: EventStore): Promise<readonly string[]> => {
  const leaks: string[] = [];
  for (const table of [...STORE_TABLES, "job_results"]) {
    const text = `SELECT countIf(tenant_id = {own: String}) AS own, countIf(tenant_id != {own: String}) AS others FROM tessera.${table}`;
    const statement = { name: `seen-${table}`, text, params: { own: beta } };
    const { rows } = await by.query(wholeTenant(beta), statement, (raw) => counts.parse(raw));
    expect([table, (rows[0]?.own ?? 0) > 0]).toEqual([table, true]);
    if ((rows[0]?.others ?? 0) > 0) leaks.push(table);
  }
  return leaks;
};

describe("the row policies of the event store", () => {
  it("are over every table with a tenant's rows", async () => {
    const tables = [...(await tenantTablesOf(places.clickhouseMigrations))].toSorted();
    expect(tables).toEqual([...STORE_TABLES, "job_results"].toSorted());
    expect(await storeLeaks(store)).toEqual([]);
  });

  it("are what holds: a reader without them sees the others' rows of every table, and the matrix says so", async () => {
    const { url, passwords } = engines.connections.clickhouse;
    const unheld = createEventStore({ url, username: "tessera_writer", password: passwords.tessera_writer });
    try {
      expect(await storeLeaks(unheld)).toEqual([...STORE_TABLES, "job_results"]);
    } finally {
      await unheld.close();
    }
  });
});
