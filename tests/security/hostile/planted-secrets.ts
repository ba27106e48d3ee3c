import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { randomBytes } from "node:crypto";
import { describe, expect, it } from "@jest/globals";
import { WebSocket } from "ws";
import { formatApiKey } from "@tessera/platform/auth/api-key";
import { createTesseraClient } from "../../testing/tessera-client.ts";
import { makeApiKey } from "../own-things.ts";
import type { HostileWorld } from "./fuzz.ts";

/** A word that stands in nothing but the secrets of one run. */
const MARK = randomBytes(12).toString("hex");
const secret = (what: string): string => `${what}${MARK}`;

const base64url = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
const jwt = `${base64url({ alg: "RS256", typ: "at+jwt", kid: "x" })}.${base64url({ iss: "x", sub: "y" })}.${secret("sig")}`;
/** A key that is well-formed, checksum and all, and that nobody has. */
const unknownKey = formatApiKey("0123456789abcdef", `${MARK}${"A".repeat(32)}`.slice(0, 32));

const form = (fields: Readonly<Record<string, string>>): RequestInit => ({
  method: "POST",
  headers: { "content-type": "application/x-www-form-urlencoded" },
  body: new URLSearchParams(fields),
});
const json = (body: unknown, headers: Readonly<Record<string, string>> = {}): RequestInit => ({
  method: "POST",
  headers: { "content-type": "application/json", ...headers },
  body: JSON.stringify(body),
});

const PRIVATE_JWK = JSON.stringify({ kty: "OKP", crv: "Ed25519", x: "AA", d: secret("d") });
const REGISTER = `mutation ($input: RegisterRequestKeyInput!) { registerRequestKey(input: $input) { __typename ... on RequestKeyRefused { reason } } }`;

/** Every way a secret can come in, none of which may keep it. */
const plants = (url: string, apiKey: string): readonly (readonly [path: string, init: RequestInit])[] => {
  const known = { authorization: `Bearer ${apiKey}` };
  const question = { query: "{ whoAmI { expiresAt } }" };
  const surfaces = ["/graphql", "/api/v2/events", "/api/v2/analytics/realtime/query"];
  const credentials = [
    `Bearer ${unknownKey}`,
    `Bearer ${secret("tsr_live_")}`,
    `Bearer ${jwt}`,
    `DPoP ${jwt}`,
    `Basic ${secret("b")}`,
  ];
  return [
    ...surfaces.flatMap((path) =>
      credentials.map((authorization) => [`${url}${path}`, json(question, { authorization })] as const),
    ),
    ...surfaces.map((path) => [`${url}${path}?access_token=${secret("t")}`, json(question, known)] as const),
    [
      `${url}/graphql`,
      json(question, {
        ...known,
        dpop: secret("p"),
        cookie: `tessera_session=${secret("c")}`,
        signature: `s=:${MARK}:`,
        "signature-input": `s=("${secret("f")}")`,
      }),
    ],
    [
      `${url}/graphql`,
      json(
        {
          query: REGISTER,
          variables: { input: { credentialKind: "API_KEY", credentialId: "0123456789abcdef", publicKey: PRIVATE_JWK } },
        },
        known,
      ),
    ],
    [`${url}/oauth/token`, form({ grant_type: "client_credentials", client_id: "x", client_secret: secret("cs") })],
    [
      `${url}/oauth/token`,
      form({
        grant_type: "authorization_code",
        client_id: "x",
        code: secret("code"),
        code_verifier: secret("v".repeat(43)),
      }),
    ],
    [`${url}/oauth/token`, form({ grant_type: "refresh_token", client_id: "x", refresh_token: secret("r") })],
    [`${url}/oauth/introspect`, form({ token: secret("it"), client_id: "x", client_secret: secret("cs") })],
    [`${url}/oauth/revoke`, form({ token: secret("rt"), client_id: "x" })],
    [`${url}/oauth/invitation/${secret("inv")}`, form({ password: secret("pw"), repeated: secret("pw") })],
  ];
};

const openWith = (url: string, credential: string): Promise<number> =>
  new Promise((resolve) => {
    const socket = new WebSocket(`${url.replace(/^http/, "ws")}/graphql`, "graphql-transport-ws");
    socket.on("open", () =>
      socket.send(JSON.stringify({ type: "connection_init", payload: { authorization: credential } })),
    );
    socket.on("error", () => undefined);
    socket.on("close", resolve);
  });

/** Files under a directory whose bytes hold the word; those of running engines may go while they are looked at. */
const filesWith = (directory: string, word: string): readonly string[] =>
  readdirSync(directory, { withFileTypes: true, recursive: true }).flatMap((entry) => {
    const path = join(entry.parentPath, entry.name);
    try {
      return entry.isFile() && readFileSync(path).includes(word) ? [path.slice(directory.length)] : [];
    } catch {
      return [];
    }
  });

/** Secrets go in; nothing comes out. */
export const describePlantedSecrets = (world: HostileWorld): void => {
  describe("a secret that was sent, rightly or wrongly", () => {
    it("stands in no answer, log line, metric, journal or table, with everything logged that can be", async () => {
      const { instance } = world();
      for (const [address, init] of plants(instance.url, instance.alpha.apiKey)) {
        const answer = await fetch(address, { ...init, redirect: "manual" });
        expect({ address: address.replace(MARK, "<mark>"), told: (await answer.text()).includes(MARK) }).toMatchObject({
          told: false,
        });
        expect(JSON.stringify([...answer.headers])).not.toContain(MARK);
        expect(answer.status).toBeLessThan(500);
      }
      for (const credential of [`Bearer ${unknownKey}`, `Bearer ${jwt}`])
        expect(await openWith(instance.url, credential)).toBe(4401);
      expect(instance.output()).toContain('"level":');
      expect(instance.output()).not.toContain(MARK);
      expect(await (await fetch(`${instance.url}/metrics`)).text()).not.toContain(MARK);
      expect(filesWith(instance.home, MARK)).toEqual([]);
    });

    it("and one that was made here is in the answer that hands it over alone", async () => {
      const { instance } = world();
      const client = createTesseraClient(instance.url, instance.alpha.apiKey);
      const made = await makeApiKey(client, "kept nowhere", ["analytics:read"]);
      const used = createTesseraClient(instance.url, made.secret);
      expect((await used.tell("{ whoAmI { expiresAt } }")).status).toBe(200);
      await used.get("/api/v2/analytics/realtime/metrics");
      const hidden = made.secret.slice(-24);
      expect((await client.tell("{ apiKeys { edges { node { id prefix name } } } }")).data).not.toBeNull();
      expect(instance.output()).not.toContain(hidden);
      expect(filesWith(instance.home, hidden)).toEqual([]);
    });

    it("the search finds what is there", () => {
      const { instance } = world();
      expect(filesWith(instance.home, instance.alpha.tenantId).length).toBeGreaterThan(0);
      expect(filesWith(instance.home, "identitySecret")).toEqual(["/secrets.json"]);
    });
  });
};
