import { jwtVerify, type JWTPayload } from "jose";
import { LRUCache } from "lru-cache";
import { z } from "zod";
import type { PublicFetch } from "../http/public-fetch.ts";
import type { NowMs } from "../time/clock.ts";
import { CLOCK_SKEW_SECONDS, kidOf } from "./access-token.ts";
import { createKeySet, type FindKey } from "./key-set.ts";

/** Issuers whose keys are kept at once. */
const MAX_ISSUERS = 1_000;
/** Algorithms issuers sign with: asymmetric ones alone. */
const ALGORITHMS: ReadonlySet<string> = new Set(["RS256", "PS256", "ES256", "ES384", "EdDSA"]);
/** Seconds the longest token of another issuer is taken for: what is revoked there lasts no longer here. */
const MAX_TOKEN_SECONDS = 86_400;

const discovery = z.object({ issuer: z.string(), jwks_uri: z.string().max(2_000) });

/** Verifies a token of another issuer for one audience; throws when it is not good, whatever the reason. */
export type VerifyExternalToken = (token: string, issuer: string, audience: string) => Promise<JWTPayload>;

/**
 * Builds {@link VerifyExternalToken}: keys by OpenID Connect discovery of the issuer itself, whose document must name it exactly; nothing the
 * token says leads anywhere.
 */
export const createExternalTokenVerifier = (deps: { fetchJson: PublicFetch; nowMs: NowMs }): VerifyExternalToken => {
  const issuers = new LRUCache<string, FindKey>({ max: MAX_ISSUERS });
  const load = async (issuer: string): Promise<unknown> => {
    const found = discovery.parse(
      await deps.fetchJson(`${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`),
    );
    if (found.issuer !== issuer) throw new Error("The issuer's discovery document names another issuer.");
    return deps.fetchJson(found.jwks_uri);
  };
  const keysOf = (issuer: string): FindKey => {
    const known = issuers.get(issuer);
    if (known !== undefined) return known;
    const findKey = createKeySet({ load: () => load(issuer), nowMs: deps.nowMs });
    issuers.set(issuer, findKey);
    return findKey;
  };
  return async (token, issuer, audience) => {
    const { kid, algorithm } = kidOf(token, ["at+jwt", "jwt", ""]);
    const found = await keysOf(issuer)(kid);
    if (found === null || found.algorithm !== algorithm || !ALGORITHMS.has(algorithm))
      throw new Error("No key of the issuer fits the token.");
    const { payload } = await jwtVerify(token, found.key, {
      algorithms: [algorithm],
      issuer,
      audience,
      currentDate: new Date(deps.nowMs()),
      clockTolerance: CLOCK_SKEW_SECONDS,
      maxTokenAge: MAX_TOKEN_SECONDS,
      requiredClaims: ["exp", "iat", "sub", "aud", "iss"],
    });
    return payload;
  };
};
