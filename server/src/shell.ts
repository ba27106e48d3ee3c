import type { AbuseBounds } from "@tessera/contracts/abuse";
import { createProofNonces, type ProofNonces } from "@tessera/platform/auth/proof-nonces";
import { tellProofNonces } from "@tessera/platform/auth/tell-proof-nonces";
import { registerHealth, type Probe } from "@tessera/platform/http/health";
import { createClientAddress, type ClientAddress } from "@tessera/platform/http/client-address";
import { shareAcrossOrigins } from "@tessera/platform/http/cross-origin";
import { createOrigins, type Origins } from "@tessera/platform/http/origins";
import { createHttpServer, listenOn, type HttpServer } from "@tessera/platform/http/server";
import { attachWebSockets, type WebSockets } from "@tessera/platform/http/web-sockets";
import { signingPairOf } from "@tessera/platform/integrity/signing-key";
import { exchangeSignatures } from "@tessera/platform/signatures/answer-signing";
import { systemNowMs } from "@tessera/platform/time/clock";
import type { Logger } from "@tessera/platform/telemetry/logger";
import type { Metrics } from "@tessera/platform/telemetry/metrics";
import { createLifecycle, type Part } from "./lifecycle.ts";

/** Milliseconds open sockets have to say goodbye when the process stops. */
const SOCKET_GRACE_MS = 2_000;

/** What every process has, whatever its role: an HTTP server, sockets, health, metrics, and parts that start and stop in order. */
export interface Shell {
  readonly server: HttpServer;
  readonly webSockets: WebSockets;
  /** Where a request came from, through trusted proxies alone. */
  readonly clientAddress: ClientAddress;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Browser pages that may call. */
  readonly origins: Origins;
  /** Where clients reach the installation, without a path; null when only the Host field of requests tells. */
  readonly publicUrl: string | null;
  /** Wrong credentials one address may present per minute; 0: no limit. */
  readonly authFailuresPerMinute: number;
  /** From when on something is abuse. */
  readonly abuse: AbuseBounds;
  /** Nonces that DPoP proofs must carry; null: they need none. */
  readonly proofNonces: ProofNonces | null;
}

/** What a process that faces the outside is told about it. */
export interface Outside {
  /** Addresses or subnets whose X-Forwarded-For is believed. */
  readonly trustedProxies: readonly string[];
  readonly allowedOrigins: readonly string[];
  /** Where clients reach the installation; over TLS alone when it says https. */
  readonly publicUrl: string | undefined;
  readonly authFailuresPerMinute: number;
  /** From when on something is abuse. */
  readonly abuse: AbuseBounds;
  /** Whether DPoP proofs must carry a nonce of the server. */
  readonly requireProofNonces: boolean;
}

/** What a role adds to its shell. */
export interface Role {
  /** Parts in start order; stopped in reverse after the last request was answered. */
  readonly parts: readonly Part[];
  readonly probes: readonly Probe[];
  /** What operators are to know beside, as `/readyz` tells it. */
  readonly notes?: () => readonly string[];
  /** Closes clients after all parts have stopped. */
  close(): Promise<void>;
}

/** A process that serves. */
export interface Running {
  readonly port: number;
  /** Resolves when every part is up. */
  readonly ready: Promise<void>;
  /** Answers what is being asked, takes nothing new, stops the parts in reverse, closes the clients. */
  stop(): Promise<void>;
}

/** Where a role listens, and how long its parts may take to come up (for ever by default). */
export interface RoleAddress {
  readonly host: string;
  readonly port: number;
  readonly giveUpAfterMs?: number;
}

/**
 * Runs a role: listens at once, so that the process is alive while its dependencies may still be down, and starts the parts as
 * their dependencies come up.
 */
export const runRole = async (
  shell: Shell,
  address: RoleAddress,
  build: (shell: Shell) => Promise<Role> | Role,
): Promise<Running> => {
  const role = await build(shell);
  const lifecycle = createLifecycle(role.parts, shell.logger, address.giveUpAfterMs);
  registerHealth(shell.server, {
    probes: () => [lifecycle.probe, ...role.probes],
    notes: () => role.notes?.() ?? [],
    metrics: shell.metrics,
  });
  const port = await listenOn(shell.server, address.host, address.port);
  return {
    port,
    ready: lifecycle.start(),
    stop: async () => {
      await Promise.all([shell.server.close(), shell.webSockets.stop(SOCKET_GRACE_MS)]);
      await lifecycle.stop();
      await role.close();
    },
  };
};

/** Methods of the REST addresses. */
const REST_METHODS = "GET, POST, PUT, PATCH, DELETE";

/** Makes a shell; nothing listens yet. The key that signs answers is derived from `secret`, the same in every process. */
export const createShell = (
  telemetry: { readonly logger: Logger; readonly metrics: Metrics },
  outside: Outside,
  secret: string,
): Shell => {
  const isTls = outside.publicUrl?.startsWith("https://") ?? false;
  const server = createHttpServer({ logger: telemetry.logger, isTls });
  const origins = createOrigins(outside.allowedOrigins);
  shareAcrossOrigins(server, { origins, below: "/api/", methods: REST_METHODS });
  const publicUrl = outside.publicUrl === undefined ? null : new URL(outside.publicUrl).origin;
  const key = signingPairOf(secret, "signatures of answers");
  exchangeSignatures(server, { key, publicUrl: () => publicUrl, nowMs: systemNowMs });
  const clientAddress = createClientAddress(outside.trustedProxies);
  const { authFailuresPerMinute, abuse } = outside;
  const proofNonces = outside.requireProofNonces ? createProofNonces({ secret, nowMs: systemNowMs }) : null;
  if (proofNonces !== null) tellProofNonces(server, proofNonces);
  return {
    ...{
      server,
      webSockets: attachWebSockets(server),
      clientAddress,
      origins,
      publicUrl,
      authFailuresPerMinute,
      abuse,
    },
    proofNonces,
    ...telemetry,
  };
};
