import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { buildSubgraph, type Subgraph } from "@tessera/platform/graphql/subgraph";
import type { Resources } from "@tessera/platform/runtime/resources";
import type { Context, Operations } from "./context.ts";
import { createAccessOperations } from "./operations/access.ts";
import { createIdentityOperations, type IdentityOptions } from "./operations/identity.ts";
import { createTenantErasure, type EraseEvents } from "./jobs/erase-tenants.ts";
import { createUsageUpkeep } from "./jobs/usage-upkeep.ts";
import { createAdministration, type AdministrationStores } from "./operations/administration.ts";
import { createAuthenticate } from "./operations/authenticate.ts";
import { createCreateApiKey } from "./operations/create-api-key.ts";
import { createCreateUser } from "./operations/create-user.ts";
import { createKeyedHash } from "@tessera/platform/auth/keyed-hash";
import { createPostgresBudgetStore } from "@tessera/platform/limits/postgres-budget-store";
import { createRateBudgets } from "./operations/rate-budgets.ts";
import { createListPage } from "./operations/list-page.ts";
import { createRenameTenant } from "./operations/rename-tenant.ts";
import { createRevokeApiKey } from "./operations/revoke-api-key.ts";
import { createFeatureGate } from "./operations/require-feature.ts";
import { createReportFailures } from "./operations/report-failures.ts";
import { createSecurityOperations } from "./operations/security.ts";
import { createTargetTenant } from "./operations/target-tenant.ts";
import { createRequestKeys } from "./operations/request-keys.ts";
import { createShareLinks } from "./operations/share-links.ts";
import { createWatchLimits } from "./operations/watch-limits.ts";
import { permissions } from "./permissions.ts";
import type {
  ApiKeyConnectionParent,
  OAuthClientConnectionParent,
  SecurityEventConnectionParent,
  UserConnectionParent,
} from "./parents.ts";
import { DEFAULT_ABUSE_BOUNDS, type AbuseBounds } from "@tessera/contracts/abuse";
import { createAbuseWatch } from "./reactions/abuse-watch.ts";
import { createUsageLedger } from "./reactions/usage-ledger.ts";
import * as administrationTypes from "./resolvers/administration.ts";
import { AdministrationMutation, AdministrationQuery } from "./resolvers/administration-roots.ts";
import { AccessMutation, AccessQuery } from "./resolvers/access.ts";
import { ApiKey } from "./resolvers/api-key.ts";
import { AuthenticatedCaller, CallerIdentity } from "./resolvers/caller.ts";
import { connectionFields } from "./resolvers/connection.ts";
import { IdentityMutation, IdentityQuery, OAuthClient, TrustedIssuer } from "./resolvers/identity.ts";
import { Mutation } from "./resolvers/mutation.ts";
import { OperatorMutation, OperatorQuery } from "./resolvers/operators.ts";
import { Query } from "./resolvers/query.ts";
import { ShareLinkMutation } from "./resolvers/share-links.ts";
import { RequestKey, RequestKeyAlgorithm, RequestKeyMutation, RequestKeyQuery } from "./resolvers/request-keys.ts";
import { RateBudgetMutation } from "./resolvers/rate-budgets.ts";
import { SecurityEvent, SecurityMutation, SecurityQuery, Throttle } from "./resolvers/security.ts";
import { Tenant } from "./resolvers/tenant.ts";
import { User } from "./resolvers/user.ts";
import { createAbuseStore } from "./store/abuse-store.ts";
import { createSecurityStore } from "./store/security-store.ts";
import { createAccessStore } from "./store/access-store.ts";
import { createActivityStore } from "./store/activity-store.ts";
import { createBillingStore } from "./store/billing-store.ts";
import { createLedgerStore } from "./store/ledger-store.ts";
import { createLifecycleStore } from "./store/lifecycle-store.ts";
import { createLimitStore } from "./store/limit-store.ts";
import { createShareLinkStore } from "./store/share-link-store.ts";
import { createScaleStore } from "./store/scale-store.ts";
import { createStoredEvents } from "./store/stored-events.ts";
import { createTenantHistory } from "./store/tenant-history.ts";
import { createApiKeyStore } from "./store/api-key-store.ts";
import { createControlPlane } from "./store/control-plane.ts";
import { createCredentialStore } from "./store/credential-store.ts";
import { createGrantStore } from "./store/grant-store.ts";
import { createRequestKeyStore } from "./store/request-key-store.ts";
import { createLoaders } from "./store/loaders.ts";
import { createOAuthClientStore } from "./store/oauth-client-store.ts";
import { createStandingStore } from "./store/standing-store.ts";
import { createTokenStore } from "./store/token-store.ts";
import { createTrustedIssuerStore } from "./store/trusted-issuer-store.ts";
import { createTenantStore, type TenantStore } from "./store/tenant-store.ts";
import { createUserStore } from "./store/user-store.ts";

const sdl = readFileSync(new URL("../schema.graphql", import.meta.url), "utf8");

const resolvers = {
  Query: {
    ...{ ...Query, ...AccessQuery, ...OperatorQuery, ...IdentityQuery, ...RequestKeyQuery, ...AdministrationQuery },
    ...SecurityQuery,
  },
  Mutation: {
    ...Mutation,
    ...AccessMutation,
    ...OperatorMutation,
    ...IdentityMutation,
    ...RequestKeyMutation,
    ...AdministrationMutation,
    ...RateBudgetMutation,
    ...SecurityMutation,
    ...ShareLinkMutation,
  },
  ...administrationTypes,
  OAuthClient,
  RequestKey,
  RequestKeyAlgorithm,
  TrustedIssuer,
  SecurityEvent,
  Throttle,
  SecurityEventConnection: connectionFields<SecurityEventConnectionParent["items"][number]>(),
  OAuthClientConnection: connectionFields<OAuthClientConnectionParent["items"][number]>(),
  Tenant,
  User,
  ApiKey,
  CallerIdentity,
  AuthenticatedCaller,
  ApiKeyConnection: connectionFields<ApiKeyConnectionParent["items"][number]>(),
  UserConnection: connectionFields<UserConnectionParent["items"][number]>(),
};

/** What the tenant room needs beside the resources. */
export interface TenantOptions extends IdentityOptions {
  /** Secret of the installation under which API keys are hashed; at least 32 characters, the same in every process. */
  readonly apiKeyPepper: string;
  /** Removes a tenant from the event store; where it is not given, no tenant is erased by this process. */
  readonly eraseEvents?: EraseEvents;
  /** From when on something is abuse; {@link DEFAULT_ABUSE_BOUNDS} unless given. */
  readonly abuse?: AbuseBounds | undefined;
}

const administrationStores = ({ sql, eventLog }: Resources, tenants: TenantStore): AdministrationStores => {
  const history = createTenantHistory(sql);
  const limits = createLimitStore({ sql, eventLog });
  return {
    ...{ tenants, history, limits },
    security: createSecurityStore({ sql, eventLog, history }),
    ledger: createLedgerStore(sql),
    lifecycle: createLifecycleStore({ sql, eventLog, history }),
    activity: createActivityStore(sql),
    scales: createScaleStore({ sql, eventLog, limits, history }),
    billing: createBillingStore(sql),
  };
};

/** What workers do for this room: keep the ledger, sample storage, erase tenants whose grace is over. */
const backgroundOf = (
  resources: Resources,
  stores: AdministrationStores,
  { eraseEvents, abuse = DEFAULT_ABUSE_BOUNDS }: TenantOptions,
) => {
  const { sql, logger, nowMs, newId, eventStore, eventLog } = resources;
  const watchLimits = createWatchLimits({ limits: stores.limits, nowMs });
  return [
    createUsageLedger({ sql, logger, nowMs, ledger: stores.ledger, watchLimits }),
    ...createAbuseWatch({ sql, logger, nowMs, newId, store: createAbuseStore({ eventLog }), bounds: abuse }),
    createUsageUpkeep({ ledger: stores.ledger, storedEvents: createStoredEvents(eventStore), logger, nowMs }),
    ...(eraseEvents === undefined
      ? []
      : [createTenantErasure({ lifecycle: stores.lifecycle, eraseEvents, logger, nowMs })]),
  ];
};

const identityStores = (sql: Resources["sql"]) => ({
  clients: createOAuthClientStore(sql),
  issuers: createTrustedIssuerStore(sql),
  tokens: createTokenStore(sql),
  standing: createStandingStore(sql),
});

/** Builds the tenant room: tenants, users, API keys, and who stands behind a presented key. */
export const createTenantSubgraph = (resources: Resources, options: TenantOptions): Subgraph => {
  const { sql, pool, logger, nowMs, newId } = resources;
  const controlPlane = createControlPlane(pool);
  const [tenants, users] = [createTenantStore(controlPlane), createUserStore(controlPlane)];
  const [apiKeys, credentials] = [createApiKeyStore(controlPlane), createCredentialStore(sql)];
  const keyedHash = createKeyedHash(options.apiKeyPepper);
  const access = createAccessStore(sql);
  const stores = administrationStores(resources, tenants);
  const withFeature = createFeatureGate({ tenants });
  const identity = createIdentityOperations(
    resources,
    { ...identityStores(sql), users, access, keyedHash, randomBytes },
    options,
  );
  const requestKeys = createRequestKeys({ requestKeys: createRequestKeyStore(sql), newId, nowMs });
  const accessOperations = createAccessOperations({
    ...{ access, apiKeys, keyedHash, randomBytes, nowMs, newId },
    grants: createGrantStore(resources),
  });
  const shareLinks = createShareLinks({ shareLinks: createShareLinkStore(sql), keyedHash, randomBytes, nowMs });
  const operations: Operations = {
    ...shareLinks,
    administration: createAdministration(stores, { newId, nowMs }),
    rateBudgets: createRateBudgets(createPostgresBudgetStore(sql)),
    ...createSecurityOperations({ security: stores.security, targetTenant: createTargetTenant({ tenants }), nowMs }),
    reportFailures: createReportFailures({
      ...{ credentials, keyedHash, nowMs },
      ...{ eventLog: resources.eventLog, security: stores.security },
    }),
    ...{ ...identity, ...requestKeys, ...accessOperations },
    trustIssuer: withFeature("identity-providers", identity.trustIssuer),
    registerRequestKey: withFeature("signed-requests", requestKeys.registerRequestKey),
    createRole: withFeature("custom-roles", accessOperations.createRole),
    updateRole: withFeature("custom-roles", accessOperations.updateRole),
    authenticate: createAuthenticate({ credentials, keyedHash, nowMs, logger, ...shareLinks }),
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
    background: backgroundOf(resources, stores, options),
  });
};
