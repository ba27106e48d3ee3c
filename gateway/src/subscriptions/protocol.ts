import { z } from "zod";
import type { GraphqlRequest } from "../operations/graphql-request.ts";

/** Close codes of graphql-transport-ws and RFC 6455 that the gateway uses. A graphql-ws client reconnects after all but 4400-4401 and 4406-4429. */
export const CLOSE = {
  goingAway: 1001,
  tryAgainLater: 1013,
  badMessage: 4400,
  unauthorized: 4401,
  forbidden: 4403,
  protocolNotAcceptable: 4406,
  initTimeout: 4408,
  subscriberExists: 4409,
  tooManyInits: 4429,
  internal: 4500,
} as const;

/** Characters an operation's id may have; clients use UUIDs. */
const MAX_ID_LENGTH = 128;

const payload = z.record(z.string(), z.unknown()).nullish();
const id = z.string().min(1).max(MAX_ID_LENGTH);

const clientMessage = z.discriminatedUnion("type", [
  z.object({ type: z.literal("connection_init"), payload }),
  z.object({ type: z.literal("ping"), payload }),
  z.object({ type: z.literal("pong"), payload }),
  z.object({ type: z.literal("complete"), id }),
  z.object({
    type: z.literal("subscribe"),
    id,
    payload: z.object({
      query: z.string().nullish(),
      documentId: z.string().nullish(),
      operationName: z.string().nullish(),
      variables: payload,
      extensions: payload,
    }),
  }),
]);

/** A message a client may send; `subscribe` may name a persisted operation by `documentId` instead of `query`. */
export type ClientMessage = z.infer<typeof clientMessage>;

/** Reads a client's message; null when it is none. */
export const parseClientMessage = (text: string): ClientMessage | null => {
  try {
    return clientMessage.parse(JSON.parse(text));
  } catch {
    return null;
  }
};

/** The operation a `subscribe` message asks for. */
export const requestOf = (message: Extract<ClientMessage, { type: "subscribe" }>): GraphqlRequest => {
  const { query, documentId, operationName, variables, extensions } = message.payload;
  return {
    query: query ?? undefined,
    documentId: documentId ?? undefined,
    operationName: operationName ?? undefined,
    variables: variables ?? undefined,
    extensions: extensions ?? undefined,
  };
};

/** What stands before a payload in a message, once per subscription: the payload itself is encoded once for all. */
export const nextPrefix = (operationId: string): string =>
  `{"id":${JSON.stringify(operationId)},"type":"next","payload":`;

/** Messages of the server that are not events. */
export const serverMessage = {
  ack: (): string => `{"type":"connection_ack"}`,
  pong: (said?: Record<string, unknown>): string =>
    said === undefined ? `{"type":"pong"}` : JSON.stringify({ type: "pong", payload: said }),
  complete: (operationId: string): string => JSON.stringify({ id: operationId, type: "complete" }),
  error: (operationId: string, errorsJson: string): string =>
    `{"id":${JSON.stringify(operationId)},"type":"error","payload":${errorsJson}}`,
};
