import { randomBytes, randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { z } from "zod";
import { BATCH_PIECES, createResealing } from "@tessera/identity/keys/resealing";
import { createStateStore } from "@tessera/identity/state/state-store";
import { readKeyRing } from "@tessera/platform/auth/key-ring";
import { createTenantSql, type TenantSql } from "@tessera/platform/db/sql";
import { TenantPool } from "@tessera/platform/db/tenant-pool";
import type { EmbeddedEngines } from "@tessera/platform/engines/embedded-engines";
import { runMigrate, startEngines, storeEnvironment } from "../testing/running-engines.ts";
import { planRoles, type RunningRoles } from "../testing/running-roles.ts";
import { startRole } from "../testing/tessera-process.ts";
import { makeTemporaryDirectory, type TemporaryDirectory } from "../testing/temporary-home.ts";

const newKey = (name: string): string => `${name}:${randomBytes(32).toString("base64url")}`;
const [OLD, YOUNG, LOST] = [newKey("old"), newKey("young"), newKey("lost")];
/** Pieces of state: some batches and a part of one. */
const PIECES = 2 * BATCH_PIECES + 50;
const HOUR_MS = 3_600_000;

let directory: TemporaryDirectory;
let engines: EmbeddedEngines;
let roles: RunningRoles;
let owner: TenantPool;
let pool: TenantPool;
let sql: TenantSql;
let environment: Readonly<Record<string, string>>;
let kids: readonly string[];
const ids = Array.from({ length: PIECES }, () => randomUUID());

const stateUnder = (ring: string) => createStateStore({ sql, keyRing: readKeyRing(ring) });
const save = (ring: string, id: string): Promise<void> =>
  stateUnder(ring).saveAcrossTenants(
    "Session",
    id,
    { of: id },
    {
      ...{ clientId: null, grantId: null, uid: null },
      expiresAtMs: Date.now() + HOUR_MS,
    },
  );
/** What rooms keep under a key of their own purpose: a webhook endpoint's header fields and secret, a channel's credential and that of who tells back, the key of shared indicators. */
const OF_ROOMS = [
  ["webhook_endpoint", "sealed_headers"],
  ["webhook_secret", "sealed"],
  ["notify_channel", "sealed_secret"],
  ["notify_inbound", "sealed_secret"],
  ["shared_indicator_key", "sealed"],
] as const;
const [tenantId, roomId] = [randomUUID(), randomUUID()];
const roomPurpose = (column: string): string => `${column}:${tenantId}:${roomId}`;
const saveOfRooms = async (ring: string): Promise<void> => {
  const { seal } = readKeyRing(ring);
  const [headers, secret, credential, inbound, indicators] = await Promise.all(
    OF_ROOMS.map(([, column]) => seal(roomPurpose(column), `the ${column}`)),
  );
  await owner.query(
    `INSERT INTO webhook_endpoint (tenant_id, id, url, event_types, labels, sealed_headers, header_names, ordering, rate_per_minute,
       owner_kind, owner_id, owner_permissions, state_changed_at, next_slot_at, created_at, updated_at)
     VALUES ($1, $2, 'https://example.org/', '{}', '[]', $3, '{}', 'NONE', 60, 'USER', 'u', '{}', now(), now(), now(), now())`,
    [tenantId, roomId, headers],
  );
  await owner.query(
    "INSERT INTO webhook_secret (tenant_id, endpoint_id, id, kind, sealed, created_at) VALUES ($1, $2, $2, 'HMAC_SHA256', $3, now())",
    [tenantId, roomId, secret],
  );
  await owner.query(
    `INSERT INTO notify_channel (tenant_id, id, name, kind, settings, sealed_secret, templates, rate_messages, rate_window_seconds, state, created_at, changed_at)
     VALUES ($1, $2, 'Slack', 'SLACK', '{}', $3, '{}', 10, 60, 'ACTIVE', now(), now())`,
    [tenantId, roomId, credential],
  );
  await owner.query(
    "INSERT INTO notify_inbound (tenant_id, channel_id, endpoint, sealed_secret, created_at) VALUES ($1, $2, repeat('e', 43), $3, now())",
    [tenantId, roomId, inbound],
  );
  await owner.query("INSERT INTO shared_indicator_key (period, sealed) VALUES (738, $1)", [indicators]);
};
const textShape = z.tuple([z.object({ text: z.string() })]);
/** What rooms keep, opened with a ring. */
const ofRooms = (ring: string): Promise<readonly string[]> =>
  Promise.all(
    OF_ROOMS.map(async ([table, column]) => {
      const ofTenant = table === "shared_indicator_key" ? "" : ` WHERE tenant_id = '${tenantId}'`;
      const { rows } = await owner.query(`SELECT ${column} AS text FROM ${table}${ofTenant}`);
      const [{ text }] = textShape.parse(rows);
      return readKeyRing(ring).open(roomPurpose(column), text);
    }),
  );
const jwksShape = z.object({ keys: z.array(z.object({ kid: z.string() })) });

/** What an authorization server with this ring publishes; it fails to start when it can't open its signing keys. */
const publishedUnder = async (ring: string): Promise<readonly string[]> => {
  roles.start(["identity"], { KEY_RING: ring });
  await roles.ready(["identity"]);
  const answer = await fetch(`${roles.url("identity")}/oauth/jwks`);
  const { keys } = jwksShape.parse(await answer.json());
  await roles.stop();
  return keys.map(({ kid }) => kid);
};
const rotate = async (ring: string) => {
  const { DATABASE_URL = "" } = environment;
  const role = startRole(["rotate-keys"], { environment: { DATABASE_URL, KEY_RING: ring } });
  const { code } = await role.ended;
  return { code, said: role.output() };
};
const walks = async (): Promise<unknown> => {
  const { rows } = await owner.query(
    "SELECT sealing_key, looked_at::int, resealed::int, unreadable::int, finished_at IS NOT NULL AS finished FROM key_rotation ORDER BY id",
  );
  return rows;
};

beforeAll(async () => {
  directory = await makeTemporaryDirectory();
  engines = await startEngines(directory.home("engines"));
  await runMigrate(engines.connections);
  environment = storeEnvironment(engines.connections);
  roles = await planRoles(environment, directory.path);
  owner = new TenantPool(engines.connections.postgres.ownerUrl, { max: 1 });
  pool = new TenantPool(engines.connections.postgres.appUrl);
  sql = createTenantSql(pool);
  kids = await publishedUnder(OLD);
  for (const id of ids) await save(OLD, id);
  await saveOfRooms(OLD);
}, 240_000);
afterAll(async () => {
  await roles?.stop();
  await pool?.end();
  await owner?.end();
  await engines?.stop();
  await directory?.remove();
}, 120_000);

describe("a key ring with a new key in front", () => {
  it("has what older keys have sealed sealed anew, from where an interrupted run had come, and says what may be dropped", async () => {
    const ring = `${YOUNG},${OLD}`;
    const total = PIECES + kids.length + OF_ROOMS.length;
    const keyRing = readKeyRing(ring);
    expect(await createResealing({ sql, keyRing }).walkAcrossTenants({ maxBatches: 1 })).toEqual({
      ...{ complete: false, lookedAt: BATCH_PIECES, resealed: BATCH_PIECES, unreadable: 0 },
    });
    // A process that ends within a batch leaves that batch as it was.
    const dying: TenantSql = {
      ...sql,
      transactionAcrossTenants: (work) =>
        sql.transactionAcrossTenants(async (transaction) => {
          await work(transaction);
          throw new Error("the process was killed");
        }),
    };
    await expect(createResealing({ sql: dying, keyRing }).walkAcrossTenants()).rejects.toThrow("killed");
    const counted = { looked_at: BATCH_PIECES, resealed: BATCH_PIECES, unreadable: 0 };
    expect(await walks()).toEqual([{ sealing_key: "young", ...counted, finished: false }]);
    const { code, said } = await rotate(ring);
    expect([code, said]).toEqual([0, expect.stringContaining("Not needed any more: old.")]);
    expect(said).not.toContain(OLD.slice("old:".length));
    expect(await walks()).toEqual([
      { sealing_key: "young", looked_at: total, resealed: total, unreadable: 0, finished: true },
      { sealing_key: "young", looked_at: total, resealed: 0, unreadable: 0, finished: true },
    ]);
  }, 120_000);

  it("may lose the old one then: everything opens without it, the same keys sign, and the old one opens nothing", async () => {
    const young = stateUnder(YOUNG);
    for (const id of ids) expect(await young.findAcrossTenants("Session", id)).toEqual({ of: id });
    expect(await publishedUnder(YOUNG)).toEqual(kids);
    expect(await ofRooms(YOUNG)).toEqual(OF_ROOMS.map(([, column]) => `the ${column}`));
    await expect(ofRooms(OLD)).rejects.toThrow("not in the key ring");
    await expect(stateUnder(OLD).findAcrossTenants("Session", ids[0] ?? "")).rejects.toThrow("not in the key ring");
  }, 120_000);

  it("leaves what none of its keys opens, and says that it did", async () => {
    const id = randomUUID();
    await save(LOST, id);
    expect(await rotate(`${YOUNG},${OLD}`)).toEqual({
      code: 1,
      said: expect.stringContaining("No key of the ring opens 1"),
    });
    expect(await stateUnder(LOST).findAcrossTenants("Session", id)).toEqual({ of: id });
  }, 60_000);
});
