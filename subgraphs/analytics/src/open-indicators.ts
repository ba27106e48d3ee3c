import { randomBytes } from "node:crypto";
import type { KeyRing } from "@tessera/platform/auth/key-ring";
import type { Features } from "@tessera/platform/features/features";
import type { Resources } from "@tessera/platform/runtime/resources";
import { createIndicatorForgetter } from "./jobs/shared-indicators/forget-indicators.ts";
import { createIndicatorKeys } from "./operations/shared-indicators/indicator-keys.ts";
import {
  createIndicatorOperations,
  createReadBands,
  keptIndicators,
} from "./operations/shared-indicators/indicator-operations.ts";
import { plainForm } from "./operations/shared-indicators/plain-form.ts";
import { createJudgedConsumer } from "./reactions/shared-indicators/take-judged.ts";
import { createFraudStore } from "./store/fraud/fraud-store.ts";
import { createIndicatorStore } from "./store/shared-indicators/indicator-store.ts";

/** Opens patterns of fraud and what tenants share about it: what is done on request, what questions ask, and what removes what has expired. */
export const openIndicators = (
  resources: Resources,
  { keyRing, features }: { readonly keyRing: KeyRing | null; readonly features: Pick<Features, "require"> },
) => {
  const { sql, eventStore, nowMs, logger } = resources;
  const fraud = createFraudStore(eventStore);
  const indicators = createIndicatorStore(resources);
  const indicatorKeys = createIndicatorKeys({ keyRing, indicators, randomBytes });
  const deps = { indicators, indicatorKeys, fraud, features, nowMs };
  const keep = keptIndicators.bind(null, { indicatorKeys });
  return {
    ...{ fraud, sharing: createIndicatorOperations(deps), readBands: createReadBands(deps) },
    background: [
      createIndicatorForgetter({ indicators, nowMs, logger }),
      // Without a key ring nobody joins, and nothing is contributed.
      ...(keyRing === null ? [] : [createJudgedConsumer({ sql, logger, indicators, plainForm, keep, nowMs })]),
    ],
  };
};
