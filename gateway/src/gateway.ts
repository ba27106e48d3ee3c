import type { IncomingMessage } from "node:http";
import type { ApolloServer } from "@apollo/server";
import type { ExecutionResult } from "graphql";
import { LRUCache } from "lru-cache";
import { PLAIN_ACCESS, type Caller } from "@tessera/contracts/caller";
import { parseTenantId } from "@tessera/contracts/ids";
import { refuse } from "@tessera/platform/errors/refusal";
import { newMeter } from "@tessera/platform/executions/meter";
import type { ClientAddress } from "@tessera/platform/http/client-address";
import type { Probe } from "@tessera/platform/http/health";
import type { HttpServer } from "@tessera/platform/http/server";
import type { WebSockets } from "@tessera/platform/http/web-sockets";
import type { BudgetStore } from "@tessera/platform/limits/budget";
import type { Quotas } from "@tessera/platform/limits/quotas";
import type { Logger } from "@tessera/platform/telemetry/logger";
import type { Metrics } from "@tessera/platform/telemetry/metrics";
import { newTraceId } from "@tessera/platform/telemetry/trace-context";
import type { NowMs } from "@tessera/platform/time/clock";
import type { Authenticate } from "./authenticate.ts";
import { silenceApolloTelemetry, type GatewayOptions } from "./config.ts";
import type { SubgraphConnection } from "./connections/connection.ts";
import type { FederationExecutor } from "./executor/federation-executor.ts";
import { createPlanExecutor } from "./executor/plan-executor.ts";
import { createStockExecutor } from "./executor/stock.ts";
import { createGatewayMetrics, type GatewayMetrics } from "./gateway-metrics.ts";
import { createApolloServer, type ApolloContext } from "./http/apollo-server.ts";
import { registerGraphqlRoute } from "./http/graphql-route.ts";
import { createInFlight } from "./http/in-flight.ts";
import { createOrigins } from "@tessera/platform/http/origins";
import { createAdmission, type Admission } from "./operations/admission.ts";
import { createAnswering, type Answering, type OnRate } from "./operations/answering.ts";
import type { GatewayCall, GraphqlRequest, Transport } from "./operations/graphql-request.ts";
import { createErrorMasking, type ErrorMasking } from "./plugins/error-masking.ts";
import type { ExecutionRecords } from "./operations/execution-records.ts";
import { createSettledRecords } from "./operations/settled-records.ts";
import { createStoreEstimates, type StoreEstimates } from "./plugins/measured-cost.ts";
import { createPersistedOperations, operationIdOf } from "./plugins/persisted-operations.ts";
import { createRateLimit } from "./plugins/rate-limit.ts";
import { createCredentialChecks } from "./subscriptions/credential-checks.ts";
import { createCredentialWatch } from "./subscriptions/credential-watch.ts";
import { serveGraphqlSockets } from "./subscriptions/graphql-socket.ts";
import { createSharedUpstreams } from "./subscriptions/shared-upstreams.ts";
import type { SessionDeps } from "./subscriptions/socket-session.ts";
import { createTenantSockets } from "./subscriptions/tenant-sockets.ts";

/** What the composition root gives a gateway. */
export interface GatewayDeps {
  readonly supergraphSdl: string;
  /** One connection per subgraph, guarded by the caller's choice; they are closed by whoever made them. */
  readonly connections: ReadonlyMap<string, SubgraphConnection<GatewayCall>>;
  readonly authenticate: Authenticate;
  /** Routes are added at once, so the gateway has to be made before the server listens. */
  readonly server: HttpServer;
  readonly webSockets: WebSockets;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly nowMs: NowMs;
  /** Where every operation is recorded before its answer is given. */
  readonly records: ExecutionRecords;
  readonly clientAddress: ClientAddress;
  /** Whether the REST bridge of another process asked, which its record then tells; absent: nobody forwards callers. */
  readonly isForwarded?: ((request: IncomingMessage) => boolean) | undefined;
  /** Where spending is counted together with other gateways; absent: in this process. */
  readonly budgets?: BudgetStore | undefined;
  /** What callers are held to; absent: to the configured budget alone. */
  readonly quotas?: Quotas | undefined;
  readonly options: GatewayOptions;
}

/** What an in-process caller may add to a request. */
export interface CallExtras {
  readonly traceId?: string;
  /** Address the request came from; null or absent when it came from the platform itself. */
  readonly clientAddress?: string | null;
  readonly signal?: AbortSignal;
  readonly onRate?: OnRate;
}

/** The graph's front door. */
export interface Gateway {
  /** Loads the graph and begins to serve; rejects when the supergraph can't be read. */
  readonly start: () => Promise<void>;
  /** Lets nobody new in, waits for requests under way, closes sockets so that clients resume elsewhere. */
  readonly stop: () => Promise<void>;
  /** Swaps the supergraph; requests and subscriptions under way finish on the old one. Rejects on a bad one, and the old one serves on. */
  readonly reload: (supergraphSdl: string) => Promise<void>;
  /** Answers a query or mutation of this process (the REST bridge) under the same limits, budgets and masking; its documents count as registered. */
  readonly execute: (caller: Caller, request: GraphqlRequest, extras?: CallExtras) => Promise<ExecutionResult>;
  /** One readiness probe per subgraph. */
  readonly probes: () => readonly Probe[];
}

/** What exists once the graph is loaded. */
interface Serving {
  readonly executor: FederationExecutor<GatewayCall>;
  readonly admission: Admission;
  readonly answering: Answering;
  readonly apollo: ApolloServer<ApolloContext>;
  readonly session: SessionDeps;
}

/** Unregistered documents remembered as told; one forgotten is told again. */
const MAX_TOLD_STRANGERS = 1_000;

const NOBODY = parseTenantId("00000000-0000-0000-0000-000000000000");

const probeOf = (connection: SubgraphConnection<GatewayCall>): Probe => ({
  name: `subgraph:${connection.name}`,
  check: async () => {
    if (NOBODY === null) throw new Error("The probing tenant is no UUID.");
    const caller: Caller = {
      tenantId: NOBODY,
      subject: { kind: "SERVICE", id: "gateway-readiness" },
      permissions: new Set(),
      expiresAtMs: null,
      ...PLAIN_ACCESS,
    };
    const { errors } = await connection.execute({ query: "{ __typename }" }, { caller, traceId: newTraceId() });
    if (errors?.[0] !== undefined) throw new Error(errors[0].message);
  },
});

const loadExecutor = ({ options, supergraphSdl, connections }: GatewayDeps) =>
  options.executor === "stock"
    ? createStockExecutor<GatewayCall>({ supergraphSdl, connections })
    : Promise.resolve(createPlanExecutor<GatewayCall>({ supergraphSdl, connections }));

const sessionDeps = (
  deps: GatewayDeps,
  parts: Pick<Serving, "executor" | "admission" | "answering"> & { masking: ErrorMasking; metrics: GatewayMetrics },
): SessionDeps => {
  const { options, authenticate, logger, nowMs } = deps;
  const { metrics, ...rest } = parts;
  const { maxSocketsPerTenant, credentialCheckMs } = options.subscriptions;
  let subscriptions = 0;
  return {
    options: options.subscriptions,
    credentials: {
      authenticate,
      logger,
      maxSocketsPerTenant,
      tenants: createTenantSockets(maxSocketsPerTenant),
      watch: createCredentialWatch({
        check: createCredentialChecks({ authenticate, nowMs, logger }),
        checkMs: credentialCheckMs,
        nowMs,
      }),
    },
    onClosed: metrics.socketClosed,
    clientAddress: deps.clientAddress,
    operations: {
      ...rest,
      metrics,
      records: deps.records,
      maxWaitingMessages: options.subscriptions.maxWaitingMessages,
      onSubscriptions: (change) => {
        subscriptions += change;
        metrics.subscriptions(subscriptions);
      },
      upstreams: createSharedUpstreams({
        executor: parts.executor,
        connections: deps.connections,
        masking: parts.masking,
        maxUpstreamsPerTenant: options.subscriptions.maxUpstreamsPerTenant,
        onDelivered: metrics.delivered,
        onCount: metrics.upstreams,
      }),
    },
  };
};

/** Counts documents no manifest has, and logs the id of each once, so that it can be registered or found. */
const createStrangerLog = (metrics: GatewayMetrics, logger: Logger) => {
  const told = new LRUCache<string, true>({ max: MAX_TOLD_STRANGERS });
  return (transport: Transport, text: string): void => {
    metrics.stranger(transport);
    const documentId = operationIdOf(text);
    if (told.has(documentId)) return;
    told.set(documentId, true);
    logger.warn({ documentId, transport }, "A document that no manifest has was run.");
  };
};

const load = async (deps: GatewayDeps, metrics: GatewayMetrics, estimates: StoreEstimates): Promise<Serving> => {
  const { options, logger } = deps;
  const executor = await loadExecutor(deps);
  const masking = createErrorMasking({ logger, onShown: metrics.error });
  const admission = createAdmission({
    schema: executor.apiSchema(),
    supergraphSdl: executor.supergraphSdl(),
    limits: options.limits,
    maxCost: options.maxCost,
    persisted: createPersistedOperations(options.manifest, options.safelist),
    rateLimit: createRateLimit(options.rate, { nowMs: deps.nowMs, store: deps.budgets, quotas: deps.quotas }),
    estimates,
    observer: { onDocument: metrics.document, onStranger: createStrangerLog(metrics, logger) },
  });
  const { records } = deps;
  const answering = createAnswering({ executor, admission, masking, metrics, records, maxCost: options.maxCost });
  const apollo = createApolloServer({ executor, admission, answering, masking, metrics, logger });
  await apollo.start();
  const session = sessionDeps(deps, { executor, admission, answering, masking, metrics });
  return { executor, admission, answering, apollo, session };
};

/** Makes the gateway and adds its routes (`/graphql` over HTTP and WebSocket); it refuses with 503 until started. */
export const createGateway = (deps: GatewayDeps): Gateway => {
  silenceApolloTelemetry();
  const metrics = createGatewayMetrics(deps.metrics);
  const origins = createOrigins(deps.options.allowedOrigins);
  const inFlight = createInFlight();
  const estimates = createStoreEstimates();
  const records = createSettledRecords(deps.records, estimates);
  let serving: Serving | null = null;
  let accepting = false;
  const { server, webSockets, authenticate, options } = deps;
  registerGraphqlRoute({
    server,
    authenticate,
    inFlight,
    origins,
    records,
    ...{ clientAddress: deps.clientAddress, isForwarded: deps.isForwarded ?? (() => false) },
    maxBodyBytes: options.maxBodyBytes,
    apollo: () => serving?.apollo ?? null,
  });
  const sockets = serveGraphqlSockets({
    webSockets,
    origins,
    metrics,
    serving: () => (accepting ? (serving?.session ?? null) : null),
  });
  const loaded = (): Serving => {
    if (serving === null) throw refuse("OVERLOADED", "The graph is not loaded yet.", { retryAfterSeconds: 1 });
    return serving;
  };
  return {
    start: async () => {
      serving = await load({ ...deps, records }, metrics, estimates);
      accepting = true;
      inFlight.open();
    },
    stop: async () => {
      accepting = false;
      sockets.stop();
      await inFlight.drain(options.drainMs);
      serving?.session.credentials.watch.stop();
      await serving?.apollo.stop();
      serving = null;
    },
    reload: async (supergraphSdl) => {
      const { executor, admission } = loaded();
      await executor.update(supergraphSdl);
      admission.useSchema(executor.apiSchema(), executor.supergraphSdl());
    },
    execute: async (caller, request, extras = {}) => {
      const { traceId = newTraceId(), clientAddress = null, signal, onRate } = extras;
      const whenGone = (gone: () => void) => signal?.addEventListener("abort", gone, { once: true });
      return inFlight.run((own) => {
        const call = { caller, traceId, signal: own, meter: newMeter() };
        return loaded().answering.answer(request, call, { clientAddress, ...(onRate === undefined ? {} : { onRate }) });
      }, whenGone);
    },
    probes: () => [...deps.connections.values()].map(probeOf),
  };
};
