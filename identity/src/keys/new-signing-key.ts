import { calculateJwkThumbprint, exportJWK, generateKeyPair } from "jose";
import { z } from "zod";
import type { KeyPlan } from "./rotation.ts";
import type { SigningKey } from "./signing-key-store.ts";

const text = z.string();

/** Makes a key for a plan: P-256, named by its thumbprint (RFC 7638). */
export const newSigningKey = async (plan: KeyPlan, nowMs: number): Promise<SigningKey> => {
  const { privateKey } = await generateKeyPair("ES256", { extractable: true });
  const { x, y, d } = await exportJWK(privateKey);
  const made = { kty: "EC", crv: "P-256", x: text.parse(x), y: text.parse(y), d: text.parse(d) } as const;
  return { kid: await calculateJwkThumbprint(made), privateJwk: made, createdAtMs: nowMs, ...plan };
};
