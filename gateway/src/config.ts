import { z } from "zod";
import { ConfigError, list, loadConfig, origins } from "@tessera/platform/config/load-config";
import type { DocumentLimits } from "./operations/checked-documents.ts";
import { DEFAULT_MAX_ALIASES } from "./plugins/aliases.ts";
import { DEFAULT_LIST_SIZE, DEFAULT_MAX_COST } from "./plugins/cost.ts";
import { DEFAULT_MAX_DIRECTIVES } from "./plugins/directives.ts";
import { DEFAULT_MAX_DEPTH } from "./plugins/document-depth.ts";
import { DEFAULT_MAX_DOCUMENT_BYTES, DEFAULT_MAX_TOKENS } from "./plugins/document-size.ts";
import { DEFAULT_MAX_EXPANDED_FIELDS } from "./plugins/fragment-expansion.ts";
import { DEFAULT_MAX_PAGE_SIZE } from "./plugins/page-sizes.ts";
import {
  readManifests,
  SAFELIST_MODES,
  type OperationManifest,
  type SafelistMode,
} from "./plugins/persisted-operations.ts";
import {
  DEFAULT_ADDRESS_BUDGET,
  DEFAULT_RATE_BUDGET,
  DEFAULT_RATE_WINDOW_SECONDS,
  type RateLimitOptions,
} from "./plugins/rate-limit.ts";
import { DEFAULT_MAX_ROOT_FIELDS } from "./plugins/root-fields.ts";
import { DEFAULT_SUBSCRIPTION_OPTIONS, type SubscriptionOptions } from "./subscriptions/subscription-options.ts";

/** Bytes a request may have: a batch of a thousand events as variables with room to spare. */
const DEFAULT_MAX_BODY_BYTES = 2_097_152;
/** Seconds requests under way are waited for when the gateway stops; below what orchestrators wait before they kill. */
const DEFAULT_DRAIN_SECONDS = 10;

/** Everything about the gateway that an operator may set. */
export interface GatewayOptions {
  /** "tessera": cached, compiled plans; "stock": @apollo/gateway. */
  readonly executor: "tessera" | "stock";
  readonly safelist: SafelistMode;
  readonly manifest: OperationManifest;
  /** Origins of browser pages beside the gateway's own, as browsers write them. */
  readonly allowedOrigins: readonly string[];
  readonly maxBodyBytes: number;
  readonly maxCost: number;
  readonly limits: DocumentLimits;
  readonly rate: RateLimitOptions;
  readonly subscriptions: SubscriptionOptions;
  readonly drainMs: number;
}

const whole = (fallback: number, minimum = 1) => z.coerce.number().int().min(minimum).default(fallback);
const weights = z
  .string()
  .transform((text, context): unknown => {
    try {
      return JSON.parse(text);
    } catch {
      context.addIssue({ code: "custom", message: 'write JSON such as {"Query.olap": 50}' });
      return z.NEVER;
    }
  })
  .pipe(z.record(z.string().regex(/^\w+\.\w+$/, "a field is Type.field"), z.number().min(0)))
  .default({});

const { maxSocketsPerTenant, maxOperationsPerSocket, maxUpstreamsPerTenant, ...subscriptionDefaults } =
  DEFAULT_SUBSCRIPTION_OPTIONS;

const shape = {
  GATEWAY_EXECUTOR: z.enum(["tessera", "stock"]).default("tessera"),
  GATEWAY_SAFELIST: z.enum(SAFELIST_MODES).default("off"),
  GATEWAY_MANIFESTS: list(),
  ALLOWED_ORIGINS: origins,
  GATEWAY_ALLOWED_ORIGINS: origins,
  GATEWAY_MAX_BODY_BYTES: whole(DEFAULT_MAX_BODY_BYTES),
  GATEWAY_MAX_DOCUMENT_BYTES: whole(DEFAULT_MAX_DOCUMENT_BYTES),
  GATEWAY_MAX_TOKENS: whole(DEFAULT_MAX_TOKENS),
  GATEWAY_MAX_DEPTH: whole(DEFAULT_MAX_DEPTH),
  GATEWAY_MAX_ALIASES: whole(DEFAULT_MAX_ALIASES, 0),
  GATEWAY_MAX_ROOT_FIELDS: whole(DEFAULT_MAX_ROOT_FIELDS),
  GATEWAY_MAX_DIRECTIVES: whole(DEFAULT_MAX_DIRECTIVES, 0),
  GATEWAY_MAX_EXPANDED_FIELDS: whole(DEFAULT_MAX_EXPANDED_FIELDS),
  GATEWAY_MAX_PAGE_SIZE: whole(DEFAULT_MAX_PAGE_SIZE),
  GATEWAY_MAX_COST: whole(DEFAULT_MAX_COST),
  GATEWAY_LIST_SIZE: whole(DEFAULT_LIST_SIZE),
  GATEWAY_FIELD_WEIGHTS: weights,
  GATEWAY_RATE_BUDGET: whole(DEFAULT_RATE_BUDGET, 0),
  GATEWAY_RATE_ADDRESS_BUDGET: whole(DEFAULT_ADDRESS_BUDGET, 0),
  GATEWAY_RATE_WINDOW_SECONDS: whole(DEFAULT_RATE_WINDOW_SECONDS),
  GATEWAY_MAX_SOCKETS_PER_TENANT: whole(maxSocketsPerTenant),
  GATEWAY_MAX_OPERATIONS_PER_SOCKET: whole(maxOperationsPerSocket),
  GATEWAY_MAX_UPSTREAMS_PER_TENANT: whole(maxUpstreamsPerTenant),
  GATEWAY_MAX_WAITING_MESSAGES: whole(subscriptionDefaults.maxWaitingMessages),
  GATEWAY_CREDENTIAL_CHECK_MS: whole(subscriptionDefaults.credentialCheckMs).refine(
    (milliseconds) => milliseconds <= 5_000,
    "at most 5000, so that revocation is effective within five seconds",
  ),
  GATEWAY_DRAIN_SECONDS: whole(DEFAULT_DRAIN_SECONDS, 0),
};

type Environment = ReturnType<typeof loadConfig<typeof shape>>;

const limitsOf = (env: Environment): DocumentLimits => ({
  maxDocumentBytes: env.GATEWAY_MAX_DOCUMENT_BYTES,
  maxTokens: env.GATEWAY_MAX_TOKENS,
  maxDepth: env.GATEWAY_MAX_DEPTH,
  maxAliases: env.GATEWAY_MAX_ALIASES,
  maxRootFields: env.GATEWAY_MAX_ROOT_FIELDS,
  maxDirectives: env.GATEWAY_MAX_DIRECTIVES,
  maxExpandedFields: env.GATEWAY_MAX_EXPANDED_FIELDS,
  maxPageSize: env.GATEWAY_MAX_PAGE_SIZE,
  cost: { defaultListSize: env.GATEWAY_LIST_SIZE, fieldWeights: env.GATEWAY_FIELD_WEIGHTS },
});

/**
 * Reads the gateway's options; every one has a default. Throws ConfigError listing every problem of the environment, or Error naming a
 * manifest that can't be read.
 */
export const loadGatewayOptions = (environment: NodeJS.ProcessEnv): GatewayOptions => {
  const env = loadConfig(shape, environment);
  if (env.GATEWAY_RATE_BUDGET > 0 && env.GATEWAY_RATE_BUDGET < env.GATEWAY_MAX_COST) {
    throw new ConfigError("GATEWAY_RATE_BUDGET must be at least GATEWAY_MAX_COST, or some operations could never run.");
  }
  return {
    executor: env.GATEWAY_EXECUTOR,
    safelist: env.GATEWAY_SAFELIST,
    manifest: readManifests(env.GATEWAY_MANIFESTS),
    allowedOrigins: [...env.ALLOWED_ORIGINS, ...env.GATEWAY_ALLOWED_ORIGINS],
    maxBodyBytes: env.GATEWAY_MAX_BODY_BYTES,
    maxCost: env.GATEWAY_MAX_COST,
    limits: limitsOf(env),
    rate: {
      budget: env.GATEWAY_RATE_BUDGET,
      addressBudget: env.GATEWAY_RATE_ADDRESS_BUDGET,
      windowSeconds: env.GATEWAY_RATE_WINDOW_SECONDS,
    },
    subscriptions: {
      ...subscriptionDefaults,
      maxSocketsPerTenant: env.GATEWAY_MAX_SOCKETS_PER_TENANT,
      maxOperationsPerSocket: env.GATEWAY_MAX_OPERATIONS_PER_SOCKET,
      maxUpstreamsPerTenant: env.GATEWAY_MAX_UPSTREAMS_PER_TENANT,
      maxWaitingMessages: env.GATEWAY_MAX_WAITING_MESSAGES,
      credentialCheckMs: env.GATEWAY_CREDENTIAL_CHECK_MS,
    },
    drainMs: env.GATEWAY_DRAIN_SECONDS * 1_000,
  };
};

/** Keeps @apollo/gateway from reporting its use to its maker; to be called before it is loaded. */
export const silenceApolloTelemetry = (): void => {
  process.env["APOLLO_TELEMETRY_DISABLED"] = "true";
};
