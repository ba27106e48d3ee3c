import { createHmac, randomBytes, randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { parseTenantId, parseUserId, type TenantId, type UserId } from "@tessera/contracts/ids";
import type { Permission } from "@tessera/contracts/permissions";
import { credentialHashOf } from "@tessera/platform/auth/api-key";
import { readKeyRing, type KeyRing } from "@tessera/platform/auth/key-ring";
import { createHttpServer, listenOn } from "@tessera/platform/http/server";
import type { TestResources } from "@tessera/platform/testing/test-resources";
import { createPasswords } from "../people/passwords.ts";
import { createIdentity, type Identity } from "../identity.ts";

/** Secrets of a test installation, the same for all its replicas. */
export interface TestSecrets {
  readonly secret: string;
  readonly pepper: string;
  readonly keyRing: KeyRing;
}

/** One ring for every test of a run: signing keys are the installation's, and a test run is one installation. */
const RING = `test:${Buffer.alloc(32, 7).toString("base64url")}`;

/** The secrets of the test run. */
export const testSecrets: TestSecrets = {
  secret: "a secret of the test installation, long enough",
  pepper: "a pepper of the test installation, long enough",
  keyRing: readKeyRing(RING),
};

/** A replica of the authorization server on a port of its own. */
export interface RunningIdentity {
  readonly identity: Identity;
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts a replica; `publicUrl` is the address all replicas go by, by default the replica's own. */
export const startIdentity = async (
  { resources }: TestResources,
  options: { publicUrl?: string; requireProofNonces?: boolean; address?: (request: IncomingMessage) => string } = {},
): Promise<RunningIdentity> => {
  const server = createHttpServer({ logger: resources.logger });
  let url = "";
  const identity = createIdentity({
    publicUrl: () => options.publicUrl ?? url,
    secret: testSecrets.secret,
    apiKeyPepper: testSecrets.pepper,
    keyRing: testSecrets.keyRing,
    sql: resources.sql,
    clientAddress: options.address ?? (() => randomUUID()),
    requireProofNonces: options.requireProofNonces ?? false,
    nowMs: resources.nowMs,
    logger: resources.logger,
  });
  identity.register(server);
  url = `http://127.0.0.1:${await listenOn(server, "127.0.0.1", 0)}`;
  await identity.start();
  return {
    identity,
    url,
    stop: async () => {
      await server.close();
      await identity.stop();
    },
  };
};

const required = <T>(value: T | null): T => {
  if (value === null) throw new Error("A random UUID is an id.");
  return value;
};

/** Makes a tenant of its own. */
export const makeTenant = async ({ owner }: TestResources): Promise<TenantId> => {
  const id = required(parseTenantId(randomUUID()));
  await owner.query("INSERT INTO tenant (id, name, slug) VALUES ($1, 'Nordlicht GmbH', $2)", [id, `t-${id}`]);
  return id;
};

/** Makes a person with a password. */
export const makePerson = async (
  { owner }: TestResources,
  tenantId: TenantId,
  password: string,
): Promise<{ id: UserId; email: string }> => {
  const id = required(parseUserId(randomUUID()));
  const email = `ada-${id}@example.com`;
  await owner.query(
    "INSERT INTO tenant_user (id, tenant_id, email, name, roles) VALUES ($1, $2, $3, 'Ada', '{ANALYST}')",
    [id, tenantId, email],
  );
  await owner.query("INSERT INTO person_password (user_id, tenant_id, hash) VALUES ($1, $2, $3)", [
    id,
    tenantId,
    await createPasswords().hash(password),
  ]);
  return { id, email };
};

const BASE36 = "0123456789abcdefghijklmnopqrstuvwxyz";

/** A client of a tenant, as a stranger's program would hold it. */
export interface TestClient {
  readonly id: string;
  readonly secret: string;
}

/** Makes an OAuth client. */
export const makeClient = async (
  { owner }: TestResources,
  tenantId: TenantId,
  wanted: {
    kind: "SERVICE" | "WEB" | "PUBLIC";
    permissions: readonly Permission[];
    redirectUris?: readonly string[];
    dpopRequired?: boolean;
  },
): Promise<TestClient> => {
  const id = `tsc-${[...randomBytes(20)].map((byte) => BASE36.charAt(byte % 36)).join("")}`;
  const secret = `tsr_secret_${randomBytes(32).toString("base64url")}`;
  const hash = createHmac("sha256", testSecrets.pepper).update(credentialHashOf(secret)).digest();
  await owner.query(
    `INSERT INTO oauth_client (id, tenant_id, name, kind, secret_hash, redirect_uris, permissions, dpop_required, created_by_kind, created_by_id)
     VALUES ($1, $2, 'Stranger', $3, $4, $5, $6, $7, 'SERVICE', 'test')`,
    [
      id,
      tenantId,
      wanted.kind,
      wanted.kind === "PUBLIC" ? null : hash,
      wanted.redirectUris ?? [],
      wanted.permissions,
      wanted.dpopRequired ?? false,
    ],
  );
  return { id, secret };
};
