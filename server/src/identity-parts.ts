import { createIdentity, type Identity } from "@tessera/identity/identity";
import { readKeyRing } from "@tessera/platform/auth/key-ring";
import type { Resources } from "@tessera/platform/runtime/resources";
import { systemNowMs } from "@tessera/platform/time/clock";
import type { Part } from "./lifecycle.ts";
import type { Shell } from "./shell.ts";
import { createTellWrongSignIns } from "./wrong-sign-ins.ts";
import { remoteKeys, type TokenSource } from "./token-ports.ts";

/** Secrets of the authorization server. */
export interface IdentitySecrets {
  readonly identitySecret: string;
  readonly apiKeyPepper: string;
  /** `name:key` with commas between; see readKeyRing. */
  readonly keyRing: string;
}

/** Opens the authorization server on a shell's port. */
export const openIdentity = (
  shell: Shell,
  resources: Resources,
  secrets: IdentitySecrets,
  publicUrl: () => string,
): Identity => {
  const identity = createIdentity({
    publicUrl,
    secret: secrets.identitySecret,
    apiKeyPepper: secrets.apiKeyPepper,
    keyRing: readKeyRing(secrets.keyRing),
    sql: resources.sql,
    clientAddress: shell.clientAddress,
    requireProofNonces: shell.proofNonces !== null,
    nowMs: systemNowMs,
    logger: shell.logger,
    onWrongSignIn: createTellWrongSignIns(resources),
  });
  identity.register(shell.server);
  return identity;
};

/** The authorization server as a part of a process. */
export const identityPart = (identity: Identity): Part => ({
  name: "identity",
  start: identity.start,
  stop: identity.stop,
});

/** Where an edge process finds its tokens' keys; null when the installation names no public address, so that API keys alone are known. */
export const remoteTokenSource = (config: {
  readonly PUBLIC_URL?: string | undefined;
  readonly IDENTITY_URL?: string | undefined;
}): (() => TokenSource | null) => {
  const { PUBLIC_URL: publicUrl } = config;
  if (publicUrl === undefined) return () => null;
  return () => ({ publicUrl: new URL(publicUrl).origin, loadKeys: remoteKeys(config.IDENTITY_URL ?? publicUrl) });
};

/** The address a listening process has when nobody gave it a public one. */
export const ownUrlOf = ({ server }: Shell): string => {
  const address = server.server.address();
  if (address === null || typeof address === "string") throw new Error("The process does not listen yet.");
  const isAny = address.address === "0.0.0.0" || address.address === "::";
  const host = isAny ? "127.0.0.1" : address.family === "IPv6" ? `[${address.address}]` : address.address;
  return `http://${host}:${address.port}`;
};
