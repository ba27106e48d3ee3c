/** Seconds a browser keeps to TLS once it was told: one year, as preload lists ask. */
const HSTS_SECONDS = 31_536_000;

/** What a page must say for itself; an answer that is no page may load nothing and be framed by nobody. */
const NOTHING_CSP = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/**
 * Headers of every answer unless a route says otherwise: nothing is sniffed, framed, referred to, shared with other origins' pages or kept by
 * a cache. `isTls` tells that clients reach this process over TLS alone; then they are told to stay with it (RFC 6797).
 */
export const securityHeadersOf = (isTls: boolean): Readonly<Record<string, string>> => ({
  "cache-control": "no-store",
  "content-security-policy": NOTHING_CSP,
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  ...(isTls ? { "strict-transport-security": `max-age=${HSTS_SECONDS}` } : {}),
});
