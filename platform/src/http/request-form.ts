import type { IncomingMessage } from "node:http";
import { refuse, type Refusal } from "../errors/refusal.ts";

/** Bytes of a request target: a persisted operation with its variables fits many times. */
export const MAX_URL_BYTES = 8_192;
/** Header fields of one request; browsers behind several proxies send some forty. */
export const MAX_HEADER_FIELDS = 100;
/** Fields that, given twice, are read differently by different servers. */
const ONCE: ReadonlySet<string> = new Set([
  "host",
  "content-length",
  "transfer-encoding",
  "authorization",
  "content-type",
]);

const malformed = (detail: string): Refusal => refuse("MALFORMED_REQUEST", detail);

const hostOf = (target: string): string | null => (URL.canParse(target) ? new URL(target).host : null);

/** The first field of {@link ONCE} that stands in the request twice; what the parser merged is seen in the raw list alone. */
const repeatedField = ({ rawHeaders }: IncomingMessage): string | null => {
  let seen = "";
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const raw = rawHeaders[index] ?? "";
    // No field of the list has another length, so that most fields cost one comparison.
    if (raw.length !== 4 && (raw.length < 12 || raw.length > 17)) continue;
    const name = raw.toLowerCase();
    if (!ONCE.has(name)) continue;
    if (seen.includes(`${name};`)) return name;
    seen += `${name};`;
  }
  return null;
};

/**
 * What is wrong with a request's form though a lenient parser let it through; null when two servers could not read it differently. Refused are
 * versions other than 1.0 and 1.1, repeated framing fields, codings other than `chunked`, targets that name another host (RFC 9112), and
 * more or longer fields than {@link MAX_HEADER_FIELDS} and {@link MAX_URL_BYTES} allow.
 */
export const formProblem = (request: IncomingMessage): Refusal | null => {
  const { httpVersion, headers, url = "" } = request;
  if (httpVersion !== "1.1" && httpVersion !== "1.0") return malformed("The version of the protocol is not HTTP/1.1.");
  if (url.length > MAX_URL_BYTES) return refuse("URL_TOO_LONG", `A URL may have ${MAX_URL_BYTES} bytes.`);
  if (request.rawHeaders.length > 2 * MAX_HEADER_FIELDS)
    return refuse("HEADERS_TOO_LARGE", `A request may have ${MAX_HEADER_FIELDS} header fields.`);
  const repeated = repeatedField(request);
  if (repeated !== null) return malformed(`\`${repeated}\` is given more than once.`);
  const coding = headers["transfer-encoding"];
  if (coding !== undefined && (coding.toLowerCase() !== "chunked" || httpVersion === "1.0"))
    return malformed("The only transfer coding is `chunked`, in HTTP/1.1.");
  if (!originForm(request).startsWith("/") && url !== "*")
    return malformed("The target of the request and its Host differ.");
  return null;
};

/**
 * The target in origin form (RFC 9112, 3.2.1). An absolute one that names the host of the Host field loses scheme and host; any other stays as
 * it is, for {@link formProblem} to refuse.
 */
export const originForm = ({ url = "/", headers }: IncomingMessage): string => {
  if (url.startsWith("/") || hostOf(url) !== headers.host?.toLowerCase()) return url;
  const { pathname, search } = new URL(url);
  return `${pathname}${search}`;
};
