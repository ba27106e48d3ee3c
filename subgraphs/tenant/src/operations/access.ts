import type { KeyedHash } from "@tessera/platform/auth/keyed-hash";
import type { RandomBytes } from "@tessera/platform/auth/api-key";
import type { NowMs } from "@tessera/platform/time/clock";
import { createExplainAccess, createPoliciesOf } from "./explain-access.ts";
import { createDeletePolicy, createListPolicies, createSavePolicy } from "./manage-policies.ts";
import { createAssignRoles, createDeleteRole, createListRoles, createSaveRole } from "./manage-roles.ts";
import {
  createEnterTenant,
  createGrantOperatorAccess,
  createListGrants,
  createReadOrganisation,
  createRevokeOperatorAccess,
} from "./operator-access.ts";
import type { GrantStore } from "../store/grant-store.ts";
import { createRotateApiKey, createSetApiKeyNetworks } from "./rotate-api-key.ts";
import type { AccessStore } from "../store/access-store.ts";
import type { ApiKeyStore } from "../store/api-key-store.ts";

/** What the room can do about access: roles, data policies, secrets and networks of keys, and explanations. */
export interface AccessOperations {
  readonly roles: ReturnType<typeof createListRoles>;
  readonly createRole: ReturnType<typeof createSaveRole>;
  readonly updateRole: ReturnType<typeof createSaveRole>;
  readonly deleteRole: ReturnType<typeof createDeleteRole>;
  readonly assignRoles: ReturnType<typeof createAssignRoles>;
  readonly dataPolicies: ReturnType<typeof createListPolicies>;
  readonly policiesOf: ReturnType<typeof createPoliciesOf>;
  readonly saveDataPolicy: ReturnType<typeof createSavePolicy>;
  readonly deleteDataPolicy: ReturnType<typeof createDeletePolicy>;
  readonly explainAccess: ReturnType<typeof createExplainAccess>;
  readonly rotateApiKey: ReturnType<typeof createRotateApiKey>;
  readonly setApiKeyNetworks: ReturnType<typeof createSetApiKeyNetworks>;
  readonly grantOperatorAccess: ReturnType<typeof createGrantOperatorAccess>;
  readonly revokeOperatorAccess: ReturnType<typeof createRevokeOperatorAccess>;
  readonly enterTenant: ReturnType<typeof createEnterTenant>;
  readonly operatorGrants: ReturnType<typeof createListGrants>;
  readonly organisation: ReturnType<typeof createReadOrganisation>;
}

/** Builds {@link AccessOperations}. */
export const createAccessOperations = (deps: {
  readonly access: AccessStore;
  readonly apiKeys: ApiKeyStore;
  readonly keyedHash: KeyedHash;
  readonly randomBytes: RandomBytes;
  readonly nowMs: NowMs;
  readonly newId: () => string;
  readonly grants: GrantStore;
}): AccessOperations => {
  const roles = createListRoles(deps);
  return {
    roles,
    createRole: createSaveRole(deps, "CREATE"),
    updateRole: createSaveRole(deps, "UPDATE"),
    deleteRole: createDeleteRole(deps),
    assignRoles: createAssignRoles(deps),
    dataPolicies: createListPolicies(deps),
    policiesOf: createPoliciesOf(deps),
    saveDataPolicy: createSavePolicy(deps),
    deleteDataPolicy: createDeletePolicy(deps),
    explainAccess: createExplainAccess({ access: deps.access, roles }),
    rotateApiKey: createRotateApiKey(deps),
    setApiKeyNetworks: createSetApiKeyNetworks(deps),
    grantOperatorAccess: createGrantOperatorAccess(deps),
    revokeOperatorAccess: createRevokeOperatorAccess(deps),
    enterTenant: createEnterTenant(deps),
    operatorGrants: createListGrants(deps),
    organisation: createReadOrganisation(deps),
  };
};
