import { randomBytes } from "node:crypto";
import { PLAIN_ACCESS, type Caller } from "@tessera/contracts/caller";
import { parseTenantId, type TenantId } from "@tessera/contracts/ids";
import { TENANT_PERMISSIONS } from "@tessera/contracts/permissions";
import { parseApiKey } from "@tessera/platform/auth/api-key";
import type { Resources } from "@tessera/platform/runtime/resources";
import { apiKeyState } from "./domain/api-key.ts";
import { MAX_PAGE_SIZE } from "./domain/page.ts";
import { createAuthenticate } from "./operations/authenticate.ts";
import { createCreateApiKey } from "./operations/create-api-key.ts";
import { createCreateUser } from "./operations/create-user.ts";
import { createKeyedHash } from "@tessera/platform/auth/keyed-hash";
import { createApiKeyStore } from "./store/api-key-store.ts";
import { createControlPlane } from "./store/control-plane.ts";
import { createCredentialStore } from "./store/credential-store.ts";
import { createTenantStore } from "./store/tenant-store.ts";
import { createUserStore } from "./store/user-store.ts";

/** Id of the demo tenant, the same in every installation, so that a second start finds it again. */
export const DEMO_TENANT_ID = "de300000-0000-4000-8000-000000000001";

/** What the demo tenant is made with. */
export interface DemoTenantOptions {
  /** The same secret the tenant subgraph is built with. */
  readonly apiKeyPepper: string;
  /** A key handed out earlier; given back when it still works with every permission. */
  readonly presentApiKey?: string | null;
  /** Default {@link DEMO_TENANT_ID}. */
  readonly tenantId?: string;
  /** Unique in the installation; default `demo`. */
  readonly slug?: string;
}

/** The demo tenant, ready to be called. */
export interface DemoTenant {
  readonly tenantId: TenantId;
  /** A whole API key with every permission a tenant can have. */
  readonly apiKey: string;
}

const SEEDER = { kind: "SERVICE", id: "seed" } as const;

const seederOf = (tenantId: TenantId): Caller => ({
  tenantId,
  subject: SEEDER,
  permissions: new Set(TENANT_PERMISSIONS),
  expiresAtMs: null,
  ...PLAIN_ACCESS,
});

const assemble = (resources: Resources, apiKeyPepper: string) => {
  const { sql, pool, logger, nowMs, newId } = resources;
  const controlPlane = createControlPlane(pool);
  const close = (): Promise<void> => controlPlane.close();
  const [apiKeys, keyedHash] = [createApiKeyStore(controlPlane), createKeyedHash(apiKeyPepper)];
  return {
    apiKeys,
    close,
    tenants: createTenantStore(controlPlane),
    authenticate: createAuthenticate({
      ...{ credentials: createCredentialStore(sql), keyedHash, nowMs, logger },
      // Nothing is shared yet by a tenant that is being made.
      authenticateLink: () => Promise.resolve(null),
    }),
    createApiKey: createCreateApiKey({ apiKeys, keyedHash, randomBytes, nowMs }),
    createUser: createCreateUser({ users: createUserStore(controlPlane), newId, nowMs }),
  };
};

type Assembly = ReturnType<typeof assemble>;

const stillGood = async (room: Assembly, tenantId: TenantId, apiKey: string): Promise<boolean> => {
  const presented = parseApiKey(apiKey);
  const caller = presented === null ? null : await room.authenticate(presented);
  return caller?.tenantId === tenantId && TENANT_PERMISSIONS.every((permission) => caller.permissions.has(permission));
};

/** Ends the keys of earlier seeds: their text is lost, so nobody could end them by knowing them. */
const revokeLostKeys = async (room: Assembly, tenantId: TenantId, nowMs: number): Promise<void> => {
  const keys = await room.apiKeys.list(tenantId, { first: MAX_PAGE_SIZE, after: null });
  const lost = keys.filter((key) => key.createdBy.kind === SEEDER.kind && key.createdBy.id === SEEDER.id);
  for (const key of lost) if (apiKeyState(key, nowMs) === "ACTIVE") await room.apiKeys.revoke(tenantId, key.id, nowMs);
};

const seedWith = async (
  room: Assembly,
  tenantId: TenantId,
  options: DemoTenantOptions,
  nowMs: number,
): Promise<DemoTenant> => {
  const [seeder, slug] = [seederOf(tenantId), options.slug ?? "demo"];
  await room.tenants.ensure({ id: tenantId, name: "Demo", slug, createdAtMs: nowMs });
  if ((await room.tenants.find(tenantId)) === null) throw new Error(`The slug ${slug} belongs to another tenant.`);
  await room.createUser(seeder, { email: "owner@demo.example", name: "Demo owner", roles: ["OWNER"] });
  const present = options.presentApiKey ?? null;
  if (present !== null && (await stillGood(room, tenantId, present))) return { tenantId, apiKey: present };
  await revokeLostKeys(room, tenantId, nowMs);
  const made = await room.createApiKey(seeder, { name: "Demo key", permissions: TENANT_PERMISSIONS });
  if (made.kind !== "CREATED") throw new Error(`The demo key could not be made: ${made.kind}.`);
  return { tenantId, apiKey: made.secret };
};

/**
 * Makes the demo tenant with its owner and an API key that has every permission, or finds them: running it again changes nothing as long
 * as the present key is given and works. Throws when the slug belongs to another tenant.
 */
export const seedDemoTenant = async (resources: Resources, options: DemoTenantOptions): Promise<DemoTenant> => {
  const tenantId = parseTenantId(options.tenantId ?? DEMO_TENANT_ID);
  if (tenantId === null) throw new Error("The demo tenant's id is not a UUID.");
  const room = assemble(resources, options.apiKeyPepper);
  try {
    return await seedWith(room, tenantId, options, resources.nowMs());
  } finally {
    await room.close();
  }
};
