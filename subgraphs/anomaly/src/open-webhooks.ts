import { randomBytes } from "node:crypto";
import type { Caller } from "@tessera/contracts/caller";
import type { AccessOfSubject } from "@tessera/platform/auth/access-of-subject";
import type { KeyRing } from "@tessera/platform/auth/key-ring";
import { refuse } from "@tessera/platform/errors/refusal";
import type { Background } from "@tessera/platform/graphql/subgraph";
import type { PublicRequests } from "@tessera/platform/http/public-request";
import type { Resources } from "@tessera/platform/runtime/resources";
import { WEBHOOK_LIMITS } from "./domain/webhooks/endpoint.ts";
import { createWebhookPruner } from "./jobs/webhooks/prune-webhooks.ts";
import { createSenderJob } from "./jobs/webhooks/send-deliveries.ts";
import { unseal } from "./operations/webhooks/sealing.ts";
import { openWebhookCall, type WebhookCall } from "./operations/webhooks/webhook-call.ts";
import { createWebhookOperations } from "./operations/webhooks/webhook-operations.ts";
import { createMessageWriter } from "./reactions/webhooks/write-messages.ts";
import { createDeliveryListStore } from "./store/webhooks/delivery-list-store.ts";
import { createDeliveryStore } from "./store/webhooks/delivery-store.ts";
import { createEndpointStore } from "./store/webhooks/endpoint-store.ts";
import { createMessageStore } from "./store/webhooks/message-store.ts";

/** What webhooks need of others. */
export interface WebhookPorts {
  /** Null where the operator has given none: no endpoint is made then. */
  readonly keyRing: KeyRing | null;
  readonly requests: PublicRequests;
  /** What the owners of endpoints may at the moment. */
  readonly accessOfSubject: AccessOfSubject;
  /** Address clients use; links in messages are paths alone without it. */
  readonly publicUrl?: (() => string) | undefined;
}

const noKeyRing = (): Promise<never> =>
  Promise.reject(
    refuse(
      "DEPENDENCY_UNAVAILABLE",
      "The operator has given this service no key ring (KEY_RING), without which no secret is kept.",
      { retryAfterSeconds: 3_600 },
    ),
  );
const NO_KEY_RING: KeyRing = { keyNames: ["none"], seal: noKeyRing, open: noKeyRing };

/** Opens webhooks: what is asked of them within a call, and what writes, sends and forgets messages for the worker role. */
export const openWebhooks = (
  resources: Resources,
  ports: WebhookPorts,
): { readonly callOf: (caller: Caller) => WebhookCall; readonly background: readonly Background[] } => {
  const { sql, logger, metrics, nowMs, newId } = resources;
  const { requests, accessOfSubject: accessNow } = ports;
  const keyRing = ports.keyRing ?? NO_KEY_RING;
  const graphUrl = (): string => `${ports.publicUrl?.() ?? ""}/graphql`;
  const endpoints = createEndpointStore({ ...resources, limits: WEBHOOK_LIMITS });
  const claims = createDeliveryStore(resources);
  const deliveries = createDeliveryListStore({ sql, limits: WEBHOOK_LIMITS });
  const operations = createWebhookOperations({
    ...{ endpoints, deliveries, keyRing, requests, graphUrl, nowMs, newId, randomBytes },
  });
  return {
    callOf: (caller) => openWebhookCall(operations, caller),
    background: [
      createMessageWriter({ messages: createMessageStore(WEBHOOK_LIMITS), graphUrl, sql, nowMs, logger }),
      createSenderJob({
        ...{ deliveries: claims, requests, unseal: unseal(keyRing), accessNow, nowMs, metrics, logger },
        // Waits are spread at random so that what failed together is not tried together; nothing is kept secret by it.
        random: Math.random,
      }),
      createWebhookPruner({ deliveries: claims, nowMs, logger }),
    ],
  };
};
