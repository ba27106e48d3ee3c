import type { Background } from "@tessera/platform/graphql/subgraph";
import { createRepeatedLook } from "@tessera/platform/runtime/repeated-look";
import type { Logger } from "@tessera/platform/telemetry/logger";
import type { NowMs } from "@tessera/platform/time/clock";
import { WEBHOOK_LIMITS } from "../../domain/webhooks/endpoint.ts";
import type { DeliveryStore } from "../../store/webhooks/delivery-store.ts";

/** Messages dropped by one statement, so that none holds rows for long. */
const MAX_DROPPED = 1_000;
/** Milliseconds between looks: what is kept a few minutes longer does no harm. */
const LOOK_MS = 600_000;
const DAY_MS = 86_400_000;

/** Drops messages, deliveries and attempts that are older than they are kept. */
export const createWebhookPruner = (deps: {
  readonly deliveries: Pick<DeliveryStore, "pruneAcrossTenants">;
  readonly nowMs: NowMs;
  readonly logger: Logger;
}): Background =>
  createRepeatedLook({
    name: "webhook-retention",
    everyMs: LOOK_MS,
    look: async () => {
      const beforeMs = deps.nowMs() - WEBHOOK_LIMITS.keptDays * DAY_MS;
      return (await deps.deliveries.pruneAcrossTenants(beforeMs, MAX_DROPPED)) === MAX_DROPPED;
    },
    trouble: "Old webhooks can't be dropped; trying again.",
    logger: deps.logger,
  });
