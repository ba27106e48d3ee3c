import type { KoaContextWithOIDC } from "oidc-provider";
import type { AccessTokenClaims, VerifyAccessToken } from "@tessera/platform/auth/access-token";
import { z } from "zod";
import { metadataOf } from "./client-metadata.ts";

/** What answering about `at+jwt` tokens needs. */
export interface StructuredTokenDeps {
  readonly issuer: string;
  readonly audience: string;
  readonly verify: VerifyAccessToken;
  /** Whether the token's client, person, tenant, grant and the token itself still stand. */
  readonly stands: (claims: AccessTokenClaims) => Promise<boolean>;
  readonly deny: (claims: AccessTokenClaims) => Promise<void>;
}

const unsupported = z.object({ error: z.literal("unsupported_token_type") });

const verified = (deps: StructuredTokenDeps, token: string): Promise<AccessTokenClaims | null> =>
  deps.verify(token).catch(() => null);

/** What a token amounts to (RFC 7662, section 2.2); anything else than a standing token of the asker's own tenant is `active: false`. */
const introspect = async (deps: StructuredTokenDeps, token: string, tenantId: unknown): Promise<object> => {
  const claims = await verified(deps, token);
  if (claims === null || claims.tenantId !== tenantId || !(await deps.stands(claims))) return { active: false };
  return {
    active: true,
    iss: deps.issuer,
    aud: deps.audience,
    sub: claims.userId ?? claims.clientId,
    client_id: claims.clientId,
    jti: claims.tokenId,
    scope: claims.scopes.join(" "),
    exp: Math.floor(claims.expiresAtMs / 1_000),
    tenant: claims.tenantId,
    token_type: claims.boundTo === null ? "Bearer" : "DPoP",
    ...(claims.boundTo === null ? {} : { cnf: { jkt: claims.boundTo } }),
  };
};

/**
 * Answers introspection (RFC 7662) and revocation (RFC 7009) of `at+jwt` access tokens, which the library leaves to us: after it has
 * authenticated the client and found a structured token, its refusal is replaced by the answer.
 */
export const createStructuredTokens =
  (deps: StructuredTokenDeps) =>
  async (ctx: KoaContextWithOIDC): Promise<void> => {
    if (!unsupported.safeParse(ctx.body).success) return;
    const { route, client, params } = ctx.oidc;
    const token = params?.["token"];
    if (client === undefined || typeof token !== "string") return;
    if (route === "introspection") {
      ctx.status = 200;
      ctx.body = await introspect(deps, token, metadataOf(client, "tenant_id"));
    }
    if (route === "revocation") {
      const claims = await verified(deps, token);
      // Another client's token is no business of this one; it is told nothing about it (RFC 7009, section 2.2).
      if (claims !== null && claims.clientId === client.clientId) await deps.deny(claims);
      ctx.status = 200;
      ctx.body = "";
    }
  };
