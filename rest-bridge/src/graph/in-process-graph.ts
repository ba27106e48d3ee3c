import type { Caller } from "@tessera/contracts/caller";
import type { ForwardCaller } from "@tessera/platform/auth/forwarded-caller";
import type { HttpServer } from "@tessera/platform/http/server";
import type { GraphCall, GraphPort, GraphResult } from "./graph-port.ts";
import { createGraphStream } from "./graph-stream.ts";

/** The gateway's own `execute`, by its shape: the bridge knows no room but platform and contracts. */
export type ExecuteInProcess = (
  caller: Caller,
  request: Pick<GraphCall, "documentId" | "variables">,
  extras: {
    readonly traceId: string;
    readonly clientAddress: string;
    readonly signal?: AbortSignal;
    readonly onRate: (headers: Readonly<Record<string, string>>) => void;
  },
) => Promise<GraphResult>;

const loopbackUrl = (server: HttpServer, path: string): string => {
  const address = server.server.address();
  if (address === null || typeof address === "string") throw new Error("The process does not listen on a port.");
  const host = address.family === "IPv6" ? "[::1]" : "127.0.0.1";
  // A server bound to one address is reached at that address; one bound to all of them over loopback.
  const bound = address.address === "::" || address.address === "0.0.0.0" ? host : address.address;
  return `ws://${bound.includes(":") && !bound.startsWith("[") ? `[${bound}]` : bound}:${address.port}${path}`;
};

/**
 * The graph of a gateway in this process. Queries are function calls; subscriptions go through the gateway's own socket over loopback, so that
 * expiry, revocation, limits and shared upstreams are those every subscriber has.
 */
export const createInProcessGraph = (deps: {
  readonly execute: ExecuteInProcess;
  /** How subscriptions tell the gateway's socket who is reading. */
  readonly forward: ForwardCaller;
  /** The server the gateway serves on; asked for its address when a subscription starts. */
  readonly server: HttpServer;
  /** Path of the graph on that server. */
  readonly path?: string;
}): GraphPort => ({
  execute: async ({ caller, documentId, variables, traceId, clientAddress, signal }) => {
    let rateLimit: Readonly<Record<string, string>> = {};
    const result = await deps.execute(
      caller,
      { documentId, variables },
      {
        traceId,
        clientAddress,
        ...(signal === undefined ? {} : { signal }),
        onRate: (headers) => {
          rateLimit = headers;
        },
      },
    );
    return { ...result, rateLimit };
  },
  subscribe: createGraphStream(() => loopbackUrl(deps.server, deps.path ?? "/graphql"), deps.forward),
});
