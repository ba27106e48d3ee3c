import { hkdfSync } from "node:crypto";
import type { Configuration, KoaContextWithOIDC, Provider as AuthorizationServer } from "oidc-provider";
import { parseTenantId, parseUserId } from "@tessera/contracts/ids";
import type { KeyedHash } from "@tessera/platform/auth/keyed-hash";
import { credentialHashOf } from "@tessera/platform/auth/api-key";
import type { Logger } from "@tessera/platform/telemetry/logger";
import type { NowMs } from "@tessera/platform/time/clock";
import type { ClientStore, OAuthClient } from "../clients/client-store.ts";
import type { SigningKey } from "../keys/signing-key-store.ts";
import { errorPage, signedOutPage, signOutPage } from "../pages/provider-pages.ts";
import { PAGE_POLICY_FOR_PROVIDER } from "../pages/layout.ts";
import type { PeopleStore } from "../people/people-store.ts";
import { createAdapterFactory } from "../state/adapter.ts";
import { idHashOf, type StateStore } from "../state/state-store.ts";
import { clientMetadataOf, metadataOf, EXTRA_METADATA, PERSON_SCOPES } from "./client-metadata.ts";
import { Provider } from "./library.ts";
import { interactionPolicy } from "./interaction-policy.ts";
import { ACCESS_TOKEN_SECONDS, createResourceIndicators } from "./resource.ts";
import { createStructuredTokens, type StructuredTokenDeps } from "./structured-tokens.ts";

const DAY_SECONDS = 86_400;
/** Seconds a refresh token lives unused, and seconds after its first sign-in a person has to sign in again. */
const REFRESH_SECONDS = 14 * DAY_SECONDS;
const FAMILY_SECONDS = 90 * DAY_SECONDS;
/** Seconds a browser stays signed in: a working day. */
const SESSION_SECONDS = 8 * 3_600;
/** Seconds a person has to sign in and consent. */
const INTERACTION_SECONDS = 900;

/** What the authorization server is built over. */
export interface ProviderDeps {
  /** Issuer and audience alike: the address clients use, without a path. */
  readonly publicUrl: string;
  /** Secret of the installation; cookies and nonces get keys of their own from it. */
  readonly secret: string;
  /** Whether DPoP proofs must carry a nonce of the server (RFC 9449, section 8). */
  readonly requireProofNonces: boolean;
  readonly state: StateStore;
  readonly clients: ClientStore;
  readonly people: PeopleStore;
  readonly keyedHash: KeyedHash;
  readonly tokens: Omit<StructuredTokenDeps, "issuer" | "audience">;
  readonly nowMs: NowMs;
  readonly logger: Logger;
}

/** The library adds its part to a context on its own routes alone. */
const isOidcContext = (ctx: object): ctx is KoaContextWithOIDC => "oidc" in ctx;

const derivedKey = (secret: string, purpose: string): Buffer =>
  Buffer.from(hkdfSync("sha256", secret, "", `tessera identity ${purpose}`, 32));

const findAccount = (people: PeopleStore) => async (ctx: KoaContextWithOIDC, sub: string) => {
  // Of the client's tenant alone: row-level security shows nobody else, so that a session never crosses tenants.
  const tenantId = parseTenantId(metadataOf(ctx.oidc.client, "tenant_id"));
  const userId = parseUserId(sub);
  if (tenantId === null || userId === null) return undefined;
  const person = await people.find(tenantId, userId);
  if (person === null) return undefined;
  const claims = () => ({ sub, email: person.email, name: person.name, tenant: tenantId });
  return { accountId: sub, claims };
};

const routes = {
  authorization: "/oauth/authorize",
  token: "/oauth/token",
  jwks: "/oauth/jwks",
  revocation: "/oauth/revoke",
  introspection: "/oauth/introspect",
  end_session: "/oauth/sign-out",
  pushed_authorization_request: "/oauth/par",
};

const cookies = (secret: string): NonNullable<Configuration["cookies"]> => ({
  names: { session: "tessera_session", interaction: "tessera_interaction", resume: "tessera_resume" },
  keys: [derivedKey(secret, "cookies").toString("base64url")],
  long: { httpOnly: true, sameSite: "lax", signed: true, path: "/oauth" },
  short: { httpOnly: true, sameSite: "lax", signed: true },
});

const times: NonNullable<Configuration["ttl"]> = {
  AccessToken: ACCESS_TOKEN_SECONDS,
  ClientCredentials: ACCESS_TOKEN_SECONDS,
  AuthorizationCode: 60,
  Grant: FAMILY_SECONDS,
  IdToken: ACCESS_TOKEN_SECONDS,
  Interaction: INTERACTION_SECONDS,
  Session: SESSION_SECONDS,
  RefreshToken: (_ctx, token) => {
    const nowSeconds = Math.floor(Date.now() / 1_000);
    const sinceSignIn = nowSeconds - (token.iiat ?? nowSeconds);
    return Math.max(1, Math.min(REFRESH_SECONDS, FAMILY_SECONDS - sinceSignIn));
  },
};

const features = (deps: ProviderDeps): NonNullable<Configuration["features"]> => ({
  devInteractions: { enabled: false },
  userinfo: { enabled: false },
  clientCredentials: { enabled: true },
  introspection: {
    enabled: true,
    allowedPolicy: (_ctx, client, token) => token.clientId === client.clientId,
  },
  revocation: { enabled: true, allowedPolicy: (_ctx, client, token) => token.clientId === client.clientId },
  rpInitiatedLogout: {
    enabled: true,
    logoutSource: (ctx, form) => {
      ctx.type = "html";
      ctx.body = signOutPage(form);
    },
    postLogoutSuccessSource: (ctx) => {
      ctx.type = "html";
      ctx.body = signedOutPage();
    },
  },
  dPoP: {
    enabled: true,
    nonceSecret: derivedKey(deps.secret, "dpop nonces"),
    requireNonce: () => deps.requireProofNonces,
  },
  resourceIndicators: createResourceIndicators(deps.publicUrl),
});

const configuration = (deps: ProviderDeps, keys: readonly SigningKey[]): Configuration => ({
  adapter: createAdapterFactory({
    state: deps.state,
    accessTokenSeconds: ACCESS_TOKEN_SECONDS,
    nowMs: deps.nowMs,
    findClient: async (clientId) => {
      const client: OAuthClient | null = await deps.clients.findAcrossTenants(clientId);
      return client === null ? undefined : clientMetadataOf(client);
    },
  }),
  jwks: { keys: keys.map(({ kid, privateJwk }) => ({ ...privateJwk, kid, alg: "ES256", use: "sig" })) },
  routes,
  cookies: cookies(deps.secret),
  ttl: times,
  features: features(deps),
  claims: { openid: ["sub", "tenant"], email: ["email"], profile: ["name"] },
  scopes: [...PERSON_SCOPES],
  conformIdTokenClaims: false,
  responseTypes: ["code"],
  subjectTypes: ["public"],
  clientAuthMethods: ["client_secret_basic", "none"],
  clientDefaults: { id_token_signed_response_alg: "ES256" },
  enabledJWA: { idTokenSigningAlgValues: ["ES256"], dPoPSigningAlgValues: ["ES256", "EdDSA", "RS256"] },
  extraClientMetadata: { properties: [...EXTRA_METADATA] },
  pkce: { required: () => true },
  rotateRefreshToken: true,
  issueRefreshToken: (_ctx, client) => client.grantTypeAllowed("refresh_token"),
  allowOmittingSingleRegisteredRedirectUri: false,
  enableHttpPostMethods: false,
  clientBasedCORS: (_ctx, origin, client) =>
    (client.redirectUris ?? []).some((uri) => URL.canParse(uri) && new URL(uri).origin === origin),
  findAccount: findAccount(deps.people),
  interactions: { policy: interactionPolicy(), url: (_ctx, interaction) => `/oauth/interaction/${interaction.uid}` },
  extraTokenClaims: (ctx, token) => ({
    tenant: metadataOf(ctx.oidc.client, "tenant_id"),
    ...("grantId" in token && typeof token.grantId === "string"
      ? { grant: idHashOf(token.grantId).toString("base64url") }
      : {}),
  }),
  renderError: (ctx, out) => {
    ctx.type = "html";
    ctx.body = errorPage(out.error, out.error_description ?? "");
  },
});

/** Builds the authorization server over the keys of the moment; it holds nothing itself, so that it may be built anew at any time. */
export const createProvider = (deps: ProviderDeps, keys: readonly SigningKey[]): AuthorizationServer => {
  const provider = new Provider(deps.publicUrl, configuration(deps, keys));
  // The address is the configured one, whatever a request's Host says: see `serveProvider`.
  provider.proxy = true;
  const { keyedHash, clients } = deps;
  provider.Client.prototype.compareClientSecret = async function compareByHash(presented: string) {
    const client = await clients.findAcrossTenants(this.clientId);
    return keyedHash.matches(credentialHashOf(presented), client?.secretHash ?? null);
  };
  const structured = createStructuredTokens({ ...deps.tokens, issuer: deps.publicUrl, audience: deps.publicUrl });
  provider.use(async (ctx, next) => {
    ctx.set("content-security-policy", PAGE_POLICY_FOR_PROVIDER);
    ctx.set("x-content-type-options", "nosniff");
    ctx.set("referrer-policy", "no-referrer");
    await next();
    if (isOidcContext(ctx)) await structured(ctx);
  });
  provider.on("server_error", (_ctx, error) => {
    deps.logger.error({ error: error.message, stack: error.stack }, "The authorization server failed.");
  });
  return provider;
};
