import type { Caller } from "@tessera/contracts/caller";
import { createClient } from "graphql-ws";
import { WebSocket } from "ws";
import { z } from "zod";
import type { ForwardCaller } from "@tessera/platform/auth/forwarded-caller";
import { traceparentOf } from "@tessera/platform/telemetry/trace-context";
import type { GraphPort, StreamEnd } from "./graph-port.ts";
import { parseGraphResult } from "./graph-result.ts";

/** Milliseconds the gateway has to acknowledge a connection before it counts as gone. */
const ACKNOWLEDGE_TIMEOUT_MS = 5_000;
/** Milliseconds between pings to the gateway, so that a dead connection is noticed while nothing happens. */
const KEEP_ALIVE_MS = 12_000;
/** Close code for a connection that broke without one (RFC 6455, 7.4.1). */
const ABNORMAL_CLOSURE = 1006;

const closeEvent = z.object({ code: z.number(), reason: z.string() });

const endOf = (thrown: unknown): StreamEnd => {
  const refused = Array.isArray(thrown) ? parseGraphResult({ errors: thrown }) : null;
  if (refused?.errors !== undefined) return { kind: "refused", errors: refused.errors };
  const closed = closeEvent.safeParse(thrown);
  return closed.success
    ? { kind: "closed", code: closed.data.code, reason: closed.data.reason }
    : { kind: "closed", code: ABNORMAL_CLOSURE, reason: "" };
};

/** `http://host/graphql` as a WebSocket address. */
export const webSocketUrlOf = (url: string): string => url.replace(/^http/, "ws");

/**
 * Subscribes over graphql-transport-ws, one connection per subscription, for a caller this process has verified, so that the gateway's expiry and
 * limits hold; each confirmation renews the identity it was opened with. It never reconnects by itself: whoever reads decides where to resume. graphql-ws clients insist on a document
 * text, so the operation is named by the hash of the persisted operation beside an empty one.
 */
export const createGraphStream =
  (url: () => string, forward: ForwardCaller): GraphPort["subscribe"] =>
  (call, sink) => {
    let connection: WebSocket | null = null;
    const client = createClient({
      url: url(),
      webSocketImpl: WebSocket,
      connectionParams: async () => ({
        authorization: await forward(call.caller, call.clientAddress),
        traceparent: traceparentOf(call.traceId),
      }),
      on: {
        connected: (socket) => {
          if (socket instanceof WebSocket) connection = socket;
        },
      },
      retryAttempts: 0,
      connectionAckWaitTimeout: ACKNOWLEDGE_TIMEOUT_MS,
      keepAlive: KEEP_ALIVE_MS,
      // Each reader learns how its own connection ended; there is nobody else to tell.
      onNonLazyError: () => undefined,
    });
    let open = true;
    const end = (reason: StreamEnd): void => {
      if (!open) return;
      open = false;
      sink.end(reason);
      void client.dispose();
    };
    const sha256Hash = call.documentId.slice("sha256:".length);
    const unsubscribe = client.subscribe(
      { query: "", variables: { ...call.variables }, extensions: { persistedQuery: { version: 1, sha256Hash } } },
      {
        next: (result) => {
          const parsed = parseGraphResult(result);
          if (open && parsed !== null) sink.next(parsed);
        },
        error: (thrown) => end(endOf(thrown)),
        complete: () => end({ kind: "complete" }),
      },
    );
    const renew = async (caller: Caller): Promise<void> => {
      const authorization = await forward(caller, call.clientAddress);
      if (open && connection?.readyState === WebSocket.OPEN)
        connection.send(JSON.stringify({ type: "ping", payload: { authorization } }));
    };
    return {
      stop: () => {
        open = false;
        unsubscribe();
        void client.dispose();
      },
      confirm: (caller) => {
        // What is not renewed ends at the gateway by itself.
        renew(caller).catch(() => undefined);
      },
    };
  };
