import { generateKeyPair, SignJWT, exportJWK, calculateJwkThumbprint } from "jose";
import { createHash, randomBytes, randomUUID } from "node:crypto";
import { loadavg } from "node:os";
import { PLAIN_ACCESS, type Caller } from "@tessera/contracts/caller";
import { parseTenantId } from "@tessera/contracts/ids";
import { createAccessTokenVerifier } from "@tessera/platform/auth/access-token";
import { newApiKey } from "@tessera/platform/auth/api-key";
import { createAuthenticator } from "@tessera/platform/auth/authenticator";
import { createKeySet } from "@tessera/platform/auth/key-set";
import type { Presentation } from "@tessera/platform/auth/presentation";
import { createProofVerifier } from "@tessera/platform/auth/proof-of-possession";
import { systemNowMs } from "@tessera/platform/time/clock";

/** Credentials in use at once: a busy process has many, not one. */
const CREDENTIALS = 200;
const ROUNDS = 200_000;
const COLD_ROUNDS = 2_000;
const PROOF_ROUNDS = 1_500;
const PUBLIC_URL = "https://api.example";

const tenantId = parseTenantId(randomUUID());
if (tenantId === null) throw new Error("A random UUID is a tenant id.");
const permissions = new Set(["analytics:read"] as const);
const caller: Caller = {
  tenantId,
  subject: { kind: "CLIENT", id: "bench" },
  permissions,
  expiresAtMs: null,
  ...PLAIN_ACCESS,
};
const presented: Presentation = { method: "POST", path: "/graphql", proof: undefined, peerAddress: "127.0.0.1" };

const { privateKey, publicKey } = await generateKeyPair("ES256", { extractable: true });
const published = { ...(await exportJWK(publicKey)), kid: "bench-key", alg: "ES256" };
const proofKey = await generateKeyPair("ES256", { extractable: true });
const proofJwk = await exportJWK(proofKey.publicKey);
const boundTo = await calculateJwkThumbprint(proofJwk);

const token = (more: object = {}): Promise<string> => {
  const clientId = `tsc-${randomBytes(10).toString("hex")}`;
  const scope = "analytics:read tenant:read jobs:run";
  return new SignJWT({ client_id: clientId, tenant: tenantId, scope, jti: randomUUID(), ...more })
    .setProtectedHeader({ alg: "ES256", typ: "at+jwt", kid: "bench-key" })
    .setIssuer(PUBLIC_URL)
    .setAudience(PUBLIC_URL)
    .setSubject(clientId)
    .setIssuedAt()
    .setExpirationTime("10 minutes")
    .sign(privateKey);
};

const edge = () => {
  const nowMs = systemNowMs;
  const findKey = createKeySet({ load: () => Promise.resolve({ keys: [published] }), nowMs });
  const found = (): Promise<Caller> => Promise.resolve(caller);
  return createAuthenticator({
    verifyApiKey: found,
    tokens: {
      issuer: PUBLIC_URL,
      verify: createAccessTokenVerifier({ issuer: PUBLIC_URL, audience: PUBLIC_URL, findKey, nowMs }),
      verifyProof: createProofVerifier({ publicUrl: PUBLIC_URL, nowMs }),
      standing: found,
      external: () => Promise.resolve(null),
    },
    nowMs,
  });
};

/** Microseconds of processor time one piece of work takes, over all threads of the process. */
const cpuMicros = async (rounds: number, work: (round: number) => Promise<unknown>): Promise<number> => {
  const before = process.cpuUsage();
  for (let round = 0; round < rounds; round += 1) await work(round);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / rounds;
};

const proofFor = (accessToken: string): Promise<string> =>
  new SignJWT({
    ...{ jti: randomUUID(), htm: "POST", htu: `${PUBLIC_URL}/graphql` },
    ath: createHash("sha256").update(accessToken).digest("base64url"),
  })
    .setProtectedHeader({ alg: "ES256", typ: "dpop+jwt", jwk: proofJwk })
    .setIssuedAt()
    .sign(proofKey.privateKey);

const keys = Array.from({ length: CREDENTIALS }, () => `Bearer ${newApiKey(randomBytes).secret}`);
const tokens = await Promise.all(Array.from({ length: CREDENTIALS }, async () => `Bearer ${await token()}`));
const cold = await Promise.all(Array.from({ length: COLD_ROUNDS }, async () => `Bearer ${await token()}`));
const bound = await token({ cnf: { jkt: boundTo } });
const proofs = await Promise.all(Array.from({ length: PROOF_ROUNDS }, () => proofFor(bound)));

const authenticate = edge();
const warm = (headers: readonly string[]) => (round: number) => authenticate(headers[round % CREDENTIALS], presented);
for (const headers of [keys, tokens]) await cpuMicros(CREDENTIALS * 20, warm(headers));
const figures = {
  "API key, warm": await cpuMicros(ROUNDS, warm(keys)),
  "access token, warm": await cpuMicros(ROUNDS, warm(tokens)),
  "access token, first seen": await cpuMicros(COLD_ROUNDS, (round) => authenticate(cold[round], presented)),
  "DPoP: token warm, proof verified": await cpuMicros(PROOF_ROUNDS, (round) =>
    authenticate(`DPoP ${bound}`, { ...presented, proof: proofs[round] }),
  ),
};
for (const [what, micros] of Object.entries(figures))
  process.stdout.write(`${what.padEnd(36)} ${micros.toFixed(1).padStart(8)} µs of CPU per request\n`);
process.stdout.write(`load ${loadavg()[0]?.toFixed(1) ?? "?"}\n`);
