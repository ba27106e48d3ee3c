import type { Caller } from "@tessera/contracts/caller";
import { isUuid } from "@tessera/contracts/ids";
import * as change from "./change-endpoints.ts";
import { listDeliveries, replay, sendTest, type DeliveryDeps } from "./webhook-deliveries.ts";

/** What the operations of webhooks need. */
export interface WebhookDeps extends change.ChangeEndpointDeps, DeliveryDeps {}

/** What can be asked of webhooks, bound to its dependencies. */
export const createWebhookOperations = (deps: WebhookDeps) => ({
  createWebhookEndpoint: change.createEndpoint(deps),
  updateWebhookEndpoint: change.updateEndpoint(deps),
  deleteWebhookEndpoint: change.deleteEndpoint(deps),
  rotateWebhookSecret: change.rotateSecret(deps),
  pauseWebhookEndpoint: change.pauseEndpoint(deps),
  resumeWebhookEndpoint: change.resumeEndpoint(deps),
  testWebhookEndpoint: sendTest(deps),
  replayWebhooks: replay(deps),
  listWebhookDeliveries: listDeliveries(deps),
  listWebhookEndpoints: ({ tenantId }: Caller) => deps.endpoints.list(tenantId),
  findWebhookEndpoint: ({ tenantId }: Caller, id: string) =>
    isUuid(id) ? deps.endpoints.find(tenantId, id) : Promise.resolve(null),
  webhookStats: ({ tenantId }: Caller, ids: readonly string[]) => deps.deliveries.stats(tenantId, ids, deps.nowMs()),
  webhookDeliveriesOf: ({ tenantId }: Caller, messageIds: readonly string[]) =>
    deps.deliveries.newestOfMessages(tenantId, messageIds),
  webhookAttempts: ({ tenantId }: Caller, ids: readonly string[]) => deps.deliveries.attempts(tenantId, ids),
});
