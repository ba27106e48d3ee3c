import DataLoader from "dataloader";
import type { Caller } from "@tessera/contracts/caller";
import type { EndpointState } from "../../domain/webhooks/endpoint.ts";
import type { Attempt, Delivery, EndpointStats } from "../../store/webhooks/delivery-list-store.ts";
import type { createWebhookOperations } from "./webhook-operations.ts";

/** What can be asked of webhooks within one call: what many rows ask for is read at once. */
export interface WebhookCall extends ReturnType<typeof createWebhookOperations> {
  readonly statsOf: (endpointId: string) => Promise<EndpointStats>;
  readonly attemptsOf: (deliveryId: string) => Promise<readonly Attempt[]>;
  /** The newest delivery of a message; null when there is none any more. */
  readonly deliveryOfMessage: (messageId: string) => Promise<Delivery | null>;
  /** Where an endpoint stands; null when there is none any more. */
  readonly endpointStateOf: (endpointId: string) => Promise<EndpointState | null>;
}

const noStats = (endpointId: string): EndpointStats => ({
  ...{ endpointId, waiting: 0, delivered: 0, dead: 0, attempts: 0, failedAttempts: 0, p50Ms: null, p95Ms: null },
});

/** Opens webhooks for one call of somebody. */
export const openWebhookCall = (
  operations: ReturnType<typeof createWebhookOperations>,
  caller: Caller,
): WebhookCall => {
  const stats = new DataLoader<string, EndpointStats>(async (ids) => {
    const found = new Map((await operations.webhookStats(caller, ids)).map((one) => [one.endpointId, one]));
    return ids.map((id) => found.get(id) ?? noStats(id));
  });
  const attempts = new DataLoader<string, readonly Attempt[]>(async (ids) => {
    const found = await operations.webhookAttempts(caller, ids);
    return ids.map((id) => found.filter(({ deliveryId }) => deliveryId === id));
  });
  const newest = new DataLoader<string, Delivery | null>(async (ids) => {
    const found = new Map((await operations.webhookDeliveriesOf(caller, ids)).map((one) => [one.messageId, one]));
    return ids.map((id) => found.get(id) ?? null);
  });
  const states = new DataLoader<string, EndpointState | null>(async (ids) => {
    const found = new Map((await operations.listWebhookEndpoints(caller)).map(({ id, state }) => [id, state]));
    return ids.map((id) => found.get(id) ?? null);
  });
  return {
    ...{ ...operations, statsOf: (id) => stats.load(id), attemptsOf: (id) => attempts.load(id) },
    ...{ deliveryOfMessage: (id) => newest.load(id), endpointStateOf: (id) => states.load(id) },
  };
};
