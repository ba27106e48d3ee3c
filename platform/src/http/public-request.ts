import { lookup as resolveName } from "node:dns/promises";
import { request as plainRequest, type IncomingMessage, type RequestOptions } from "node:http";
import { request as secureRequest } from "node:https";
import { isIP, type LookupFunction } from "node:net";
import { errorMessage } from "../errors/error-message.ts";
import { isPublicAddress } from "./public-address.ts";

/**
 * Why a request to an address somebody outside has named was not made or not answered. The first four lie in the address itself and in what its name
 * leads to; the others may pass.
 */
export type PublicRequestFault =
  "NOT_A_URL" | "NOT_HTTPS" | "CREDENTIALS" | "NOT_PUBLIC" | "UNRESOLVED" | "TIMEOUT" | "CERTIFICATE" | "CONNECTION";

/** Thrown when a request was not made or not answered; its message tells whoever named the address, and no address that a name led to within. */
export class PublicRequestError extends Error {
  override readonly name = "PublicRequestError";
  readonly fault: PublicRequestFault;

  constructor(fault: PublicRequestFault, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.fault = fault;
  }
}

/** A request to an address somebody outside has named. */
export interface PublicRequest {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly url: string;
  /** Header fields beside those of the connection; whoever lets strangers name some allows names, for `host` among them would be sent. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** Milliseconds from looking up the name to the last byte of the answer that is read. */
  readonly timeoutMs: number;
  /** Bytes of the answer's body that are read; the rest is left unread. */
  readonly maxAnswerBytes: number;
  /** Aborted when nobody waits for the answer any more. */
  readonly signal?: AbortSignal;
}

/** What was answered, of whatever status; redirects are answers like others. */
export interface PublicAnswer {
  readonly status: number;
  /** Header fields by their lower-case names; of several equal ones, the first. */
  readonly headers: Readonly<Record<string, string>>;
  /** The beginning of the body, at most as long as was asked for. */
  readonly body: Buffer;
  /** True when the body went on. */
  readonly isCut: boolean;
}

/** Sends requests to addresses that somebody outside has named, and to none within. */
export interface PublicRequests {
  /** Throws {@link PublicRequestError} when no answer came. */
  send(request: PublicRequest): Promise<PublicAnswer>;
  /** Throws {@link PublicRequestError} when the address would not be sent to now; for whoever keeps it for later, when it is looked at anew. */
  check(url: string): Promise<void>;
}

interface Resolved {
  readonly address: string;
  readonly family: number;
}

/** What {@link createPublicRequests} is built with. */
export interface PublicRequestOptions {
  /** Lets 127.0.0.1 pass, over http too; for tests. */
  readonly allowLoopback: boolean;
  /** Finds all addresses of a name; the system's resolver unless given. */
  readonly resolve?: (hostname: string) => Promise<readonly Resolved[]>;
  /** Certificate authority (PEM) that is trusted instead of the well-known ones. */
  readonly certificateAuthority?: string;
}

/** Milliseconds for which a name is looked up when an address is only checked. */
const CHECK_TIMEOUT_MS = 5_000;
/** Characters an address may have: what servers and proxies are sure to take. */
const MAX_URL_CHARACTERS = 2_048;

const CERTIFICATE_CODES = /^(?:ERR_TLS|ERR_SSL|CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|EPROTO)/;

const codeOf = (error: unknown): string =>
  typeof error === "object" && error !== null && "code" in error && typeof error.code === "string" ? error.code : "";

const connectionError = (error: unknown): PublicRequestError =>
  error instanceof PublicRequestError
    ? error
    : CERTIFICATE_CODES.test(codeOf(error))
      ? new PublicRequestError("CERTIFICATE", `TLS was not agreed on: ${errorMessage(error)}`, error)
      : new PublicRequestError("CONNECTION", `The connection failed: ${errorMessage(error)}`, error);

const parseUrl = (text: string): URL => {
  if (text.length > MAX_URL_CHARACTERS)
    throw new PublicRequestError("NOT_A_URL", `An address has at most ${MAX_URL_CHARACTERS} characters.`);
  try {
    return new URL(text);
  } catch (error) {
    throw new PublicRequestError("NOT_A_URL", "This is not the address of anything: https://host/path is one.", error);
  }
};

/** Runs `work` with a signal that is aborted after `timeoutMs`, or with `outer`; what is thrown after that says so. */
const within = async <T>(
  timeoutMs: number,
  outer: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> => {
  const ending = new AbortController();
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    ending.abort();
  }, timeoutMs);
  const leave = (): void => ending.abort();
  if (outer?.aborted === true) leave();
  outer?.addEventListener("abort", leave, { once: true });
  // Looking up a name can't be aborted, only no longer waited for.
  const aborted = new Promise<never>((_resolve, reject) => {
    const end = (): void =>
      reject(
        timedOut
          ? new PublicRequestError("TIMEOUT", `There was no answer within ${timeoutMs} ms.`)
          : new PublicRequestError("CONNECTION", "The request was given up."),
      );
    if (ending.signal.aborted) end();
    else ending.signal.addEventListener("abort", end, { once: true });
  });
  try {
    return await Promise.race([work(ending.signal), aborted]);
  } catch (error) {
    // An aborted connection tells of the abort, not of why.
    if (timedOut) throw new PublicRequestError("TIMEOUT", `There was no answer within ${timeoutMs} ms.`, error);
    throw connectionError(error);
  } finally {
    clearTimeout(timer);
    outer?.removeEventListener("abort", leave);
  }
};

const headersOf = ({ headersDistinct }: IncomingMessage): Record<string, string> =>
  Object.fromEntries(Object.entries(headersDistinct).map(([name, values]) => [name, values?.[0] ?? ""]));

const readAnswer = async (answer: IncomingMessage, maxBytes: number): Promise<PublicAnswer> => {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of answer) {
    const chunk: unknown = part;
    if (!Buffer.isBuffer(chunk)) throw new Error("An answer is bytes.");
    parts.push(chunk);
    bytes += chunk.byteLength;
    // Leaving the loop destroys the connection.
    if (bytes > maxBytes) break;
  }
  const body = Buffer.concat(parts).subarray(0, maxBytes);
  return { status: answer.statusCode ?? 0, headers: headersOf(answer), body, isCut: bytes > maxBytes };
};

const exchange = async (
  url: URL,
  request: PublicRequest,
  options: RequestOptions & { readonly ca?: string },
): Promise<PublicAnswer> => {
  const open = url.protocol === "http:" ? plainRequest : secureRequest;
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const sent = open(
      url,
      { ...options, agent: false, method: request.method, headers: { ...request.headers } },
      resolve,
    );
    sent.on("error", reject);
    sent.end(request.body);
  });
  return readAnswer(answer, request.maxAnswerBytes);
};

/**
 * Builds {@link PublicRequests}: https alone; every address a name leads to is looked at, and the very ones that were looked at are connected to, so that
 * a name can't change its mind in between; certificates verified by name; no redirects, no cookies, no proxies, one connection each.
 */
export const createPublicRequests = (options: PublicRequestOptions): PublicRequests => {
  const resolve = options.resolve ?? ((hostname: string) => resolveName(hostname, { all: true }));
  const isAllowed = (address: string): boolean =>
    isPublicAddress(address) || (options.allowLoopback && address === "127.0.0.1");

  const lookUp = async (host: string): Promise<readonly Resolved[]> => {
    const addresses = await resolve(host).catch((error: unknown) => {
      throw new PublicRequestError("UNRESOLVED", "The name leads nowhere at the moment.", error);
    });
    if (addresses.length === 0) throw new PublicRequestError("UNRESOLVED", "The name leads nowhere at the moment.");
    if (!addresses.every(({ address }) => isAllowed(address)))
      throw new PublicRequestError("NOT_PUBLIC", "The name does not lead to public addresses alone.");
    return addresses;
  };
  /** The address and where it leads; the URL parser has made dotted quads of IPv4 in all its forms. */
  const examine = async (text: string): Promise<{ readonly url: URL; readonly addresses: readonly Resolved[] }> => {
    const url = parseUrl(text);
    const host = url.hostname.replace(/^\[|\]$/g, "");
    const isPlainLoopback = url.protocol === "http:" && options.allowLoopback && host === "127.0.0.1";
    if (url.protocol !== "https:" && !isPlainLoopback)
      throw new PublicRequestError("NOT_HTTPS", "Only https addresses are sent to.");
    if (url.username !== "" || url.password !== "")
      throw new PublicRequestError("CREDENTIALS", "An address with credentials in it is not sent to.");
    const family = isIP(host);
    if (family === 0) return { url, addresses: await lookUp(host) };
    if (!isAllowed(host)) throw new PublicRequestError("NOT_PUBLIC", "The address is not a public one.");
    return { url, addresses: [{ address: host, family }] };
  };
  const lookupOf =
    (addresses: readonly Resolved[]): LookupFunction =>
    (_hostname, wanted, callback) => {
      // Node asks for a list when it races address families, for one otherwise.
      if (wanted.all === true) return callback(null, [...addresses]);
      const [first] = addresses;
      return callback(null, first?.address ?? "", first?.family ?? 0);
    };
  const { certificateAuthority: ca } = options;
  return {
    send: (request) =>
      within(request.timeoutMs, request.signal, async (signal) => {
        const { url, addresses } = await examine(request.url);
        const secure = { rejectUnauthorized: true, ...(ca === undefined ? {} : { ca }) };
        // A name that was long looked up is no longer waited for.
        if (signal.aborted) throw new PublicRequestError("CONNECTION", "The request was given up.");
        return exchange(url, request, { lookup: lookupOf(addresses), signal, ...secure });
      }),
    check: (url) => within(CHECK_TIMEOUT_MS, undefined, async () => void (await examine(url))),
  };
};
