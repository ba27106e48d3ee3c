import type { Background } from "@tessera/platform/graphql/subgraph";
import { createRepeatedLook } from "@tessera/platform/runtime/repeated-look";
import type { Logger } from "@tessera/platform/telemetry/logger";
import type { NowMs } from "@tessera/platform/time/clock";
import { dayOf, oldestPeriod } from "../../domain/shared-indicators/indicator.ts";
import type { IndicatorStore } from "../../store/shared-indicators/indicator-store.ts";

/** Milliseconds between looks for what has expired: it counts for nothing from the moment on, whenever it is removed. */
const LOOK_MS = 600_000;

/** Removes keys whose time is over, what was contributed under them, and what was asked about on earlier days. */
export const createIndicatorForgetter = (deps: {
  readonly indicators: Pick<IndicatorStore, "forgetAcrossTenants">;
  readonly nowMs: NowMs;
  readonly logger: Logger;
}): Background =>
  createRepeatedLook({
    ...{ name: "analytics-indicator-forgetter", everyMs: LOOK_MS, logger: deps.logger },
    look: async () => {
      const atMs = deps.nowMs();
      await deps.indicators.forgetAcrossTenants(oldestPeriod(atMs), dayOf(atMs));
      return false;
    },
    trouble: "Expired indicators can't be removed; trying again.",
  });
