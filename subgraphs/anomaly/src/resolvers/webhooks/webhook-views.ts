import type { WebhookEventType } from "../../domain/webhooks/event-type.ts";
import { bodyOf } from "../../domain/webhooks/message.ts";
import type { Page } from "../../domain/page.ts";
import type { ResolversTypes, ResolversUnionTypes } from "../../generated/resolvers.ts";
import type { EndpointOutcome } from "../../operations/webhooks/change-endpoints.ts";
import type { ReplayOutcome } from "../../operations/webhooks/webhook-deliveries.ts";
import type { Connection } from "../views.ts";

type Results = ResolversUnionTypes<ResolversTypes>;

const impossible = (kind: string): Error => new Error(`${kind} is no end of this.`);

const toSaved = (outcome: Extract<EndpointOutcome, { readonly kind: "SAVED" }>) =>
  ({ __typename: "WebhookEndpointSaved", endpoint: outcome.endpoint, secrets: outcome.shown }) as const;

/** What became of `createWebhookEndpoint`, as callers see it. */
export const toCreated = (outcome: EndpointOutcome): Results["CreateWebhookEndpointResult"] => {
  switch (outcome.kind) {
    case "SAVED":
      return toSaved(outcome);
    case "REJECTED":
      return { __typename: "WebhookRejected", problems: outcome.problems };
    case "LIMIT_REACHED":
      return { __typename: "WebhookLimitReached", limit: outcome.limit };
    case "NOT_FOUND":
    case "STALE":
      throw impossible(outcome.kind);
  }
};

/** What became of `updateWebhookEndpoint`, as callers see it. */
export const toUpdated = (id: string, outcome: EndpointOutcome): Results["UpdateWebhookEndpointResult"] => {
  switch (outcome.kind) {
    case "SAVED":
      return toSaved(outcome);
    case "REJECTED":
      return { __typename: "WebhookRejected", problems: outcome.problems };
    case "NOT_FOUND":
      return { __typename: "WebhookEndpointNotFound", id };
    case "STALE":
      return { __typename: "WebhookEndpointChangedMeanwhile", endpoint: outcome.endpoint };
    case "LIMIT_REACHED":
      throw impossible(outcome.kind);
  }
};

/** What became of `rotateWebhookSecret`, as callers see it. */
export const toRotated = (id: string, outcome: EndpointOutcome): Results["RotateWebhookSecretResult"] =>
  outcome.kind === "NOT_FOUND" ? { __typename: "WebhookEndpointNotFound", id } : toCreated(outcome);

/** What became of pausing or resuming, as callers see it. */
export const toStanding = (id: string, outcome: EndpointOutcome): Results["WebhookEndpointStateResult"] => {
  if (outcome.kind === "SAVED") return toSaved(outcome);
  if (outcome.kind === "NOT_FOUND") return { __typename: "WebhookEndpointNotFound", id };
  throw impossible(outcome.kind);
};

/** What became of `replayWebhooks`, as callers see it. */
export const toReplayed = (id: string, outcome: ReplayOutcome): Results["ReplayWebhooksResult"] => {
  switch (outcome.kind) {
    case "REPLAYED":
      return { __typename: "WebhooksReplayed", deliveries: outcome.deliveries };
    case "TOO_MANY":
      return { __typename: "WebhookReplayTooLarge", limit: outcome.limit };
    case "NOT_FOUND":
      return { __typename: "WebhookEndpointNotFound", id };
  }
};

/** A page whose items' places are their numbers. */
export const toNumbered = <Item extends { readonly sequence: string }>(page: Page<Item>): Connection<Item> => ({
  edges: page.items.map((node) => ({ cursor: node.sequence, node })),
  pageInfo: {
    ...{ hasNextPage: page.hasNext, hasPreviousPage: page.hasPrevious },
    startCursor: page.items[0]?.sequence ?? null,
    endCursor: page.items.at(-1)?.sequence ?? null,
  },
});

/** A body of a type as it might be. */
export const exampleText = (type: WebhookEventType): string =>
  bodyOf(type, type.example(), { readAtMs: 1_795_000_000_000, graphUrl: "/graphql" });
