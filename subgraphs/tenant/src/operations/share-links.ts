import type { Caller } from "@tessera/contracts/caller";
import { MAX_PROPERTY_CONDITIONS } from "@tessera/contracts/data-policy";
import { parseApiKeyId, parseTenantId, type TenantId } from "@tessera/contracts/ids";
import { isPermission } from "@tessera/contracts/permissions";
import { isCredentialHash, newApiKey, SHARE_LINK_PREFIX, type RandomBytes } from "@tessera/platform/auth/api-key";
import type { KeyedHash } from "@tessera/platform/auth/keyed-hash";
import { refuse } from "@tessera/platform/errors/refusal";
import { encodePolicy, MAX_ENCODED_POLICY } from "@tessera/platform/store/data-policy";
import type { NowMs } from "@tessera/platform/time/clock";
import { columnMasks, rowConditions, type ConditionInput, type MaskInput } from "../domain/policy-input.ts";
import {
  callerOfLink,
  MAX_SHARE_LINK_DAYS,
  MAX_SHARE_LINKS,
  SHARE_LINK_KEPT_MS,
  type ShareLinkToAdd,
} from "../domain/share-link.ts";
import type { ShareLinkStore } from "../store/share-link-store.ts";
import { maskSaltOf } from "./mask-salt.ts";

/** A link to be, as another room wrote it. */
export interface ShareLinkRequest {
  readonly tenantId: string;
  readonly sharerKind: "USER" | "API_KEY" | "CLIENT";
  readonly sharerId: string;
  readonly needs: readonly string[];
  readonly rowFilters: readonly ConditionInput[];
  readonly masks: readonly MaskInput[];
  readonly expiresAt: string;
}

/** A link as it was made; the secret is told once. */
export interface IssuedLink {
  readonly id: string;
  readonly secret: string;
}

interface Deps {
  readonly shareLinks: ShareLinkStore;
  readonly keyedHash: KeyedHash;
  readonly randomBytes: RandomBytes;
  readonly nowMs: NowMs;
}

const DAY_MS = 86_400_000;
const bad = (field: string, detail: string): Error => refuse("BAD_INPUT", detail, { field });

const tenantOf = (text: string): TenantId => {
  const tenantId = parseTenantId(text);
  if (tenantId === null) throw bad("tenantId", "A tenant is named by its id.");
  return tenantId;
};

const expiryOf = (text: string, nowMs: number): number => {
  const atMs = Date.parse(text);
  if (!(atMs > nowMs) || atMs > nowMs + MAX_SHARE_LINK_DAYS * DAY_MS)
    throw bad("input.expiresAt", `A link ends in the future, within ${MAX_SHARE_LINK_DAYS} days.`);
  return atMs;
};

/** What applies to a link must fit a query: a link whose policy would not could only be refused when it is read. */
const requireFits = ({ dataPolicy }: Caller): void => {
  const properties = dataPolicy?.properties?.length ?? 0;
  if (
    properties > MAX_PROPERTY_CONDITIONS ||
    (dataPolicy !== null && encodePolicy(dataPolicy).length > MAX_ENCODED_POLICY)
  )
    throw bad(
      "input.rowFilters",
      "These conditions and the data policies that apply to the caller are too many or too long together: name fewer values.",
    );
};

/** Credentials of share links, for the room that shows what they share. */
export const createShareLinks = (deps: Deps) => {
  const { shareLinks, keyedHash, nowMs } = deps;
  const saltOf = (tenantId: TenantId): string => maskSaltOf(keyedHash, tenantId);
  return {
    /** Who stands behind a presented link; null when it does not let anyone in, whatever the reason. */
    authenticateLink: async (presented: {
      readonly keyId: string;
      readonly credentialHash: string;
    }): Promise<Caller | null> => {
      const id = parseApiKeyId(presented.keyId);
      if (id === null || !isCredentialHash(presented.credentialHash)) return null;
      const kept = await shareLinks.findAcrossTenants(id);
      if (!keyedHash.matches(presented.credentialHash, kept?.keyHash ?? null) || kept === null) return null;
      return callerOfLink(id, kept, saltOf(kept.tenantId), nowMs());
    },
    issueShareLink: async (request: ShareLinkRequest): Promise<IssuedLink> => {
      const [tenantId, createdAtMs] = [tenantOf(request.tenantId), nowMs()];
      const made = newApiKey(deps.randomBytes, undefined, SHARE_LINK_PREFIX);
      const link: ShareLinkToAdd = {
        ...{ id: made.keyId, tenantId, keyHash: keyedHash.of(made.credentialHash), createdAtMs },
        sharer: { kind: request.sharerKind, id: request.sharerId },
        needs: request.needs.filter(isPermission),
        rules: {
          name: "share link",
          rows: rowConditions(request.rowFilters, "input.rowFilters"),
          masks: columnMasks(request.masks, "input.masks"),
        },
        expiresAtMs: expiryOf(request.expiresAt, createdAtMs),
      };
      if (!(await shareLinks.add(link, { working: MAX_SHARE_LINKS, keptMs: SHARE_LINK_KEPT_MS })))
        throw refuse("CONFLICT", `The tenant has ${MAX_SHARE_LINKS} share links that work: revoke some first.`);
      const kept = await shareLinks.findAcrossTenants(made.keyId);
      const caller = kept === null ? null : callerOfLink(made.keyId, kept, saltOf(tenantId), createdAtMs);
      try {
        if (caller === null)
          throw refuse(
            "FORBIDDEN",
            "Links are shared by people, keys and clients of the tenant itself, as long as they may read.",
          );
        requireFits(caller);
      } catch (error) {
        await shareLinks.revoke(tenantId, made.keyId, createdAtMs);
        throw error;
      }
      return { id: made.keyId, secret: made.secret };
    },
    endShareLink: async (tenantId: string, text: string): Promise<boolean> => {
      const id = parseApiKeyId(text);
      return id !== null && shareLinks.revoke(tenantOf(tenantId), id, nowMs());
    },
  };
};

/** What {@link createShareLinks} makes. */
export type ShareLinkOperations = ReturnType<typeof createShareLinks>;
