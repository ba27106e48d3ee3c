import { z } from "zod";
import { PLAIN_ACCESS, type Caller } from "@tessera/contracts/caller";
import type { TenantId } from "@tessera/contracts/ids";
import { TENANT_PERMISSIONS, type Permission } from "@tessera/contracts/permissions";
import { parseApiKey } from "@tessera/platform/auth/api-key";
import { askSubgraph, callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { openTestResources } from "@tessera/platform/testing/test-resources";
import { createTenantSubgraph } from "../subgraph.ts";

const madeKey = z.object({ secret: z.string(), apiKey: z.object({ id: z.string() }) });
const service: Caller = {
  ...callerWith(freshTenantId(), ["platform:authenticate"]),
  ...PLAIN_ACCESS,
  subject: { kind: "SERVICE", id: "gateway" },
};

/** Gives a key exactly these roles. */
export const assign = (id: string, ...roles: readonly string[]) => ({
  input: { subject: { kind: "API_KEY", id }, roles },
});
/** A role of these permissions. */
export const role = (name: string, ...permissions: readonly string[]) => ({ input: { name, permissions } });

/** The tenant room over the engines of this test run, asked as its callers ask it; the clock is the test's. */
export const openAccessRoom = () => {
  const clock = { nowMs: Date.parse("2026-11-20T12:00:00.000Z") };
  const test = openTestResources({ nowMs: () => clock.nowMs });
  const subgraph = createTenantSubgraph(test.resources, { apiKeyPepper: "a pepper for tests, long enough to be one" });
  /** The first field of the answer, or the codes of its errors. */
  const ask = async (caller: Caller, source: string, variables: object = {}): Promise<unknown> => {
    const { data, errors } = await askSubgraph(subgraph, caller, source, { ...variables });
    if (errors !== undefined) return errors.map(({ extensions }) => extensions?.["code"]).join();
    return Object.values(data ?? {})[0];
  };
  const newTenant = async (): Promise<TenantId> => {
    const tenantId = freshTenantId();
    await test.owner.query("INSERT INTO tenant (id, name, slug) VALUES ($1::uuid, 'Test', $1::text)", [tenantId]);
    return tenantId;
  };
  return {
    ...{ clock, test, ask, newTenant },
    ownerOf: (tenantId: TenantId): Caller => callerWith(tenantId, TENANT_PERMISSIONS),
    without: (tenantId: TenantId, ...lacking: readonly Permission[]): Caller =>
      callerWith(
        tenantId,
        TENANT_PERMISSIONS.filter((permission) => !lacking.includes(permission)),
      ),
    /** What a presented key amounts to; null for nothing. */
    authenticate: (secret: string): Promise<unknown> => {
      const presented = parseApiKey(secret) ?? { keyId: "", credentialHash: "" };
      const text = `query ($keyId: ID!, $credentialHash: String!) { authenticate(keyId: $keyId, credentialHash: $credentialHash) {
        tenantId permissions roles networks dataPolicy grantId expiresAt } }`;
      return ask(service, text, presented);
    },
    makeKey: async (caller: Caller, input: object = {}) => {
      const text = `mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { ... on ApiKeyCreated { secret apiKey { id } } } }`;
      return madeKey.parse(await ask(caller, text, { input: { name: "key", permissions: ["ml:read"], ...input } }));
    },
  };
};

/** What {@link openAccessRoom} opens. */
export type AccessRoom = ReturnType<typeof openAccessRoom>;
