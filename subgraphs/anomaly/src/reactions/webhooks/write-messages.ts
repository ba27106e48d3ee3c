import type { SqlTransaction, TenantSql } from "@tessera/platform/db/sql";
import { createConsumersInTurn } from "@tessera/platform/events/consumers-in-turn";
import type { LogEntry } from "@tessera/platform/events/event-log";
import { createLogConsumer, type LogConsumer } from "@tessera/platform/events/log-consumer";
import { errorMessage } from "@tessera/platform/errors/error-message";
import type { Background } from "@tessera/platform/graphql/subgraph";
import type { Logger } from "@tessera/platform/telemetry/logger";
import type { NowMs } from "@tessera/platform/time/clock";
import { uuidOf } from "@tessera/platform/integrity/digest";
import { toldTopics, typesOfTopic } from "../../domain/webhooks/event-types.ts";
import type { Endpoint } from "../../domain/webhooks/endpoint.ts";
import type { Told, WebhookEventType } from "../../domain/webhooks/event-type.ts";
import { bodyOf } from "../../domain/webhooks/message.ts";
import { orderingKey, subjectOf, wants } from "../../domain/webhooks/wants.ts";
import type { MessageStore, NewMessage } from "../../store/webhooks/message-store.ts";

/** What writing messages needs. */
export interface WriteMessagesDeps {
  readonly messages: MessageStore;
  /** Where the graph is asked, for links in messages that were too large. */
  readonly graphUrl: () => string;
  readonly nowMs: NowMs;
  readonly logger: Logger;
}

const tellSafely = ({ logger }: WriteMessagesDeps, type: WebhookEventType, entry: LogEntry): Told | null => {
  try {
    return type.tell(entry.payload);
  } catch (error) {
    // One entry that is not as promised does not hold up those behind it.
    logger.error({ type: type.name, error: errorMessage(error) }, "An entry of the log can't be told by webhooks.");
    return null;
  }
};

const messageOf = (
  deps: WriteMessagesDeps,
  endpoints: readonly Endpoint[],
  entry: LogEntry,
  type: WebhookEventType,
): readonly NewMessage[] => {
  const { tenantId, topic, cursor } = entry;
  const told = tellSafely(deps, type, entry);
  if (told === null) return [];
  const asking = endpoints.filter(
    (endpoint) => endpoint.sinceTransaction < cursor.transaction && wants(endpoint, type, told),
  );
  if (asking.length === 0) return [];
  const id = uuidOf(`${tenantId}:${topic}:${cursor.transaction}-${cursor.sequence}:${type.name}`);
  const subject = subjectOf(type, told);
  const body = bodyOf(type, told, { readAtMs: deps.nowMs(), graphUrl: deps.graphUrl() });
  const to = asking.map((endpoint) => ({
    ...{ id: uuidOf(`${id}:${endpoint.id}`), endpointId: endpoint.id, orderingKey: orderingKey(endpoint, subject) },
  }));
  return [{ id, type: type.name, subject, body, to }];
};

/** Writes one message for each entry and type that an endpoint asks for, with a delivery for each such endpoint; written twice, it is as written once. */
export const writeMessages =
  (deps: WriteMessagesDeps) =>
  async (transaction: SqlTransaction, tenantId: LogEntry["tenantId"], entries: readonly LogEntry[]): Promise<void> => {
    const endpoints = await deps.messages.endpointsWithin(transaction, tenantId);
    if (endpoints.length === 0) return;
    const messages = entries.flatMap((entry) =>
      typesOfTopic(entry.topic).flatMap((type) => messageOf(deps, endpoints, entry, type)),
    );
    if (messages.length > 0) await deps.messages.writeWithin(transaction, tenantId, messages, deps.nowMs());
  };

/** The consumers of every topic that webhooks tell of. */
export const createMessageConsumers = (deps: WriteMessagesDeps & { readonly sql: TenantSql }): readonly LogConsumer[] =>
  toldTopics.map((topic) =>
    createLogConsumer({
      ...{ sql: deps.sql, logger: deps.logger, name: `webhooks:${topic}`, topic },
      handle: writeMessages(deps),
    }),
  );

/** Writes messages as the log grows, one topic after the other: so many consumers at a time would use up the connections of a process. */
export const createMessageWriter = (deps: WriteMessagesDeps & { readonly sql: TenantSql }): Background =>
  createConsumersInTurn({
    ...{ name: "webhook-messages", sql: deps.sql, logger: deps.logger, consumers: createMessageConsumers(deps) },
  });
