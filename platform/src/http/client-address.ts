import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";
import proxyAddr from "@fastify/proxy-addr";

/** Characters of a forwarded header that are looked at; a longer one is not believed. */
const MAX_FORWARDED_CHARACTERS = 1_024;

/** What of a request tells where it came from. */
export interface AddressedRequest {
  readonly headers: IncomingMessage["headers"];
  readonly socket: { readonly remoteAddress?: string | undefined };
}

/** Tells where a request came from: the address of the connection or, through trusted proxies alone, the one they forwarded. */
export type ClientAddress = (request: AddressedRequest) => string;

/**
 * Builds {@link ClientAddress}. `trusted` are addresses, subnets (`10.0.0.0/8`) or the names `loopback`, `linklocal`, `uniquelocal`; X-Forwarded-For is read
 * from the right and believed as far as each hop is trusted. An empty list believes nobody. Throws on an entry that is none of these.
 */
export const createClientAddress = (trusted: readonly string[]): ClientAddress => {
  const isTrusted = proxyAddr.compile([...trusted]);
  return (request) => {
    const own = request.socket.remoteAddress ?? "";
    const forwarded = request.headers["x-forwarded-for"];
    const length = typeof forwarded === "string" ? forwarded.length : 0;
    if (trusted.length === 0 || length === 0 || length > MAX_FORWARDED_CHARACTERS) return plain(own);
    // boundary: of a request the library reads these two alone, under two names.
    const looked = { headers: request.headers, socket: request.socket, connection: request.socket } as IncomingMessage;
    const named = plain(proxyAddr(looked, isTrusted));
    // What a proxy wrote may be no address: then the proxy itself is the last one that is known.
    return isIP(named) === 0 ? plain(own) : named;
  };
};

const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

/** An IPv4 address that came over an IPv6 socket is the IPv4 address (RFC 4291, 2.5.5.2). */
const plain = (address: string): string => MAPPED.exec(address)?.[1] ?? address;
