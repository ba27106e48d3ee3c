import { describe, expect, it } from "@jest/globals";
import { createHmac, randomBytes } from "node:crypto";
import { newApiKey } from "@tessera/platform/auth/api-key";
import { createLogger } from "@tessera/platform/telemetry/logger";
import { freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import type { KeptCredential } from "../domain/credential.ts";
import { createAuthenticate } from "./authenticate.ts";
import { createKeyedHash } from "@tessera/platform/auth/keyed-hash";

const pepper = "a pepper for tests, long enough to be one";
const keyedHash = createKeyedHash(pepper);
const made = newApiKey(randomBytes);

const kept: KeptCredential = {
  tenantId: freshTenantId(),
  tenantState: "ACTIVE",
  keyHash: keyedHash.of(made.credentialHash),
  permissions: ["ml:read"],
  ...{ roles: [], rolePermissions: [], policies: [], networks: null, grantId: null },
  ...{ previousKeyHash: null, previousValidUntilMs: null },
  expiresAtMs: null,
  revokedAtMs: null,
  lastUsedAtMs: null,
};

/** The operation over one kept credential, with a record of what it did. */
const room = (found: KeptCredential | null, noteUse: () => Promise<void> = () => Promise.resolve()) => {
  const did: string[] = [];
  const authenticate = createAuthenticate({
    credentials: {
      findAcrossTenants: () => {
        did.push("looked up");
        return Promise.resolve(found);
      },
      noteUse: () => {
        did.push("noted");
        return noteUse();
      },
    },
    keyedHash: {
      of: (credentialHash) => keyedHash.of(credentialHash),
      matches: (credentialHash, hash) => {
        did.push("compared");
        return keyedHash.matches(credentialHash, hash);
      },
    },
    authenticateLink: () => Promise.resolve(null),
    nowMs: () => 1_000_000,
    logger: createLogger("test", "silent"),
  });
  return { did, authenticate };
};

describe("the keyed hash", () => {
  it("is HMAC-SHA-256 of the credential's hash under the pepper", () => {
    const expected = createHmac("sha256", pepper).update(made.credentialHash).digest("hex");
    expect(Buffer.from(keyedHash.of(made.credentialHash)).toString("hex")).toBe(expected);
  });

  it("matches the very same credential alone, and nothing when nothing is kept", () => {
    const other = newApiKey(randomBytes).credentialHash;
    expect(keyedHash.matches(made.credentialHash, kept.keyHash)).toBe(true);
    expect(keyedHash.matches(other, kept.keyHash)).toBe(false);
    expect(keyedHash.matches(made.credentialHash, null)).toBe(false);
    expect(keyedHash.matches("", null)).toBe(false);
    expect(keyedHash.matches(made.credentialHash, new Uint8Array(0))).toBe(false);
    expect(keyedHash.matches(made.credentialHash, kept.keyHash.subarray(0, 31))).toBe(false);
  });
});

describe("authenticate", () => {
  const wrong = { keyId: made.keyId, credentialHash: newApiKey(randomBytes).credentialHash };

  it.each([
    ["an unknown key", null, made],
    ["a wrong secret", kept, wrong],
    ["a revoked key", { ...kept, revokedAtMs: 1 }, made],
    [
      "a secret that a rotation has ended",
      { ...kept, keyHash: new Uint8Array(32), previousKeyHash: kept.keyHash, previousValidUntilMs: 1_000_000 },
      made,
    ],
    ["an expired key", { ...kept, expiresAtMs: 1_000_000 }, made],
    ["a suspended tenant's key", { ...kept, tenantState: "SUSPENDED" }, made],
  ] as const)(
    "%s takes the same steps as any other refusal: one lookup, one comparison with each secret",
    async (_what, found, shown) => {
      const { did, authenticate } = room(found);
      expect(await authenticate(shown)).toBeNull();
      expect(did).toEqual(["looked up", "compared", "compared"]);
    },
  );

  it("a malformed id or hash is refused without a lookup", async () => {
    const { did, authenticate } = room(kept);
    expect(await authenticate({ keyId: "x", credentialHash: made.credentialHash })).toBeNull();
    expect(await authenticate({ keyId: made.keyId, credentialHash: "x" })).toBeNull();
    expect(did).toEqual([]);
  });

  it("nobody waits for the note of use, one runs at a time, and a failed one harms nothing", async () => {
    let fail: () => void = () => undefined;
    const { did, authenticate } = room(
      kept,
      () => new Promise((_resolve, reject) => (fail = () => reject(new Error("down")))),
    );
    for (let time = 0; time < 3; time += 1) expect(await authenticate(made)).toMatchObject({ tenantId: kept.tenantId });
    expect(did.filter((step) => step === "noted")).toHaveLength(1);
    fail();
    await new Promise((resolve) => setImmediate(resolve));
    expect(await authenticate(made)).toMatchObject({ tenantId: kept.tenantId });
    expect(did.filter((step) => step === "noted")).toHaveLength(2);
  });
});
