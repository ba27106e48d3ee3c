import type { IncomingMessage } from "node:http";

/** How a credential came in, beside the Authorization header: what a proof of possession and an address list are held against. */
export interface Presentation {
  readonly method: string;
  /** Path of the request without its query. */
  readonly path: string;
  /** The `DPoP` header (RFC 9449); undefined when there is none, null when there are several, which is no proof. */
  readonly proof: string | null | undefined;
  /** Network address of the peer; null when it is gone. */
  readonly peerAddress: string | null;
  /** The `X-Forwarded-For` header, as proxies on the way wrote it; undefined when there is none, or one too long to be believed. */
  readonly forwardedFor?: string | undefined;
  /** The request itself, which may be signed (RFC 9421); absent where none stands behind. */
  readonly request?: IncomingMessage | undefined;
}

/**
 * How a credential was presented; "AGAIN" when an open connection's credential is looked at once more: what was proven then stays
 * proven, and no verdict older than {@link AGAIN_MAX_AGE_MS} counts.
 */
export type Presented = Presentation | "AGAIN";

/** Milliseconds a kept verdict may have to answer for an open connection: with a look every 4 s, an end is seen within 5 s. */
export const AGAIN_MAX_AGE_MS = 500;

/** Characters of a forwarded header that are looked at. */
const MAX_FORWARDED_CHARACTERS = 1_024;

const forwardedForOf = ({ headers }: IncomingMessage): string | undefined => {
  const text = headers["x-forwarded-for"];
  return typeof text === "string" && text.length <= MAX_FORWARDED_CHARACTERS ? text : undefined;
};

/** How the credential of an HTTP request or a WebSocket handshake was presented. */
export const presentationOf = (request: IncomingMessage): Presentation => {
  const all = request.headersDistinct["dpop"];
  return {
    method: request.method ?? "GET",
    path: (request.url ?? "/").split("?")[0] ?? "/",
    proof: all === undefined ? undefined : all.length === 1 ? all[0] : null,
    peerAddress: request.socket.remoteAddress ?? null,
    forwardedFor: forwardedForOf(request),
    request,
  };
};
