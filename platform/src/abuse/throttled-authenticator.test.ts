import { describe, expect, it } from "@jest/globals";
import { PLAIN_ACCESS, type Caller } from "@tessera/contracts/caller";
import type { ActiveThrottle } from "@tessera/contracts/abuse";
import { newApiKey } from "../auth/api-key.ts";
import { randomBytes } from "node:crypto";
import type { Presented } from "../auth/presentation.ts";
import { Refusal, refuse } from "../errors/refusal.ts";
import { createClientAddress } from "../http/client-address.ts";
import { createLogger } from "../telemetry/logger.ts";
import { freshTenantId } from "../testing/ask-subgraph.ts";
import {
  createAddressWatch,
  MAX_WAITING_FAILURES,
  THROTTLES_USED_FOR_MS,
  type ReportedCredential,
} from "./address-watch.ts";
import { createThrottledAuthenticator, refusedIn } from "./throttled-authenticator.ts";

const NOW = 1_795_000_000_000;
const caller: Caller = {
  ...{ tenantId: freshTenantId(), subject: { kind: "API_KEY", id: "k" }, permissions: new Set(), expiresAtMs: null },
  ...PLAIN_ACCESS,
};
const from = (peerAddress: string): Presented => ({ method: "GET", path: "/", proof: undefined, peerAddress });
const throttle = (id: string, untilMs: number): ActiveThrottle => ({
  ...{ source: { kind: id.includes("/") ? "NETWORK" : "ADDRESS", id }, kind: "KEY_SCANNING" },
  ...{ level: "BLOCKED", percent: 0, untilMs },
});

const watching = () => {
  const reported: ReportedCredential[] = [];
  const held: readonly ActiveThrottle[] = [];
  const state = { nowMs: NOW, fail: false, exchanges: 0, reported, held };
  const watch = createAddressWatch({
    exchange: (failures) => {
      state.exchanges += 1;
      if (state.fail) return Promise.reject(new Error("no answer"));
      state.reported.push(...failures);
      return Promise.resolve(state.held);
    },
    ...{ nowMs: () => state.nowMs, logger: createLogger("test", "silent") },
  });
  const authenticate = createThrottledAuthenticator({
    authenticate: (header) =>
      header?.startsWith("Bearer good") === true
        ? Promise.resolve(caller)
        : Promise.reject(refuse("UNAUTHENTICATED", "no")),
    ...{ watch, clientAddress: createClientAddress([]), nowMs: () => state.nowMs },
  });
  const tell = async (header: string | undefined, address: string): Promise<Refusal | null> => {
    try {
      await authenticate(header, from(address));
      return null;
    } catch (error) {
      if (error instanceof Refusal) return error;
      throw error;
    }
  };
  /** Lets what waits be told: the next look after the answer is too old asks, and tells. */
  const exchange = async (): Promise<void> => {
    state.nowMs += THROTTLES_USED_FOR_MS;
    await watch.throttleOf("203.0.113.250");
  };
  return { state, watch, tell, exchange };
};

describe("an address that is held back", () => {
  it("is answered 429 with the kind and the end, for five seconds at most after it was lifted", async () => {
    const { state, tell } = watching();
    state.held = [throttle("192.0.2.1", NOW + 900_000)];
    expect((await tell("Bearer good one", "192.0.2.1"))?.extras).toMatchObject({
      ...{ quota: "throttle", throttledFor: "KEY_SCANNING", throttleLevel: "BLOCKED", retryAfterSeconds: 900 },
      throttledUntil: new Date(NOW + 900_000).toISOString(),
    });
    expect(await tell("Bearer good one", "192.0.2.2")).toBeNull();
    state.held = [];
    state.nowMs += THROTTLES_USED_FOR_MS;
    expect(await tell("Bearer good one", "192.0.2.1")).toBeNull();
  });

  it("goes on with credentials that were good a while ago, and is free when its time is over, whether or not anybody answers", async () => {
    const { state, tell, exchange } = watching();
    expect(await tell("Bearer good one", "192.0.2.1")).toBeNull();
    state.held = [throttle("192.0.2.0/24", NOW + 900_000)];
    await exchange();
    expect(await tell("Bearer good one", "192.0.2.1")).toBeNull();
    expect((await tell("Bearer good two", "192.0.2.1"))?.code).toBe("RATE_LIMITED");
    state.fail = true;
    state.nowMs = NOW + 900_000 - 1;
    expect((await tell("Bearer good three", "192.0.2.1"))?.code).toBe("RATE_LIMITED");
    state.nowMs = NOW + 900_000;
    expect(await tell("Bearer good three", "192.0.2.1")).toBeNull();
  });
});

describe("what is told of refused credentials", () => {
  it("is each different one once, without the credential; nothing of requests without one, and nothing of good ones", async () => {
    const { state, tell, exchange } = watching();
    const { keyId, secret } = newApiKey(randomBytes);
    for (let time = 0; time < 3; time += 1) await tell(`Bearer ${secret}`, "192.0.2.1");
    await tell("Bearer mistyped", "192.0.2.1");
    await tell(undefined, "192.0.2.1");
    await tell("", "192.0.2.1");
    await tell("Bearer good", "192.0.2.1");
    await exchange();
    expect(state.reported).toMatchObject([
      { keyId, token: false, address: "192.0.2.1", tried: expect.stringMatching(/^[0-9a-f]{64}$/) },
      { keyId: null, token: false },
    ]);
    expect(JSON.stringify(state.reported)).not.toContain(secret);
  });

  it("waits while nobody answers, under the same ids, and is bounded", async () => {
    const { state, tell, exchange } = watching();
    state.fail = true;
    for (let place = 0; place < 3 * MAX_WAITING_FAILURES; place += 1) await tell(`Bearer wrong${place}`, "192.0.2.1");
    await exchange();
    state.fail = false;
    await exchange();
    expect(state.reported).toHaveLength(MAX_WAITING_FAILURES);
    expect(new Set(state.reported.map(({ failureId }) => failureId)).size).toBe(MAX_WAITING_FAILURES);
  });

  it("is no token that says of itself that it is over, but any other", () => {
    const token = (claims: object): string =>
      `Bearer ${["{}", JSON.stringify(claims), "x"].map((part) => Buffer.from(part).toString("base64url")).join(".")}`;
    expect(refusedIn(token({ exp: NOW / 1_000 - 1 }), "192.0.2.1", NOW)).toBeNull();
    expect(refusedIn(token({ exp: NOW / 1_000 + 60 }), "192.0.2.1", NOW)).toMatchObject({ token: true, keyId: null });
    expect(refusedIn(token({}), "192.0.2.1", NOW)).toMatchObject({ token: true });
    expect(refusedIn("Basic dXNlcjpwYXNz", "192.0.2.1", NOW)).toMatchObject({ token: false, keyId: null });
  });
});
