import type { Caller } from "@tessera/contracts/caller";
import type { TenantId } from "@tessera/contracts/ids";
import type { NowMs } from "@tessera/platform/time/clock";
import type { ApiKey } from "./domain/api-key.ts";
import type { Page } from "./domain/page.ts";
import type { User } from "./domain/user.ts";
import type { Administration } from "./operations/administration.ts";
import type { AccessOperations } from "./operations/access.ts";
import type { Authenticate } from "./operations/authenticate.ts";
import type { createCreateApiKey } from "./operations/create-api-key.ts";
import type { createCreateUser } from "./operations/create-user.ts";
import type { IdentityOperations } from "./operations/identity.ts";
import type { RateBudgets } from "./operations/rate-budgets.ts";
import type { ReportFailures } from "./operations/report-failures.ts";
import type { ShareLinkOperations } from "./operations/share-links.ts";
import type { SecurityOperations } from "./operations/security.ts";
import type { createListPage } from "./operations/list-page.ts";
import type { createRenameTenant } from "./operations/rename-tenant.ts";
import type { createRevokeApiKey } from "./operations/revoke-api-key.ts";
import type { RequestKeyOperations } from "./operations/request-keys.ts";
import type { Loaders } from "./store/loaders.ts";

type ListPage<Item> = (
  tenantId: TenantId,
  args: Parameters<ReturnType<typeof createListPage>>[1],
) => Promise<Page<Item>>;

/** What the tenant room can do; one for the process. */
export interface Operations
  extends IdentityOperations, AccessOperations, RequestKeyOperations, SecurityOperations, ShareLinkOperations {
  readonly reportFailures: ReportFailures;
  readonly administration: Administration;
  readonly rateBudgets: RateBudgets;
  readonly authenticate: Authenticate;
  readonly createApiKey: ReturnType<typeof createCreateApiKey>;
  readonly revokeApiKey: ReturnType<typeof createRevokeApiKey>;
  readonly createUser: ReturnType<typeof createCreateUser>;
  readonly renameTenant: ReturnType<typeof createRenameTenant>;
  readonly apiKeys: ListPage<ApiKey>;
  readonly users: ListPage<User>;
}

/** What a resolver of the tenant room sees; one per call. */
export interface Context {
  readonly caller: Caller;
  readonly operations: Operations;
  readonly loaders: Loaders;
  readonly nowMs: NowMs;
}
