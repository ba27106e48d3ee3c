import type { Background } from "@tessera/platform/graphql/subgraph";
import { createRepeatedLook } from "@tessera/platform/runtime/repeated-look";
import type { Logger } from "@tessera/platform/telemetry/logger";
import type { NowMs } from "@tessera/platform/time/clock";
import { NOTIFY_LIMITS } from "../../domain/notify/delivery.ts";
import type { DeliveryStore } from "../../store/notify/delivery-store.ts";

/** Milliseconds between looks for what is older than is kept. */
const LOOK_MS = 600_000;

/** Removes deliveries and notifications that are older than are kept. */
export const createNotificationForgetter = (deps: {
  readonly deliveries: Pick<DeliveryStore, "forgetAcrossTenants">;
  readonly nowMs: NowMs;
  readonly logger: Logger;
}): Background =>
  createRepeatedLook({
    ...{ name: "anomaly-notify-forgetter", everyMs: LOOK_MS, logger: deps.logger },
    look: async () =>
      (await deps.deliveries.forgetAcrossTenants(deps.nowMs() - NOTIFY_LIMITS.keptDays * 86_400_000)) > 0,
    trouble: "Old deliveries can't be removed; trying again.",
  });
