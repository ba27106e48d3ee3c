import { describe, expect, it } from "@jest/globals";
import { createHttpServer, listenOn } from "../http/server.ts";
import { createLogger } from "../telemetry/logger.ts";
import { createProofNonces, NONCE_SECONDS } from "./proof-nonces.ts";
import { tellProofNonces } from "./tell-proof-nonces.ts";

const SECRET = "the secret of one installation, long enough";

describe("a nonce for DPoP proofs", () => {
  it("is the same in every process, good for its own minute and the next, and where a clock is a minute behind", () => {
    let nowMs = 1_795_000_000_000;
    const [one, other] = [SECRET, SECRET].map((secret) => createProofNonces({ secret, nowMs: () => nowMs }));
    const nonce = one?.current();
    expect(nonce).toMatch(/^[\w-]{43}$/);
    const good: boolean[] = [];
    for (const minutes of [-2, -1, 0, 1, 2]) {
      nowMs = 1_795_000_000_000 + minutes * NONCE_SECONDS * 1_000;
      good.push(other?.isGood(nonce) ?? false);
    }
    expect(good).toEqual([false, true, true, true, false]);
  });

  it.each([undefined, "", "x", "A".repeat(43), "A".repeat(10_000)])("is not %j", (nonce) => {
    expect(createProofNonces({ secret: SECRET, nowMs: () => 0 }).isGood(nonce)).toBe(false);
  });

  it("of another installation is none", () => {
    const nowMs = (): number => 1_795_000_000_000;
    const foreign = createProofNonces({ secret: `${SECRET}!`, nowMs }).current();
    expect(createProofNonces({ secret: SECRET, nowMs }).isGood(foreign)).toBe(false);
  });

  it("is told to who proves possession, and to nobody else", async () => {
    const nonces = createProofNonces({ secret: SECRET, nowMs: Date.now });
    const server = createHttpServer({ logger: createLogger("test", "silent") });
    tellProofNonces(server, nonces);
    server.get("/*", () => ({}));
    const url = `http://127.0.0.1:${await listenOn(server, "127.0.0.1", 0)}`;
    const told = async (path: string, headers: Record<string, string>) =>
      nonces.isGood((await fetch(`${url}${path}`, { headers })).headers.get("dpop-nonce") ?? undefined);
    expect([
      await told("/graphql", { authorization: "DPoP x" }),
      await told("/graphql", { dpop: "x" }),
      await told("/graphql", { authorization: "Bearer x" }),
      await told("/oauth/token", { dpop: "x" }),
    ]).toEqual([true, true, false, false]);
    await server.close();
  });
});
