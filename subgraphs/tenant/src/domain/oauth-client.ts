import type { Subject } from "@tessera/contracts/caller";
import type { TenantId } from "@tessera/contracts/ids";
import type { Permission } from "@tessera/contracts/permissions";
import { refuse } from "@tessera/platform/errors/refusal";

/** What a client is for: itself, people with a secret kept on a server, people without one. */
export type OAuthClientKind = "SERVICE" | "WEB" | "PUBLIC";

/** Addresses a client may be sent back to: enough for its environments. */
const MAX_REDIRECT_URIS = 20;
const MAX_URI_LENGTH = 500;
/** Where a program on the person's own machine listens (RFC 8252, section 7.3): addresses, never a name that could be resolved elsewhere. */
const LOOPBACK: ReadonlySet<string> = new Set(["127.0.0.1", "[::1]"]);
/** A scheme only one maker can claim: a domain of theirs, reversed (RFC 8252, section 7.1). */
const PRIVATE_SCHEME = /^[a-z][a-z0-9+-]*(\.[a-z0-9+-]+)+:$/;

/** An OAuth client of a tenant as it is listed; times are milliseconds since the epoch. */
export interface OAuthClient {
  readonly id: string;
  readonly tenantId: TenantId;
  readonly name: string;
  readonly kind: OAuthClientKind;
  readonly redirectUris: readonly string[];
  readonly permissions: readonly Permission[];
  readonly dpopRequired: boolean;
  readonly createdAtMs: number;
  readonly createdBy: Subject;
  readonly revokedAtMs: number | null;
}

const isAllowed = (text: string, kind: OAuthClientKind): boolean => {
  if (text.length > MAX_URI_LENGTH || !URL.canParse(text) || text.includes("#") || text.includes("*")) return false;
  const { protocol, hostname, username, password } = new URL(text);
  if (username !== "" || password !== "") return false;
  if (protocol === "https:") return true;
  if (protocol === "http:") return LOOPBACK.has(hostname);
  return kind === "PUBLIC" && PRIVATE_SCHEME.test(protocol);
};

/**
 * Reads redirect URIs, each once: https, http on a loopback address, and for public clients schemes of their own. A service has none, every other
 * kind at least one. Refuses with BAD_INPUT.
 */
export const redirectUrisOf = (texts: readonly string[], kind: OAuthClientKind, field: string): readonly string[] => {
  const isService = kind === "SERVICE";
  if (isService !== (texts.length === 0) || texts.length > MAX_REDIRECT_URIS) {
    const detail = isService
      ? "A service is never redirected to."
      : `1 to ${MAX_REDIRECT_URIS} redirect URIs are needed.`;
    throw refuse("BAD_INPUT", detail, { field });
  }
  if (!texts.every((text) => isAllowed(text, kind)))
    throw refuse(
      "BAD_INPUT",
      "A redirect URI is an https address without fragment, or http on 127.0.0.1 or [::1]; public clients may use a scheme with a dot.",
      { field },
    );
  return [...new Set(texts)];
};
