import {
  ErrorCode,
  OpenFeature,
  StandardResolutionReasons,
  type Client,
  type EvaluationContext,
  type JsonValue,
  type Provider,
  type ResolutionDetails,
} from "@openfeature/server-sdk";
import { TIERS, tiersWith, type Feature, type Tier } from "@tessera/contracts/features";
import { parseTenantId, type TenantId } from "@tessera/contracts/ids";
import type { EffectiveLimits, ReadEffectiveLimits } from "@tessera/contracts/limits";
import { refuse, type Refusal } from "../errors/refusal.ts";

/** Who asks when a feature is asked about a tenant and nobody in it. */
const ASKER = { kind: "SERVICE", id: "features" } as const;
/** Number flags that are limits: `limit.CONCURRENT_QUERIES`. */
const LIMIT_PREFIX = "limit.";

/** What a tenant may use, as other rooms ask: by OpenFeature, whose targeting key is the tenant's id. */
export interface Features {
  /** Whether the tenant's tier includes the feature; false when there is no such tenant, or no answer. */
  isEnabled(tenantId: TenantId, feature: Feature): Promise<boolean>;
  /** Refuses with FEATURE_NOT_IN_TIER, which names the feature and the tiers that have it, unless the tenant's tier includes it. */
  require(tenantId: TenantId, feature: Feature): Promise<void>;
  /** OpenFeature's own client, for what it offers beside. */
  readonly client: Client;
}

/** The refusal of whoever asks for a feature that the tenant's tier does not include. */
export const notInTier = (feature: Feature, tier: string): Refusal => {
  const includedIn = tiersWith(feature).join(", ");
  const detail = `The tier ${tier} does not include the feature "${feature}", which ${includedIn} ${tiersWith(feature).length === 1 ? "has" : "have"}.`;
  return refuse("FEATURE_NOT_IN_TIER", detail, { feature, tier, includedIn });
};

const failed = <Value>(value: Value, errorCode: ErrorCode, errorMessage: string): ResolutionDetails<Value> => ({
  value,
  reason: StandardResolutionReasons.ERROR,
  errorCode,
  errorMessage,
});

const resolved = <Value>(value: Value, limits: EffectiveLimits): ResolutionDetails<Value> => ({
  value,
  variant: limits.tier,
  reason: StandardResolutionReasons.TARGETING_MATCH,
});

/**
 * An OpenFeature provider over tiers: a boolean flag is a feature of the tenant's tier, `tier` is a string flag, `limit.<METRIC>` is a number flag (the
 * hard limit; the default where there is none). The targeting key names the tenant.
 */
export const createEntitlementProvider = (read: ReadEffectiveLimits): Provider => {
  const resolve = async <Value>(
    fallback: Value,
    context: EvaluationContext,
    pick: (limits: EffectiveLimits) => Value | undefined,
  ): Promise<ResolutionDetails<Value>> => {
    const tenantId = parseTenantId(context.targetingKey ?? "");
    if (tenantId === null)
      return failed(fallback, ErrorCode.TARGETING_KEY_MISSING, "The targeting key must be a tenant's id.");
    const limits = await read(tenantId, ASKER);
    if (limits === null) return failed(fallback, ErrorCode.INVALID_CONTEXT, "There is no such tenant.");
    const value = pick(limits);
    return value === undefined
      ? failed(fallback, ErrorCode.FLAG_NOT_FOUND, "There is no such flag.")
      : resolved(value, limits);
  };
  return {
    metadata: { name: "tessera-entitlements" },
    runsOn: "server",
    resolveBooleanEvaluation: (flag, fallback, context) =>
      resolve(fallback, context, ({ features }) => features.includes(flag)),
    resolveStringEvaluation: (flag, fallback, context) =>
      resolve(fallback, context, ({ tier }) => (flag === "tier" ? tier : undefined)),
    resolveNumberEvaluation: (flag, fallback, context) =>
      resolve(fallback, context, ({ limits }) => {
        const limit = flag.startsWith(LIMIT_PREFIX)
          ? limits.find(({ metric }) => metric === flag.slice(LIMIT_PREFIX.length))
          : undefined;
        return limit === undefined ? undefined : (limit.hard ?? fallback);
      }),
    resolveObjectEvaluation: <Value extends JsonValue>(_flag: string, fallback: Value) =>
      Promise.resolve(failed(fallback, ErrorCode.TYPE_MISMATCH, "Entitlements are booleans, numbers and texts.")),
  };
};

/** The tenant's tier; the smallest when there is no such tenant, or no answer. */
export const tierOf = async ({ client }: Pick<Features, "client">, tenantId: TenantId): Promise<Tier> => {
  const [smallest] = TIERS;
  const told = await client.getStringValue("tier", smallest, { targetingKey: tenantId });
  return TIERS.find((tier) => tier === told) ?? smallest;
};

/** Opens {@link Features} over answers about limits; `domain` keeps it apart from others in the same process. */
export const openFeatures = (read: ReadEffectiveLimits, domain: string): Features => {
  // The provider has nothing to open, so it serves from now on.
  OpenFeature.setProvider(domain, createEntitlementProvider(read));
  const client = OpenFeature.getClient(domain);
  return {
    client,
    isEnabled: (tenantId, feature) => client.getBooleanValue(feature, false, { targetingKey: tenantId }),
    require: async (tenantId, feature) => {
      const { value, reason, variant } = await client.getBooleanDetails(feature, false, { targetingKey: tenantId });
      if (value) return;
      if (reason === StandardResolutionReasons.TARGETING_MATCH) throw notInTier(feature, variant ?? "");
      throw refuse("DEPENDENCY_UNAVAILABLE", "What the tenant's tier includes can't be read.", {
        retryAfterSeconds: 2,
      });
    },
  };
};
