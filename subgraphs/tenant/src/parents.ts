import type { Caller, Subject } from "@tessera/contracts/caller";
import type { ApiKey } from "./domain/api-key.ts";
import type { Page } from "./domain/page.ts";
import type { Tenant } from "./domain/tenant.ts";
import type { User } from "./domain/user.ts";

/** What a resolver of `Tenant` receives. */
export type TenantParent = Tenant;
/** What a resolver of `User` receives. */
export type UserParent = User;
/** What a resolver of `ApiKey` receives. */
export type ApiKeyParent = ApiKey;
/** What a resolver of `CallerIdentity` receives. */
export type CallerIdentityParent = Caller;
/** What a resolver of `AuthenticatedCaller` receives. */
export type AuthenticatedCallerParent = Caller;
/** What a resolver of `CallerSubject` receives. */
export type CallerSubjectParent = Subject;
/** What a resolver of `ApiKeyConnection` receives. */
export type ApiKeyConnectionParent = Page<ApiKey>;
/** What a resolver of `UserConnection` receives. */
export type UserConnectionParent = Page<User>;
