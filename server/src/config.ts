import { readBridgeManifest } from "@tessera/rest-bridge/manifest";
import { z } from "zod";
import { DEFAULT_ABUSE_BOUNDS } from "@tessera/contracts/abuse";
import { loadGatewayOptions } from "@tessera/gateway/config";
import { DEFAULT_FAILURES_PER_MINUTE } from "@tessera/platform/auth/limited-authenticator";
import { flag, list, loadConfig, origins, port } from "@tessera/platform/config/load-config";
import { LOG_LEVELS } from "@tessera/platform/telemetry/logger";

const secret = z.string().min(32, "must have at least 32 characters");

/** An address without a path: tokens and links begin with it. */
const publicUrl = z.url().refine((text) => new URL(text).pathname === "/" && !text.includes("?"), "must have no path");

const abuseBound = (bound: number) => z.coerce.number().int().min(0).default(bound);

/** Settings every process understands. */
const processShape = {
  HOST: z.string().default("127.0.0.1"),
  PORT: port(4000),
  LOG_LEVEL: z.enum(LOG_LEVELS).default("info"),
  TRUSTED_PROXIES: list(),
  ALLOWED_ORIGINS: origins,
  PUBLIC_URL: z.url().optional(),
  DPOP_NONCES: flag(false),
  ABUSE_WRONG_KEYS: abuseBound(DEFAULT_ABUSE_BOUNDS.wrongKeys),
  ABUSE_WRONG_CREDENTIALS: abuseBound(DEFAULT_ABUSE_BOUNDS.wrongCredentials),
  ABUSE_PAGES: abuseBound(DEFAULT_ABUSE_BOUNDS.pages),
  ABUSE_COST_POINTS: abuseBound(DEFAULT_ABUSE_BOUNDS.costPoints),
  AUTH_FAILURES_PER_MINUTE: z.coerce.number().int().min(0).default(DEFAULT_FAILURES_PER_MINUTE),
  SMTP_URL: z.url({ protocol: /^smtps?$/, hostname: /./ }).optional(),
  SMTP_FROM: z.email().optional(),
  SMTP_TLS: z.enum(["REQUIRED", "NONE"]).default("REQUIRED"),
};

const embeddedShape = {
  ...processShape,
  LOG_LEVEL: z.enum(LOG_LEVELS).default("warn"),
  TESSERA_HOME: z.string().default(".tessera"),
  SEED_DEMO: flag(true),
  PUBLIC_URL: publicUrl.optional(),
};

const distributedShape = {
  ...processShape,
  HOST: z.string().default("0.0.0.0"),
  DATABASE_URL: z.url(),
  QUEUE_DATABASE_URL: z.url().optional(),
  REDIS_URL: z.url().optional(),
  CLICKHOUSE_URL: z.url(),
  CLICKHOUSE_READER_PASSWORD: z.string().default(""),
  CLICKHOUSE_WRITER_PASSWORD: z.string().default(""),
  CLICKHOUSE_JOBS_PASSWORD: z.string().default(""),
  IDENTITY_SECRET: secret,
  PUBLIC_URL: publicUrl.optional(),
  IDENTITY_URL: z.url().optional(),
  KEY_RING: z.string().optional(),
  API_KEY_PEPPER: secret,
  AUDIT_SECRET: secret.optional(),
  AUDIT_FORMER_SECRETS: z.string().default(""),
  INGEST_JOURNAL_DIR: z.string().default("./ingest-journal"),
  EXECUTION_JOURNAL_DIR: z.string().default("./execution-journal"),
  INGEST_URL: z.url().default("http://127.0.0.1:4010"),
  GATEWAY_URL: z.url().default("http://127.0.0.1:4000"),
  SUBGRAPH_ANALYTICS_URL: z.url().optional(),
  SUBGRAPH_ANOMALY_URL: z.url().optional(),
  SUBGRAPH_ML_URL: z.url().optional(),
  SUBGRAPH_GOVERNANCE_URL: z.url().optional(),
  SUBGRAPH_TENANT_URL: z.url().optional(),
};

const migrateShape = {
  LOG_LEVEL: z.enum(LOG_LEVELS).default("info"),
  DATABASE_OWNER_URL: z.url(),
  CLICKHOUSE_URL: z.url(),
  CLICKHOUSE_OWNER_PASSWORD: z.string().default(""),
};

const rotateKeysShape = {
  LOG_LEVEL: z.enum(LOG_LEVELS).default("info"),
  DATABASE_URL: z.url(),
  KEY_RING: z.string(),
};

/** Settings of the embedded shape: everything in one process on embedded engines. */
export const loadEmbeddedConfig = (environment: NodeJS.ProcessEnv = process.env) =>
  loadConfig(embeddedShape, environment);
/** Settings of one role that runs alone against external stores. */
export const loadDistributedConfig = (environment: NodeJS.ProcessEnv = process.env) =>
  loadConfig(distributedShape, environment);
/** Settings of `tessera migrate`. */
export const loadMigrateConfig = (environment: NodeJS.ProcessEnv = process.env) =>
  loadConfig(migrateShape, environment);

/** Settings of `tessera rotate-keys`. */
export const loadRotateKeysConfig = (environment: NodeJS.ProcessEnv = process.env) =>
  loadConfig(rotateKeysShape, environment);

/** Asks for the address clients use; undefined when the installation names none. */
export const publicUrlOf = ({ PUBLIC_URL: url }: DistributedConfig): (() => string) | undefined =>
  url === undefined ? undefined : () => new URL(url).origin;

/** The operator's relay for mails. */
export interface MailRelay {
  readonly url: string;
  /** Mailbox that mails are from. */
  readonly from: string;
  readonly tls: "REQUIRED" | "NONE";
}

/** The relay that a process sends mails by; undefined when it is given none. Throws when it is told of one without a mailbox. */
export const mailRelayOf = (
  config: Pick<DistributedConfig, "SMTP_URL" | "SMTP_FROM" | "SMTP_TLS">,
): MailRelay | undefined => {
  const { SMTP_URL: url, SMTP_FROM: from, SMTP_TLS: tls } = config;
  if (url === undefined) return undefined;
  if (from === undefined)
    throw new Error("SMTP_URL needs SMTP_FROM, the mailbox mails are from; see docs/configuration.md.");
  return { url, from, tls };
};

/** Secrets the keys of audit seals are derived from: the one that signs, then former ones, whose seals stay good. */
export const auditSecretsOf = (config: DistributedConfig): readonly [string, ...string[]] => [
  config.AUDIT_SECRET ?? config.IDENTITY_SECRET,
  ...config.AUDIT_FORMER_SECRETS.split(",").filter((former) => former !== ""),
];

/** What a process is told about those who call it from outside. */
export const outsideOf = (config: Pick<DistributedConfig, keyof typeof processShape>) => ({
  trustedProxies: config.TRUSTED_PROXIES,
  allowedOrigins: config.ALLOWED_ORIGINS,
  publicUrl: config.PUBLIC_URL,
  authFailuresPerMinute: config.AUTH_FAILURES_PER_MINUTE,
  abuse: {
    wrongKeys: config.ABUSE_WRONG_KEYS,
    wrongCredentials: config.ABUSE_WRONG_CREDENTIALS,
    pages: config.ABUSE_PAGES,
    costPoints: config.ABUSE_COST_POINTS,
  },
  requireProofNonces: config.DPOP_NONCES,
});

/** Addresses of the subgraphs that the environment names; the others are where supergraph.yaml says. */
export const subgraphUrls = (config: DistributedConfig): ReadonlyMap<string, string> => {
  const named = {
    analytics: config.SUBGRAPH_ANALYTICS_URL,
    anomaly: config.SUBGRAPH_ANOMALY_URL,
    ml: config.SUBGRAPH_ML_URL,
    governance: config.SUBGRAPH_GOVERNANCE_URL,
    tenant: config.SUBGRAPH_TENANT_URL,
  };
  return new Map(Object.entries(named).flatMap(([name, url]) => (url === undefined ? [] : [[name, url] as const])));
};

/** Address of a subgraph that other processes ask by themselves: the tenant room about credentials, the analytics room about what is watched, the governance room about executions, the anomaly room about what providers tell back. */
export const subgraphUrl = (
  name: "tenant" | "analytics" | "anomaly" | "governance",
  config: DistributedConfig,
  sources: readonly { readonly name: string; readonly url: string }[],
): string => {
  const url = subgraphUrls(config).get(name) ?? sources.find((source) => source.name === name)?.url;
  if (url === undefined) throw new Error(`supergraph.yaml names no ${name} subgraph.`);
  return url;
};

/** Options of the gateway, from the same environment; it always knows the operations of the REST bridge. */
export const loadGateway = (environment: NodeJS.ProcessEnv = process.env) => {
  const options = loadGatewayOptions(environment);
  return { ...options, manifest: { ...options.manifest, ...readBridgeManifest() } };
};

/** Parsed {@link loadEmbeddedConfig}. */
export type EmbeddedConfig = ReturnType<typeof loadEmbeddedConfig>;
/** Parsed {@link loadDistributedConfig}. */
export type DistributedConfig = ReturnType<typeof loadDistributedConfig>;
