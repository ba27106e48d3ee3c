import { FEATURES } from "@tessera/contracts/features";
import { openFeatures, type Features } from "../features/features.ts";
import type { Quotas } from "../limits/quotas.ts";

/** Features of tenants that all have the largest tier. */
export const everyFeature: Features = openFeatures(
  (tenantId) => Promise.resolve({ tenantId, tier: "ENTERPRISE", features: FEATURES, limits: [] }),
  "tests-every-feature",
);

/** Quotas that bound nobody. */
export const noQuotas: Quotas = { of: () => ({ quotas: [], limits: null }) };
