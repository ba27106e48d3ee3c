/** What a tenant has subscribed to, smallest first. */
export const TIERS = ["FREE", "TEAM", "BUSINESS", "ENTERPRISE"] as const;

/** One of {@link TIERS}. */
export type Tier = (typeof TIERS)[number];

/** What a tier switches on; each is asked for where it is used, and whoever lacks it is refused with FEATURE_NOT_IN_TIER. */
export const FEATURES = [
  "custom-roles",
  "identity-providers",
  "long-queries",
  "shared-indicators",
  "signed-requests",
] as const;

/** One of {@link FEATURES}. */
export type Feature = (typeof FEATURES)[number];

const FIRST_TIER: Readonly<Record<Feature, Tier>> = {
  "custom-roles": "BUSINESS",
  "identity-providers": "BUSINESS",
  "long-queries": "TEAM",
  "shared-indicators": "BUSINESS",
  "signed-requests": "ENTERPRISE",
};

/** The tiers that include a feature, smallest first. */
export const tiersWith = (feature: Feature): readonly Tier[] => TIERS.slice(TIERS.indexOf(FIRST_TIER[feature]));

/** The features a tier includes, sorted. */
export const featuresOf = (tier: Tier): readonly Feature[] =>
  FEATURES.filter((feature) => tiersWith(feature).includes(tier)).toSorted();
