import { createHash, createPublicKey, generateKeyPairSync, randomUUID, type KeyObject } from "node:crypto";
import { createSigner, createVerifier, httpbis } from "http-message-signatures";
import { describe, expect, it } from "@jest/globals";
import { z } from "zod";
import { createTesseraClient } from "../../testing/tessera-client.ts";
import { makeApiKey } from "../own-things.ts";
import { eventually } from "../../testing/eventually.ts";
import { PUBLIC_URL, type World } from "./edge-world.ts";

const PATH = "/api/v2/events";
const digestOf = (body: string): string => `sha-256=:${createHash("sha256").update(body).digest("base64")}:`;
const FIELDS = ["@method", "@target-uri", "authorization", "content-digest"];

interface Signer {
  readonly apiKey: string;
  readonly keyId: string;
  readonly privateKey: KeyObject;
  readonly algorithm: string;
}

const PAIRS = {
  ed25519: () => generateKeyPairSync("ed25519"),
  "ecdsa-p256-sha256": () => generateKeyPairSync("ec", { namedCurve: "P-256" }),
} as const;

const registered = z.object({ registerRequestKey: z.object({ requestKey: z.object({ id: z.string() }) }) });
const REGISTER =
  "mutation ($input: RegisterRequestKeyInput!) { registerRequestKey(input: $input) { ... on RequestKeyRegistered { requestKey { id } } } }";

const makeSigner = async (world: World, algorithm: keyof typeof PAIRS, required: boolean): Promise<Signer> => {
  const { url, alpha } = world().instance;
  const client = createTesseraClient(url, alpha.apiKey);
  const made = await makeApiKey(client, `signs ${randomUUID()}`, ["analytics:ingest", "analytics:read"]);
  const { publicKey, privateKey } = PAIRS[algorithm]();
  const input = {
    ...{ credentialKind: "API_KEY", credentialId: made.id, required },
    publicKey: JSON.stringify(publicKey.export({ format: "jwk" })),
  };
  const { registerRequestKey } = await client.ask(registered, REGISTER, { input });
  return { apiKey: made.secret, keyId: registerRequestKey.requestKey.id, privateKey, algorithm };
};

/** A request as a client of this installation signs it, with the published library. */
const signedRequest = async (signer: Signer, body: string, fields: readonly string[] = FIELDS) => {
  const headers = {
    ...{ authorization: `Bearer ${signer.apiKey}`, "content-type": "application/json" },
    ...{ "content-digest": digestOf(body), "accept-signature": 'answer=("@status")' },
  };
  return httpbis.signMessage(
    {
      key: createSigner(signer.privateKey, signer.algorithm, signer.keyId),
      fields: [...fields],
      params: ["created", "nonce", "keyid"],
      paramValues: { nonce: randomUUID() },
    },
    { method: "POST", url: `${PUBLIC_URL}${PATH}`, headers },
  );
};
type Signed = Awaited<ReturnType<typeof signedRequest>>;

const headersOf = ({ headers }: Pick<Signed, "headers">): Record<string, string> =>
  Object.fromEntries(Object.entries(headers));

const directory = z.object({ keys: z.array(z.looseObject({ kid: z.string() })) });

const eventBody = (): string => JSON.stringify([{ id: randomUUID(), name: "signed" }]);

type Send = (headers: Record<string, string>, body: string) => Promise<Response>;

const describeSignedRequests = (world: World, send: Send): void => {
  describe("a signed request", () => {
    it.each(["ed25519", "ecdsa-p256-sha256"] as const)("by %s is taken once, and never again", async (algorithm) => {
      const signer = await makeSigner(world, algorithm, true);
      const events = eventBody();
      const headers = headersOf(await signedRequest(signer, events));
      expect((await send(headers, events)).status).toBe(200);
      const replayed = await send(headers, events);
      expect({ status: replayed.status, text: await replayed.text() }).toMatchObject({ status: 401 });
    });

    it("is refused when anything about it was changed, and nothing of it is stored", async () => {
      const signer = await makeSigner(world, "ed25519", true);
      const events = eventBody();
      const changes: readonly (readonly [Record<string, string>, string])[] = [
        [{}, eventBody()],
        [{ "content-digest": digestOf(eventBody()) }, events],
        [{ authorization: `Bearer ${world().instance.beta.apiKey}` }, events],
        [{ "signature-input": "" }, events],
        [{ signature: "sig=:AAAA:" }, events],
      ];
      for (const [change, sent] of changes) {
        const answer = await send({ ...headersOf(await signedRequest(signer, events)), ...change }, sent);
        expect([400, 401]).toContain(answer.status);
        expect(await answer.text()).toMatch(/SIGNATURE_INVALID|SIGNATURE_REQUIRED|DIGEST_MISMATCH/);
      }
      const without = headersOf(await signedRequest(signer, events, ["@method", "@target-uri", "authorization"]));
      expect((await send(without, events)).status).toBe(401);
    });
  });
};

const describeSigningRules = (world: World, send: Send): void => {
  describe("a signature", () => {
    it("is asked of a credential that is flagged, on every surface, and of no other", async () => {
      const flagged = await makeSigner(world, "ed25519", true);
      const free = await makeSigner(world, "ed25519", false);
      const { url } = world().instance;
      const ask = (apiKey: string, path: string) =>
        fetch(`${url}${path}`, { headers: { authorization: `Bearer ${apiKey}`, "apollo-require-preflight": "1" } });
      for (const path of ["/graphql?query=%7BwhoAmI%7BexpiresAt%7D%7D", "/api/v2/analytics/realtime/metrics"]) {
        const refused = await ask(flagged.apiKey, path);
        expect({ path, status: refused.status }).toEqual({ path, status: 401 });
        expect(await refused.text()).toContain("SIGNATURE_REQUIRED");
        expect((await ask(free.apiKey, path)).status).toBe(200);
      }
      const plain = { authorization: `Bearer ${flagged.apiKey}`, "content-type": "application/json" };
      expect((await send(plain, eventBody())).status).toBe(401);
    });

    it("by a key that was taken away is refused within seconds", async () => {
      const signer = await makeSigner(world, "ed25519", false);
      const { url, alpha } = world().instance;
      const first = eventBody();
      expect((await send(headersOf(await signedRequest(signer, first)), first)).status).toBe(200);
      const remove = "mutation ($id: ID!) { removeRequestKey(id: $id) { __typename } }";
      await createTesseraClient(url, alpha.apiKey).tell(remove, { id: signer.keyId });
      await eventually(async () => {
        const events = eventBody();
        expect((await send(headersOf(await signedRequest(signer, events)), events)).status).toBe(401);
      });
    });

    it("a digest is held to its body even where nothing is signed", async () => {
      const { url, alpha } = world().instance;
      const question = JSON.stringify({ query: "{ whoAmI { expiresAt } }" });
      const ask = (digest: string) =>
        fetch(`${url}/graphql`, {
          method: "POST",
          headers: {
            authorization: `Bearer ${alpha.apiKey}`,
            "content-type": "application/json",
            "content-digest": digest,
          },
          body: question,
        });
      expect((await ask(digestOf(question))).status).toBe(200);
      for (const digest of [digestOf("other"), "sha-256=:AAAA:", "md5=:AAAA:", "no digest"]) {
        const refused = await ask(digest);
        expect({ digest, status: refused.status }).toEqual({ digest, status: 400 });
        expect(await refused.text()).toContain("DIGEST_MISMATCH");
      }
    });
  });
};

const describeSignedAnswers = (world: World, send: Send): void => {
  describe("a signed answer", () => {
    it("is asked for by Accept-Signature, covers its body and the request, and verifies by the published key", async () => {
      const { url } = world().instance;
      const signer = await makeSigner(world, "ed25519", true);
      const events = eventBody();
      const request = await signedRequest(signer, events);
      const answer = await send(headersOf(request), events);
      const text = await answer.text();
      const fields = Object.fromEntries(answer.headers);
      expect(fields["content-digest"]).toBe(digestOf(text));
      expect(fields["signature-input"]).toMatch(
        /"@status".*"content-digest".*"@method";req.*"signature";req;key="sig"/,
      );
      const { keys } = directory.parse(
        await (await fetch(`${url}/.well-known/http-message-signatures-directory`)).json(),
      );
      const verified = (headers: Record<string, string>) =>
        httpbis.verifyMessage(
          {
            keyLookup: ({ keyid }) => {
              const found = keys.find(({ kid }) => kid === keyid);
              if (found === undefined) return Promise.resolve(null);
              const { kty, crv, x } = z.object({ kty: z.string(), crv: z.string(), x: z.string() }).parse(found);
              const key = createPublicKey({ key: { kty, crv, x }, format: "jwk" });
              return Promise.resolve({
                id: found.kid,
                algs: ["ed25519"],
                verify: createVerifier(key.export({ format: "pem", type: "spki" }), "ed25519"),
              });
            },
          },
          { status: answer.status, headers },
          request,
        );
      expect(await verified(fields)).toBe(true);
      expect(await verified({ ...fields, "content-digest": digestOf("other") })).toBe(false);
    });

    it("is not given to those who do not ask", async () => {
      const answer = await fetch(`${world().instance.url}/livez`);
      expect(answer.headers.get("signature")).toBeNull();
    });
  });
};

/** Requests and answers that prove who wrote them. */
export const describeSignatures = (world: World): void => {
  const send: Send = (headers, body) => fetch(`${world().instance.url}${PATH}`, { method: "POST", headers, body });
  describeSignedRequests(world, send);
  describeSigningRules(world, send);
  describeSignedAnswers(world, send);
};
