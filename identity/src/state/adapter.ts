import type { Adapter, AdapterFactory, AdapterPayload } from "oidc-provider";
import { errors } from "../provider/library.ts";
import type { NowMs } from "@tessera/platform/time/clock";
import type { StateKeys, StateStore } from "./state-store.ts";

/** Seconds a piece of state is kept whose model says nothing about its life: a day. */
const DEFAULT_TTL_SECONDS = 86_400;
/** Models whose pieces serve once: a second use, also at the same time, ends everything that came of the first. */
const ONE_TIME_MODELS: ReadonlySet<string> = new Set(["AuthorizationCode", "RefreshToken"]);

const textOrNull = (value: unknown): string | null => (typeof value === "string" ? value : null);

const keysOf = (model: string, payload: AdapterPayload, expiresAtMs: number): StateKeys => ({
  clientId: textOrNull(payload.clientId) ?? textOrNull(payload.params?.["client_id"]),
  grantId: textOrNull(payload.grantId),
  uid: model === "Session" ? textOrNull(payload.uid) : null,
  expiresAtMs,
});

/** The model whose pieces must not be there yet. */
const REPLAY_MARK = "ReplayDetection";

/** What the adapters need; `findClient` answers a client's metadata. */
export interface AdapterDeps {
  readonly state: StateStore;
  readonly findClient: (clientId: string) => Promise<AdapterPayload | undefined>;
  /** Seconds an access token lives: so long a revoked grant's tokens are denied. */
  readonly accessTokenSeconds: number;
  readonly nowMs: NowMs;
}

/** Answers the piece as the library expects it. */
const payloadOf = (found: Readonly<Record<string, unknown>> | null): AdapterPayload | undefined =>
  found === null ? undefined : { ...found };

const createStateAdapter = (model: string, deps: AdapterDeps): Adapter => {
  const { state, nowMs } = deps;
  const revoke = (grantId: string): Promise<void> =>
    state.revokeGrantAcrossTenants(grantId, nowMs() + (deps.accessTokenSeconds + 60) * 1_000);
  return {
    upsert: async (id, payload, expiresIn = DEFAULT_TTL_SECONDS) => {
      const expiresAtMs = nowMs() + expiresIn * 1_000;
      if (model === REPLAY_MARK) {
        if (await state.addMarkAcrossTenants(model, id, payload, expiresAtMs)) return;
        throw new errors.InvalidDpopProof("it was used before");
      }
      return state.saveAcrossTenants(model, id, payload, keysOf(model, payload, expiresAtMs));
    },
    find: async (id) => payloadOf(await state.findAcrossTenants(model, id)),
    findByUid: async (uid) => payloadOf(await state.findByUidAcrossTenants(model, uid)),
    // The device flow is not offered.
    findByUserCode: () => Promise.resolve(undefined),
    consume: async (id) => {
      const first = await state.consumeAcrossTenants(model, id);
      if (first || !ONE_TIME_MODELS.has(model)) return;
      const grantId = textOrNull((await state.findAcrossTenants(model, id))?.["grantId"]);
      if (grantId !== null) await revoke(grantId);
      throw new errors.InvalidGrant("it was used before");
    },
    destroy: (id) => state.dropAcrossTenants(model, id),
    revokeByGrantId: revoke,
  };
};

const createClientAdapter = (deps: AdapterDeps): Adapter => {
  const neverStored = (): Promise<never> => Promise.reject(new Error("Clients are made by their tenant alone."));
  return {
    upsert: neverStored,
    find: (id) => deps.findClient(id),
    findByUid: () => Promise.resolve(undefined),
    findByUserCode: () => Promise.resolve(undefined),
    consume: neverStored,
    destroy: neverStored,
    revokeByGrantId: neverStored,
  };
};

/** Builds the library's adapters: clients are read where tenants keep them, everything else lives in the state store. */
export const createAdapterFactory =
  (deps: AdapterDeps): AdapterFactory =>
  (model) =>
    model === "Client" ? createClientAdapter(deps) : createStateAdapter(model, deps);
