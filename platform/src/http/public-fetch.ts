import { lookup as resolveName } from "node:dns";
import { request as plainRequest, type IncomingMessage } from "node:http";
import { request as secureRequest } from "node:https";
import { BlockList, isIP, type LookupFunction } from "node:net";

/** Milliseconds an answer may take from first to last byte. */
export const PUBLIC_FETCH_TIMEOUT_MS = 5_000;
/** Bytes an answer may have. */
export const PUBLIC_FETCH_MAX_BYTES = 262_144;

/** IPv4 that is nobody's public address (RFC 6890 and the registries it names). */
const SPECIAL_V4: readonly (readonly [string, number])[] = [
  ...([
    ["0.0.0.0", 8],
    ["10.0.0.0", 8],
    ["100.64.0.0", 10],
    ["127.0.0.0", 8],
    ["169.254.0.0", 16],
  ] as const),
  ...([
    ["172.16.0.0", 12],
    ["192.0.0.0", 24],
    ["192.0.2.0", 24],
    ["192.88.99.0", 24],
    ["192.168.0.0", 16],
  ] as const),
  ...([
    ["198.18.0.0", 15],
    ["198.51.100.0", 24],
    ["203.0.113.0", 24],
    ["224.0.0.0", 4],
    ["240.0.0.0", 4],
  ] as const),
];
/** IPv6 within global unicast that is documentation, or carries an IPv4 address that could be any. */
const SPECIAL_V6: readonly (readonly [string, number])[] = [
  ...([
    ["2001::", 23],
    ["2001:db8::", 32],
    ["2002::", 16],
    ["3fff::", 20],
  ] as const),
];

const special = new BlockList();
for (const [network, prefix] of SPECIAL_V4) special.addSubnet(network, prefix, "ipv4");
for (const [network, prefix] of SPECIAL_V6) special.addSubnet(network, prefix, "ipv6");
const globalV6 = new BlockList();
globalV6.addSubnet("2000::", 3, "ipv6");

/** Whether an address is one that strangers on the internet share: not loopback, private, link-local, metadata or otherwise special. */
export const isPublicAddress = (address: string): boolean => {
  if (isIP(address) === 4) return !special.check(address, "ipv4");
  return isIP(address) === 6 && globalV6.check(address, "ipv6") && !special.check(address, "ipv6");
};

/** Fetches JSON from an address somebody outside has named. */
export type PublicFetch = (url: string) => Promise<unknown>;

const readJson = async (answer: IncomingMessage): Promise<unknown> => {
  if (answer.statusCode !== 200) {
    answer.destroy();
    throw new Error(`The address answered ${answer.statusCode ?? "nothing"}; redirects are not followed.`);
  }
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of answer) {
    const chunk: unknown = part;
    if (!Buffer.isBuffer(chunk)) throw new Error("An answer is bytes.");
    bytes += chunk.byteLength;
    if (bytes > PUBLIC_FETCH_MAX_BYTES) throw new Error(`The answer has more than ${PUBLIC_FETCH_MAX_BYTES} bytes.`);
    parts.push(chunk);
  }
  return JSON.parse(Buffer.concat(parts).toString("utf8"));
};

/**
 * Builds {@link PublicFetch}: https alone; the very address that was looked at is the one that is connected to, so that a name can't change
 * its mind in between; no redirects, no cookies, bounded in time and size. `allowLoopback` lets http to 127.0.0.1 pass, for tests.
 */
export const createPublicFetch = (options: { readonly allowLoopback: boolean }): PublicFetch => {
  const isAllowed = (address: string): boolean =>
    isPublicAddress(address) || (options.allowLoopback && address === "127.0.0.1");
  const lookup: LookupFunction = (hostname, wanted, callback) => {
    resolveName(hostname, { ...wanted, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, "", 0);
      const [first] = addresses;
      if (first === undefined || !addresses.every(({ address }) => isAllowed(address)))
        return callback(new Error("The name does not lead to public addresses alone."), "", 0);
      // Node asks for a list when it races address families, for one otherwise.
      if (wanted.all === true) return callback(null, addresses, 0);
      return callback(null, first.address, first.family);
    });
  };
  return async (address) => {
    const url = new URL(address);
    const host = url.hostname.replace(/^\[|\]$/g, "");
    const isPlainLoopback = url.protocol === "http:" && options.allowLoopback && host === "127.0.0.1";
    if (url.protocol !== "https:" && !isPlainLoopback) throw new Error("Only https addresses are fetched.");
    // A literal address is connected to without a lookup.
    if (isIP(host) !== 0 && !isAllowed(host)) throw new Error("The address is not a public one.");
    if (url.username !== "" || url.password !== "") throw new Error("An address with credentials is not fetched.");
    const signal = AbortSignal.timeout(PUBLIC_FETCH_TIMEOUT_MS);
    const request = isPlainLoopback ? plainRequest : secureRequest;
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      const sent = request(url, { lookup, signal, agent: false, headers: { accept: "application/json" } }, resolve);
      sent.on("error", reject);
      sent.end();
    });
    return readJson(answer);
  };
};
