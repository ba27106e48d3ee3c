import { describe, expect, it } from "@jest/globals";
import { createPrivateKey, createPublicKey, generateKeyPairSync, verify } from "node:crypto";
import { calculateJwkThumbprint, CompactSign } from "jose";
import { publicKeysOf, signingKeysOf } from "./signing-key.ts";

const SECRET = "a secret of more than thirty-two characters";
const OTHER = "another secret of more than thirty-two characters";
const keys = signingKeysOf([SECRET], "test seals");

describe("signing keys derived from a secret", () => {
  it("are the same in every process, and others for another secret or purpose", () => {
    expect(signingKeysOf([SECRET], "test seals").publicKeys).toEqual(keys.publicKeys);
    const kids = [keys, signingKeysOf([OTHER], "test seals"), signingKeysOf([SECRET], "test tokens")].map(
      ({ publicKeys }) => publicKeys[0]?.kid,
    );
    expect(new Set(kids).size).toBe(3);
    expect(publicKeysOf([SECRET, OTHER], "test seals").map(({ kid }) => kid)).toEqual(kids.slice(0, 2));
  });

  it("are named by their thumbprint", async () => {
    const [jwk] = keys.publicKeys;
    expect(jwk?.kid).toBe(await calculateJwkThumbprint({ ...jwk }));
  });

  it("tell nothing of the private key", () => {
    expect(Object.keys(keys.publicKeys[0] ?? {}).toSorted()).toEqual(["alg", "crv", "kid", "kty", "use", "x"]);
  });

  it("a signature verifies by plain Ed25519 over the two parts of the JWS", async () => {
    const [header = "", payload = "", signature = ""] = (await keys.sign("a+jws", "told")).split(".");
    const key = createPublicKey({ key: { ...keys.publicKeys[0] }, format: "jwk" });
    const signed = Buffer.from(`${header}.${payload}`);
    expect(verify(null, signed, key, Buffer.from(signature, "base64url"))).toBe(true);
  });

  it("signatures of former secrets stay good, those of future ones are not good yet", async () => {
    const former = await keys.sign("a+jws", "told");
    const turned = signingKeysOf([OTHER, SECRET], "test seals");
    expect(await turned.verify("a+jws", former)).toBe("told");
    expect(await keys.verify("a+jws", await turned.sign("a+jws", "told"))).toBeNull();
  });

  it("refuse another type, a changed text, another key under the same name, and other algorithms", async () => {
    const jws = await keys.sign("a+jws", "told");
    expect(await keys.verify("a+jws", jws)).toBe("told");
    expect(await keys.verify("b+jws", jws)).toBeNull();
    const [header, , signature] = jws.split(".");
    expect(
      await keys.verify("a+jws", [header, Buffer.from("lied").toString("base64url"), signature].join(".")),
    ).toBeNull();
    const kid = keys.publicKeys[0]?.kid ?? "";
    const stranger = createPrivateKey(
      generateKeyPairSync("ed25519").privateKey.export({ format: "pem", type: "pkcs8" }),
    );
    const payload = new TextEncoder().encode("told");
    const forged = (alg: string, key: Parameters<CompactSign["sign"]>[0]) =>
      new CompactSign(payload).setProtectedHeader({ alg, kid, typ: "a+jws" }).sign(key);
    expect(await keys.verify("a+jws", await forged("Ed25519", stranger))).toBeNull();
    const x = Buffer.from(keys.publicKeys[0]?.x ?? "", "base64url");
    expect(await keys.verify("a+jws", await forged("HS256", x))).toBeNull();
    expect(await keys.verify("a+jws", "no jws")).toBeNull();
    const none = `${Buffer.from(JSON.stringify({ alg: "none", kid, typ: "a+jws" })).toString("base64url")}.dG9sZA.`;
    expect(await keys.verify("a+jws", none)).toBeNull();
  });
});
