import { errorCodes, type ErrorCode } from "./error-codes.ts";
import { Refusal } from "./refusal.ts";

/** A problem document, RFC 9457, media type `application/problem+json`. */
export interface Problem {
  /** `urn:tessera:error:<CODE>`, stable per error code. */
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: ErrorCode;
  /** What the reader can do about it. */
  readonly action: string;
  readonly traceId?: string;
  readonly [extra: string]: unknown;
}

/** Media type of {@link Problem}. */
export const PROBLEM_MEDIA_TYPE = "application/problem+json";

/** Builds a problem document from a code of the error table and a detail that is safe to show. */
export const problemOf = (code: ErrorCode, detail: string, extras: Record<string, unknown> = {}): Problem => {
  const { title, status, action } = errorCodes[code];
  return { type: `urn:tessera:error:${code}`, title, status, detail, code, action, ...extras };
};

/** The member by which draft-ietf-httpapi-ratelimit-headers-10 names the quotas that were exceeded. */
const violatedPolicies = ({ quota }: Refusal["extras"]): Record<string, unknown> =>
  typeof quota === "string" ? { "violated-policies": [quota] } : {};

/** Turns anything thrown into a problem document: a refusal says what it is, everything else becomes a masked INTERNAL. */
export const problemFromThrown = (thrown: unknown, extras: Record<string, unknown> = {}): Problem =>
  thrown instanceof Refusal
    ? problemOf(thrown.code, thrown.message, { ...thrown.extras, ...violatedPolicies(thrown.extras), ...extras })
    : problemOf("INTERNAL", errorCodes.INTERNAL.title, extras);
