import type { Caller, Subject } from "@tessera/contracts/caller";
import type { TenantCapacity } from "@tessera/contracts/events/tenant-scaled";
import type { EffectiveLimit, LimitLevel } from "@tessera/contracts/limits";
import type { Plan } from "./domain/billing/plan.ts";
import type { SetLimit } from "./domain/limits.ts";
import type { ScaleRequest } from "./domain/scale-request.ts";
import type { UsageMeasures, UsageRow } from "./domain/usage.ts";
import type { Chargeback, MonthInvoice, ShownLine } from "./operations/billing.ts";
import type { TenantLimits } from "./operations/read-limits.ts";
import type { UsageAnswer } from "./operations/read-usage.ts";
import type { ForecastOfLimit } from "./operations/tenant-outlook.ts";
import type { GrantedCredit } from "./store/billing-store.ts";
import type { LedgerHour } from "./store/ledger-store.ts";
import type { TenantHistoryEntry } from "./store/tenant-history.ts";
import type { ApiKey } from "./domain/api-key.ts";
import type { OAuthClient } from "./domain/oauth-client.ts";
import type { SecurityEvent, Throttle } from "./domain/abuse/throttle.ts";
import type { Page } from "./domain/page.ts";
import type { RequestKey } from "./domain/request-key.ts";
import type { Tenant } from "./domain/tenant.ts";
import type { TrustedIssuer } from "./domain/trusted-issuer.ts";
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
/** What a resolver of `OAuthClient` receives. */
export type OAuthClientParent = OAuthClient;
/** What a resolver of `OAuthClientConnection` receives. */
export type OAuthClientConnectionParent = Page<OAuthClient>;
/** What a resolver of `TrustedIssuer` receives. */
export type TrustedIssuerParent = TrustedIssuer;

/** What a resolver of `Usage` receives. */
export type UsageParent = UsageAnswer;
/** What a resolver of `UsageRow` receives. */
export type UsageRowParent = UsageRow;
/** What a resolver of `UsageMeasures` receives. */
export type UsageMeasuresParent = UsageMeasures;
/** What a resolver of `LedgerHour` receives. */
export type LedgerHourParent = LedgerHour;
/** What a resolver of `TenantLimits` receives. */
export type TenantLimitsParent = TenantLimits;
/** What a resolver of `EffectiveLimits` receives. */
export type EffectiveLimitsParent = TenantLimits;
/** What a resolver of `EffectiveLimit` receives. */
export type EffectiveLimitParent = EffectiveLimit;
/** What a resolver of `LimitLevel` receives. */
export type LimitLevelParent = LimitLevel;
/** What a resolver of `SetLimit` receives. */
export type SetLimitParent = SetLimit;
/** What a resolver of `LimitForecast` receives. */
export type LimitForecastParent = ForecastOfLimit;
/** What a resolver of `TenantHistoryEntry` receives. */
export type TenantHistoryEntryParent = TenantHistoryEntry;
/** What a resolver of `ScaleRequest` receives. */
export type ScaleRequestParent = ScaleRequest;
/** What a resolver of `TenantCapacity` receives. */
export type TenantCapacityParent = TenantCapacity;
/** What a resolver of `BillingPlan` receives. */
export type BillingPlanParent = Plan;
/** What a resolver of `BillingCredit` receives. */
export type BillingCreditParent = GrantedCredit;
/** What a resolver of `Invoice` receives. */
export type InvoiceParent = MonthInvoice;
/** What a resolver of `InvoiceLine` receives. */
export type InvoiceLineParent = ShownLine;
/** What a resolver of `Chargeback` receives. */
export type ChargebackParent = Chargeback;

/** What `RequestKey` is resolved from. */
export type RequestKeyParent = RequestKey;

/** What a resolver of `SecurityEvent` receives. */
export type SecurityEventParent = SecurityEvent;
/** What a resolver of `SecurityEventConnection` receives. */
export type SecurityEventConnectionParent = Page<SecurityEvent>;
/** What a resolver of `Throttle` receives. */
export type ThrottleParent = Throttle;
