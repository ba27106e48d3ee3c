import type { IncomingMessage } from "node:http";
import type { Provider } from "oidc-provider";
import { createAccessTokenVerifier, type AccessTokenClaims } from "@tessera/platform/auth/access-token";
import type { KeyRing } from "@tessera/platform/auth/key-ring";
import { createKeySet } from "@tessera/platform/auth/key-set";
import { createKeyedHash } from "@tessera/platform/auth/keyed-hash";
import type { TenantSql } from "@tessera/platform/db/sql";
import { errorMessage } from "@tessera/platform/errors/error-message";
import type { Probe } from "@tessera/platform/http/health";
import type { HttpServer } from "@tessera/platform/http/server";
import type { Logger } from "@tessera/platform/telemetry/logger";
import type { NowMs } from "@tessera/platform/time/clock";
import { createClientStore } from "./clients/client-store.ts";
import { newSigningKey } from "./keys/new-signing-key.ts";
import { planNextKey, signingOrder } from "./keys/rotation.ts";
import { createResealing } from "./keys/resealing.ts";
import { createSigningKeyStore, type SigningKey } from "./keys/signing-key-store.ts";
import { registerInteractionRoutes } from "./pages/interaction-routes.ts";
import { registerInvitationRoutes } from "./pages/invitation-routes.ts";
import { createPasswords } from "./people/passwords.ts";
import { createPeopleStore } from "./people/people-store.ts";
import { createSignIn, type WrongSignIn } from "./people/sign-in.ts";
import { createProvider } from "./provider/provider.ts";
import { createReaddress, serveProvider } from "./provider/serve-provider.ts";
import { createStateStore } from "./state/state-store.ts";
import { createStandingStore } from "./state/standing-store.ts";

/** Milliseconds between two looks at the keys and two purges; well below the time a key is published before it signs. */
const UPKEEP_EVERY_MS = 60_000;
/** Rows of each kind one purge forgets: a minute's worth of a busy installation, a moment of the database's time. */
const PURGE_ROWS = 10_000;
/** Batches of sealed state one upkeep brings under the newest key of the ring. */
const RESEAL_BATCHES = 50;

/** What the authorization server of an installation needs. */
export interface IdentityDeps {
  /** Address clients use, without a path: issuer and audience of its tokens. Asked when it starts, since a port may be known only then. */
  readonly publicUrl: () => string;
  /** Secret of the installation; at least 32 characters, the same on every replica. */
  readonly secret: string;
  /** Pepper under which client secrets are hashed, as API keys are. */
  readonly apiKeyPepper: string;
  readonly keyRing: KeyRing;
  readonly sql: TenantSql;
  readonly clientAddress: (request: IncomingMessage) => string;
  /** Whether DPoP proofs must carry a nonce of the server (RFC 9449, section 8). */
  readonly requireProofNonces: boolean;
  readonly nowMs: NowMs;
  readonly logger: Logger;
  /** Hears of every wrong sign-in; its failure must be its own. */
  readonly onWrongSignIn?: ((wrong: WrongSignIn) => Promise<void>) | undefined;
}

/** A running authorization server; any number may stand over one database. */
export interface Identity {
  register(server: HttpServer): void;
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Public keys as it publishes them (RFC 7517). */
  readonly publicKeys: () => Promise<unknown>;
  readonly probes: readonly Probe[];
}

const publicPart = ({ kid, privateJwk: { kty, crv, x, y } }: SigningKey) => ({
  ...{ kty, crv, x, y, kid },
  alg: "ES256",
  use: "sig",
});

const sameKeys = (a: readonly SigningKey[], b: readonly SigningKey[]): boolean =>
  a.length === b.length && a.every(({ kid }, index) => kid === b[index]?.kid);

/** The server's parts that stay while it is built anew over other keys. */
const createStores = ({ sql, keyRing }: IdentityDeps) => ({
  state: createStateStore({ sql, keyRing }),
  standing: createStandingStore(sql),
  signingKeys: createSigningKeyStore({ sql, keyRing }),
  clients: createClientStore(sql),
  people: createPeopleStore(sql),
});

type Stores = ReturnType<typeof createStores>;

const providerOver = (
  deps: IdentityDeps,
  { state, standing, clients, people }: Stores,
  keys: readonly SigningKey[],
): Provider => {
  const { nowMs, logger, secret, requireProofNonces } = deps;
  const publicUrl = deps.publicUrl();
  const findKey = createKeySet({ load: () => Promise.resolve({ keys: keys.map(publicPart) }), nowMs });
  const tokens = {
    verify: createAccessTokenVerifier({ issuer: publicUrl, audience: publicUrl, findKey, nowMs }),
    stands: (claims: AccessTokenClaims) => standing.standsAcrossTenants(claims),
    deny: ({ tokenId, clientId, expiresAtMs }: AccessTokenClaims) =>
      state.denyTokenAcrossTenants(tokenId, clientId, expiresAtMs),
  };
  const keyedHash = createKeyedHash(deps.apiKeyPepper);
  return createProvider(
    { publicUrl, secret, requireProofNonces, state, clients, people, keyedHash, tokens, nowMs, logger },
    keys,
  );
};

/** Brings what older keys of the ring have sealed under the newest, some of it at a time, until a whole walk finds none; then it says so once. */
const createResealUpkeep = ({ sql, keyRing, logger }: IdentityDeps): (() => Promise<void>) => {
  const resealing = createResealing({ sql, keyRing });
  const [sealingKey, ...older] = keyRing.keyNames;
  let isSettled = older.length === 0;
  return async () => {
    if (isSettled) return;
    const { complete, resealed, unreadable } = await resealing.walkAcrossTenants({ maxBatches: RESEAL_BATCHES });
    isSettled = complete && resealed === 0;
    if (isSettled)
      logger.info({ sealingKey, older, unreadable }, "Nothing needs an older key of the key ring any more.");
  };
};

/** Builds the authorization server; nothing is read before `start`. */
export const createIdentity = (deps: IdentityDeps): Identity => {
  const { nowMs, logger } = deps;
  const stores = createStores(deps);
  const { state, people, signingKeys } = stores;
  const passwords = createPasswords();
  const reseal = createResealUpkeep(deps);
  let keys: readonly SigningKey[] = [];
  let provider: Provider | null = null;
  let timer: NodeJS.Timeout | null = null;
  const loadKeys = async (): Promise<void> => {
    await signingKeys.addUnderLock(async (present) => {
      const plan = planNextKey(present, nowMs());
      return plan === null ? null : newSigningKey(plan, nowMs());
    });
    const present = signingOrder(await signingKeys.list(), nowMs());
    if (provider !== null && sameKeys(keys, present)) return;
    keys = present;
    provider = providerOver(deps, stores, keys);
  };
  const upkeep = async (): Promise<void> => {
    await loadKeys();
    await state.purgeAcrossTenants(PURGE_ROWS);
    await reseal();
  };
  return {
    register: (server) => {
      const current = { provider: () => provider, readdress: createReaddress(deps.publicUrl) };
      const signIn = createSignIn({ people, passwords, secret: deps.secret, onWrong: deps.onWrongSignIn });
      registerInteractionRoutes(server, { ...current, people, signIn, clientAddress: deps.clientAddress });
      registerInvitationRoutes(server, { people, passwords });
      serveProvider(server, current);
    },
    start: async () => {
      await loadKeys();
      timer = setInterval(() => {
        upkeep().catch((error: unknown) =>
          logger.warn({ error: errorMessage(error) }, "The authorization server's upkeep failed; it is tried again."),
        );
      }, UPKEEP_EVERY_MS).unref();
    },
    stop: () => {
      if (timer !== null) clearInterval(timer);
      return Promise.resolve();
    },
    publicKeys: () => Promise.resolve({ keys: keys.map(publicPart) }),
    probes: [
      {
        name: "identity",
        check: () => (provider === null ? Promise.reject(new Error("no signing keys yet")) : Promise.resolve()),
      },
    ],
  };
};
