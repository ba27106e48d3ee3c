import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { buildSubgraph, type Subgraph } from "@tessera/platform/graphql/subgraph";
import type { Resources } from "@tessera/platform/runtime/resources";
import type { Context, Operations } from "./context.ts";
import { createAuthenticate } from "./operations/authenticate.ts";
import { createCreateApiKey } from "./operations/create-api-key.ts";
import { createCreateUser } from "./operations/create-user.ts";
import { createKeyedHash } from "@tessera/platform/auth/keyed-hash";
import { createListPage } from "./operations/list-page.ts";
import { createRenameTenant } from "./operations/rename-tenant.ts";
import { createRevokeApiKey } from "./operations/revoke-api-key.ts";
import { permissions } from "./permissions.ts";
import type { ApiKeyConnectionParent, UserConnectionParent } from "./parents.ts";
import { ApiKey } from "./resolvers/api-key.ts";
import { AuthenticatedCaller, CallerIdentity } from "./resolvers/caller.ts";
import { connectionFields } from "./resolvers/connection.ts";
import { Mutation } from "./resolvers/mutation.ts";
import { Query } from "./resolvers/query.ts";
import { Tenant } from "./resolvers/tenant.ts";
import { User } from "./resolvers/user.ts";
import { createApiKeyStore } from "./store/api-key-store.ts";
import { createControlPlane } from "./store/control-plane.ts";
import { createCredentialStore } from "./store/credential-store.ts";
import { createLoaders } from "./store/loaders.ts";
import { createTenantStore } from "./store/tenant-store.ts";
import { createUserStore } from "./store/user-store.ts";

const sdl = readFileSync(new URL("../schema.graphql", import.meta.url), "utf8");

const resolvers = {
  Query,
  Mutation,
  Tenant,
  User,
  ApiKey,
  CallerIdentity,
  AuthenticatedCaller,
  ApiKeyConnection: connectionFields<ApiKeyConnectionParent["items"][number]>(),
  UserConnection: connectionFields<UserConnectionParent["items"][number]>(),
};

/** What the tenant room needs beside the resources. */
export interface TenantOptions {
  /** Secret of the installation under which API keys are hashed; at least 32 characters, the same in every process. */
  readonly apiKeyPepper: string;
}

/** Builds the tenant room: tenants, users, API keys, and who stands behind a presented key. */
export const createTenantSubgraph = (resources: Resources, options: TenantOptions): Subgraph => {
  const { sql, pool, logger, nowMs, newId } = resources;
  const controlPlane = createControlPlane(pool);
  const [tenants, users] = [createTenantStore(controlPlane), createUserStore(controlPlane)];
  const [apiKeys, credentials] = [createApiKeyStore(controlPlane), createCredentialStore(sql)];
  const keyedHash = createKeyedHash(options.apiKeyPepper);
  const operations: Operations = {
    authenticate: createAuthenticate({ credentials, keyedHash, nowMs, logger }),
    createApiKey: createCreateApiKey({ apiKeys, keyedHash, randomBytes, nowMs }),
    revokeApiKey: createRevokeApiKey({ apiKeys, nowMs }),
    createUser: createCreateUser({ users, newId, nowMs }),
    renameTenant: createRenameTenant({ tenants }),
    apiKeys: createListPage((tenantId, page) => apiKeys.list(tenantId, page)),
    users: createListPage((tenantId, page) => users.list(tenantId, page)),
  };
  return buildSubgraph<Context>({
    name: "tenant",
    sdl,
    resolvers,
    permissions,
    contextFor: ({ caller }) => ({
      caller,
      operations,
      loaders: createLoaders({ tenants, users }, caller.tenantId),
      nowMs,
    }),
    logger,
  });
};
