import { describe, expect, it } from "@jest/globals";
import { PLAIN_ACCESS, type Caller } from "@tessera/contracts/caller";
import { Refusal, refuse } from "../errors/refusal.ts";
import { createClientAddress } from "../http/client-address.ts";
import { freshTenantId } from "../testing/ask-subgraph.ts";
import { createLimitedAuthenticator } from "./limited-authenticator.ts";
import type { Presented } from "./presentation.ts";

const caller: Caller = {
  tenantId: freshTenantId(),
  subject: { kind: "API_KEY", id: "k" },
  permissions: new Set(),
  expiresAtMs: null,
  ...PLAIN_ACCESS,
};
const from = (peerAddress: string, forwardedFor?: string): Presented => ({
  ...{ method: "GET", path: "/", proof: undefined, peerAddress },
  ...(forwardedFor === undefined ? {} : { forwardedFor }),
});

const limited = (failuresPerMinute = 5) => {
  const state = { nowMs: 1_795_000_000_000, looked: 0 };
  const authenticate = createLimitedAuthenticator({
    authenticate: (header) => {
      state.looked += 1;
      if (header === "Bearer good") return Promise.resolve(caller);
      if (header === "Bearer slow") return Promise.reject(new Error("the key store is down"));
      return Promise.reject(refuse("UNAUTHENTICATED", "no"));
    },
    clientAddress: createClientAddress(["10.0.0.1"]),
    nowMs: () => state.nowMs,
    failuresPerMinute,
  });
  const codeOf = async (header: string | undefined, presented: Presented): Promise<string> => {
    try {
      await authenticate(header, presented);
      return "OK";
    } catch (error) {
      return error instanceof Refusal ? error.code : "ERROR";
    }
  };
  return { state, authenticate, codeOf };
};

describe("wrong credentials", () => {
  it("are looked at as often as allowed, also when all come at once; then nobody is told whether they are right", async () => {
    const { state, codeOf } = limited();
    const codes = await Promise.all(Array.from({ length: 50 }, (_, n) => codeOf(`Bearer ${n}`, from("192.0.2.1"))));
    expect(codes.filter((code) => code === "UNAUTHENTICATED")).toHaveLength(5);
    expect(codes.filter((code) => code === "RATE_LIMITED")).toHaveLength(45);
    const { looked } = state;
    expect(await codeOf("Bearer x", from("192.0.2.1"))).toBe("RATE_LIMITED");
    expect(state.looked).toBe(looked);
    expect(await codeOf("Bearer good", from("192.0.2.1"))).toBe("RATE_LIMITED");
  });

  it("of one address say nothing of another, and a proxy that is trusted is none", async () => {
    const { codeOf } = limited(1);
    await codeOf("Bearer x", from("10.0.0.1", "192.0.2.1"));
    expect(await codeOf("Bearer x", from("10.0.0.1", "192.0.2.1"))).toBe("RATE_LIMITED");
    expect(await codeOf("Bearer x", from("10.0.0.1", "192.0.2.2"))).toBe("UNAUTHENTICATED");
    expect(await codeOf("Bearer x", from("192.0.2.3", "192.0.2.1"))).toBe("UNAUTHENTICATED");
  });

  it("shut out nobody behind the same address whose credential was good a moment ago", async () => {
    const { codeOf } = limited(1);
    expect(await codeOf("Bearer good", from("192.0.2.1"))).toBe("OK");
    for (let guess = 0; guess < 5; guess += 1) await codeOf(`Bearer ${guess}`, from("192.0.2.1"));
    expect(await codeOf("Bearer good", from("192.0.2.1"))).toBe("OK");
    expect(await codeOf("Bearer other", from("192.0.2.1"))).toBe("RATE_LIMITED");
  });

  it("are looked at again when the refusal said, which carries the quota and the seconds", async () => {
    const { state, authenticate, codeOf } = limited(1);
    await codeOf("Bearer x", from("192.0.2.1"));
    const refused = await authenticate("Bearer x", from("192.0.2.1")).catch((error: unknown) => error);
    expect(refused).toMatchObject({
      status: 429,
      extras: { quota: "authentication-failures", limit: 1, windowSeconds: 60 },
    });
    state.nowMs += 62_000;
    expect(await codeOf("Bearer good", from("192.0.2.1"))).toBe("OK");
  });

  it("are neither missing ones nor those that can't be checked, and open connections are looked at as ever", async () => {
    const { codeOf } = limited(1);
    for (let turn = 0; turn < 4; turn += 1) {
      expect(await codeOf(undefined, from("192.0.2.1"))).toBe("UNAUTHENTICATED");
      expect(await codeOf("Bearer slow", from("192.0.2.1"))).toBe("ERROR");
      expect(await codeOf("Bearer gone", "AGAIN")).toBe("UNAUTHENTICATED");
    }
  });
});
