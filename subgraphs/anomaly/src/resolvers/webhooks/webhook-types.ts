import type {
  WebhookDeliveryResolvers,
  WebhookEndpointResolvers,
  WebhookEventTypeResolvers,
} from "../../generated/resolvers.ts";
import { bodyFor } from "../../operations/webhooks/webhook-deliveries.ts";
import { toDateTime, toDateTimeOrNull } from "../views.ts";
import { exampleText } from "./webhook-views.ts";

const WebhookEndpoint: WebhookEndpointResolvers = {
  tenant: ({ tenantId }) => ({ id: tenantId }),
  disabledReason: ({ disabledBecause }) => disabledBecause,
  stateChangedAt: ({ stateChangedAtMs }) => toDateTime(stateChangedAtMs),
  failingSince: ({ health }) => toDateTimeOrNull(health.failingSinceMs),
  failuresInRow: ({ health }) => health.failuresInRow,
  blockedUntil: ({ health }) => toDateTimeOrNull(health.blockedUntilMs),
  lastSuccessAt: ({ lastSuccessAtMs }) => toDateTimeOrNull(lastSuccessAtMs),
  owner: ({ owner }) => owner.subject,
  secrets: ({ secrets }) =>
    secrets.map(({ createdAtMs, expiresAtMs, ...same }) => ({
      ...{ ...same, createdAt: toDateTime(createdAtMs), expiresAt: toDateTimeOrNull(expiresAtMs) },
    })),
  stats: ({ id }, _arguments, { webhooks }) => webhooks.statsOf(id),
  createdAt: ({ createdAtMs }) => toDateTime(createdAtMs),
  updatedAt: ({ updatedAtMs }) => toDateTime(updatedAtMs),
};

const WebhookDelivery: WebhookDeliveryResolvers = {
  messageId: ({ messageId }) => `msg_${messageId}`,
  body: (delivery, _arguments, { caller }) => bodyFor(caller, delivery),
  createdAt: ({ createdAtMs }) => toDateTime(createdAtMs),
  nextAttemptAt: ({ state, dueAtMs }) => (state === "WAITING" ? toDateTime(dueAtMs) : null),
  endedAt: ({ endedAtMs }) => toDateTimeOrNull(endedAtMs),
  attempts: ({ id }, _arguments, { webhooks }) =>
    webhooks
      .attemptsOf(id)
      .then((attempts) =>
        attempts.map(({ startedAtMs, ...same }) => ({ ...same, startedAt: toDateTime(startedAtMs) })),
      ),
};

const WebhookEventType: WebhookEventTypeResolvers = {
  description: ({ sentence }) => sentence,
  schema: ({ schema }) => JSON.stringify(schema()),
  example: (type) => exampleText(type),
};

/** Resolvers of the types of webhooks. */
export const webhookTypes = { WebhookEndpoint, WebhookDelivery, WebhookEventType };
