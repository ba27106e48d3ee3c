import { createHash } from "node:crypto";
import type { Caller } from "@tessera/contracts/caller";
import { parseUserId } from "@tessera/contracts/ids";
import type { Permission } from "@tessera/contracts/permissions";
import type { RandomBytes } from "@tessera/platform/auth/api-key";
import type { NowMs } from "@tessera/platform/time/clock";
import { requireWholeAccess } from "../domain/hand-on.ts";
import { permissionsNotHeld } from "../domain/grant.ts";
import { effectiveAccess } from "../domain/access.ts";
import type { User } from "../domain/user.ts";
import type { AccessStore } from "../store/access-store.ts";
import type { TokenStore } from "../store/token-store.ts";
import type { UserStore } from "../store/user-store.ts";

/** Milliseconds an invitation can be used: long enough for a weekend. */
export const INVITATION_MS = 72 * 3_600_000;
/** Bytes of the link's token. */
const TOKEN_BYTES = 32;

/** What came of it. */
export type InviteUserOutcome =
  | { readonly kind: "INVITED"; readonly user: User; readonly link: string; readonly expiresAtMs: number }
  | { readonly kind: "NOT_HELD"; readonly permissions: readonly Permission[] }
  | { readonly kind: "NOT_FOUND"; readonly id: string };

/**
 * Builds `inviteUser`: who has the link sets the person's password and becomes them, so that a caller invites nobody who may more than the
 * caller itself.
 */
export const createInviteUser =
  (deps: {
    users: UserStore;
    access: AccessStore;
    tokens: TokenStore;
    publicUrl: () => string;
    randomBytes: RandomBytes;
    nowMs: NowMs;
  }) =>
  async (caller: Caller, id: string): Promise<InviteUserOutcome> => {
    requireWholeAccess(caller);
    const userId = parseUserId(id);
    const [user] = userId === null ? [] : await deps.users.findMany(caller.tenantId, [userId]);
    if (user === undefined) return { kind: "NOT_FOUND", id };
    const kept = await deps.access.keptAccess(caller.tenantId, { kind: "USER", id: user.id });
    const theirs = kept === null ? [] : [...effectiveAccess({ ...kept, policies: [] }, "").permissions];
    const lacking = permissionsNotHeld(caller.permissions, theirs);
    if (lacking.length > 0) return { kind: "NOT_HELD", permissions: lacking };
    const token = Buffer.from(deps.randomBytes(TOKEN_BYTES)).toString("base64url");
    const tokenHash = createHash("sha256").update(token).digest();
    const nowMs = deps.nowMs();
    const expiresAtMs = nowMs + INVITATION_MS;
    await deps.tokens.invite(caller.tenantId, user.id, tokenHash, nowMs, expiresAtMs);
    return { kind: "INVITED", user, link: `${deps.publicUrl()}/oauth/invitation/${token}`, expiresAtMs };
  };
