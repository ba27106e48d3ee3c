import type { Caller } from "@tessera/contracts/caller";
import { errorCodes } from "@tessera/platform/errors/error-codes";
import { policyFingerprint } from "@tessera/platform/store/data-policy";
import { Refusal } from "@tessera/platform/errors/refusal";
import { CLOSE } from "./protocol.ts";

/** A socket's verified credential; the header is kept to ask again whether it still holds. */
export interface Credential {
  readonly header: string;
  readonly caller: Caller;
}

/** Why a socket is closed: the code and the sentence the client reads. */
export interface CloseReason {
  readonly code: number;
  readonly reason: string;
}

/** Closes a socket whose credential ran out; a graphql-ws client reconnects after 4403, with a newer token if it has one. */
export const EXPIRED: CloseReason = {
  code: CLOSE.forbidden,
  reason: "The credential expired; connect with a new one.",
};

/** Closes a socket whose rights changed; the client may reconnect and resume under its new rights. */
export const RIGHTS_CHANGED: CloseReason = {
  code: CLOSE.forbidden,
  reason: "The credential's permissions changed; connect again.",
};

/** The Authorization header of `connection_init` or of a refreshing `ping`; null when it has none. */
export const headerIn = (payload: Readonly<Record<string, unknown>> | null | undefined): string | null => {
  const value = payload?.["authorization"] ?? payload?.["Authorization"];
  return typeof value === "string" && value !== "" ? value : null;
};

/** The DPoP proof that a message brings beside its `authorization`, made for GET of the socket's address; null when it brings none. */
export const proofIn = (payload: Readonly<Record<string, unknown>> | null | undefined): string | null => {
  const value = payload?.["dpop"];
  return typeof value === "string" && value !== "" ? value : null;
};

/** True when two callers may see the same: tenant, subject, permissions, data policy, networks and grant. */
export const sameRights = (a: Caller, b: Caller): boolean =>
  a.tenantId === b.tenantId &&
  a.subject.kind === b.subject.kind &&
  a.subject.id === b.subject.id &&
  a.permissions.size === b.permissions.size &&
  [...a.permissions].every((permission) => b.permissions.has(permission)) &&
  policyFingerprint(a.dataPolicy) === policyFingerprint(b.dataPolicy) &&
  a.grantId === b.grantId &&
  JSON.stringify(a.networks) === JSON.stringify(b.networks);

/** How to close a socket whose credential was not accepted; null when the failure says nothing about the credential. */
export const closeReasonOf = (thrown: unknown): CloseReason | null => {
  if (!(thrown instanceof Refusal)) return null;
  const { status } = errorCodes[thrown.code];
  if (status === 401 || status === 400) return { code: CLOSE.unauthorized, reason: thrown.message };
  // Too many wrong ones came from the address: nothing was said about this one, and there is nothing to be told in the log.
  if (status === 429) return { code: CLOSE.tryAgainLater, reason: thrown.message };
  return status === 403 ? { code: CLOSE.forbidden, reason: thrown.message } : null;
};
