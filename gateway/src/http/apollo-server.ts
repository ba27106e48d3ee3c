import { ApolloServer, HeaderMap, type ApolloServerPlugin } from "@apollo/server";
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginInlineTraceDisabled,
  ApolloServerPluginLandingPageDisabled,
  ApolloServerPluginSchemaReportingDisabled,
  ApolloServerPluginUsageReportingDisabled,
} from "@apollo/server/plugin/disabled";
import type { DocumentNode, ExecutionResult, FormattedExecutionResult } from "graphql";
import { LRUCache } from "lru-cache";
import { errorCodes, isErrorCode, type ErrorCode } from "@tessera/platform/errors/error-codes";
import type { Logger } from "@tessera/platform/telemetry/logger";
import { asApolloGateway, type FederationExecutor } from "../executor/federation-executor.ts";
import { writeAnswer } from "../executor/written-data.ts";
import type { GatewayMetrics } from "../gateway-metrics.ts";
import type { Admission, Admitted, Refused } from "../operations/admission.ts";
import { type Answering } from "../operations/answering.ts";
import { codeOf, hasData } from "../operations/execution-records.ts";
import { MAX_CHECKED_DOCUMENTS } from "../operations/checked-documents.ts";
import type { GatewayCall, GraphqlRequest } from "../operations/graphql-request.ts";
import type { ErrorMasking } from "../plugins/error-masking.ts";
import { operationIdOf } from "../plugins/persisted-operations.ts";

/** What one HTTP request gathers on its way through Apollo Server. */
export interface Exchange {
  readonly call: GatewayCall;
  readonly startedMs: number;
  /** Network address the request came from. */
  readonly clientAddress: string | null;
  verdict: Admitted | Refused | null;
  /** Code of the first error of an answer without data; null when there is data. */
  refusedWith: ErrorCode | null;
  /** Code of the first error, whether there is data beside it or not; null when there was none. */
  firstCode: string | null;
  /** True when the answer has data, whatever errors it has beside. */
  hasData: boolean;
  retryAfterSeconds: number | null;
}

/** An exchange that begins now. */
export const newExchange = (call: GatewayCall, clientAddress: string | null): Exchange => ({
  call,
  clientAddress,
  startedMs: performance.now(),
  verdict: null,
  refusedWith: null,
  firstCode: null,
  hasData: false,
  retryAfterSeconds: null,
});

/** Apollo's context value. */
export interface ApolloContext {
  readonly exchange: Exchange;
}

/** Stands in for a document that was refused, so that Apollo parses nothing a client sent and we have not checked. */
const REFUSED_DOCUMENT = "query Refused { __typename }";

const documentIdOf = (body: unknown, search: string): string | undefined => {
  if (typeof body === "object" && body !== null && "documentId" in body && typeof body.documentId === "string") {
    return body.documentId;
  }
  return search === "" ? undefined : (new URLSearchParams(search).get("documentId") ?? undefined);
};

interface Deps {
  readonly executor: FederationExecutor<GatewayCall>;
  readonly admission: Admission;
  readonly answering: Answering;
  readonly masking: ErrorMasking;
  readonly metrics: GatewayMetrics;
  readonly logger: Logger;
}

/** What admission has just checked, by its hash: the documents Apollo may run without parsing, and their texts, which it need not hash again. */
const createDocumentStore = () => {
  const admitted = new LRUCache<string, Pick<Admitted, "document" | "text">>({ max: MAX_CHECKED_DOCUMENTS });
  const hashes = new WeakMap<DocumentNode, string>();
  // Apollo's keys are <prefix>:<hash>; what it parsed itself is not kept.
  const find = (key: string) => admitted.get(key.slice(key.lastIndexOf(":") + 1));
  const readOnly = { set: () => Promise.resolve(), delete: () => Promise.resolve(false) };
  return {
    /** Takes an admitted document in and answers its hash. */
    offer: ({ document, text }: Admitted): string => {
      const hash = hashes.get(document) ?? operationIdOf(text).slice("sha256:".length);
      hashes.set(document, hash);
      admitted.set(hash, { document, text });
      return hash;
    },
    documents: { get: (key: string) => Promise.resolve(find(key)?.document), ...readOnly },
    texts: { get: (key: string) => Promise.resolve(find(key)?.text), ...readOnly },
  };
};

const note = (exchange: Exchange, error: { extensions?: Record<string, unknown> } | undefined): void => {
  const code = error?.extensions?.["code"];
  const retry = error?.extensions?.["retryAfterSeconds"];
  exchange.refusedWith = isErrorCode(code) ? code : "INTERNAL";
  if (typeof retry === "number") exchange.retryAfterSeconds = retry;
};

/** A result in the words of Apollo's response; its errors were masked when they were gathered. */
const formattedOf = ({ errors, ...rest }: ExecutionResult): FormattedExecutionResult =>
  errors === undefined ? rest : { errors: errors.map((error) => error.toJSON()), ...rest };

/**
 * Our own gate inside Apollo's pipeline: it decides before Apollo parses, and answers in place of Apollo's execution, whose context for gateways
 * would hold on to every request until the next full collection.
 */
const gate = (deps: Deps, store: ReturnType<typeof createDocumentStore>): ApolloServerPlugin<ApolloContext> => ({
  requestDidStart: async ({ request, contextValue: { exchange } }) => {
    const { call, clientAddress } = exchange;
    const asked: GraphqlRequest = {
      query: request.query,
      documentId: documentIdOf(request.http?.body, request.http?.search ?? ""),
      operationName: request.operationName,
      variables: request.variables,
      extensions: request.extensions,
    };
    const admitted = deps.admission.admit(asked, { caller: call.caller, transport: "http", clientAddress });
    const verdict = admitted instanceof Promise ? await admitted : admitted;
    exchange.verdict = verdict;
    if (verdict.kind === "admitted") {
      delete request.query;
      request.extensions = { ...request.extensions, persistedQuery: { version: 1, sha256Hash: store.offer(verdict) } };
    } else {
      request.extensions = { ...request.extensions, persistedQuery: undefined };
      request.query = REFUSED_DOCUMENT;
      delete request.operationName;
    }
    return {
      responseForOperation: async () => {
        const result =
          verdict.kind === "admitted"
            ? await deps.answering.run(verdict, call, "text")
            : deps.answering.refuse(verdict, call);
        return { http: { headers: new HeaderMap() }, body: { kind: "single", singleResult: formattedOf(result) } };
      },
      willSendResponse: ({ response }) => {
        const { body } = response;
        if (body.kind !== "single") return Promise.resolve();
        const { singleResult } = body;
        exchange.firstCode = codeOf(singleResult);
        exchange.hasData = hasData(singleResult);
        if (singleResult.data === undefined) note(exchange, singleResult.errors?.[0]);
        const isMethodRefusal = response.http.status === 405; // Apollo's own, with its Allow header
        if (exchange.refusedWith !== null && !isMethodRefusal) {
          response.http.status = errorCodes[exchange.refusedWith].status;
        }
        const kind = verdict.kind === "admitted" ? verdict.operation.operation : "none";
        const outcome =
          singleResult.errors === undefined ? "ok" : exchange.refusedWith === null ? "partial" : "refused";
        deps.metrics.answered("http", kind, outcome, (performance.now() - exchange.startedMs) / 1_000);
        return Promise.resolve();
      },
    };
  },
});

const apolloLogger = (logger: Logger) => ({
  debug: (message: unknown) => logger.debug(String(message)),
  info: (message: unknown) => logger.debug(String(message)),
  warn: (message: unknown) => logger.warn(String(message)),
  error: (message: unknown) => logger.error(String(message)),
});

/**
 * Apollo Server 5 over a federation executor, for HTTP: it reads requests, prevents CSRF and negotiates; limits, persisted operations, errors
 * and execution are the gateway's own. It reports to nobody.
 */
export const createApolloServer = (deps: Deps): ApolloServer<ApolloContext> => {
  const store = createDocumentStore();
  const execute = () => Promise.reject(new Error("The gate answers every operation."));
  return new ApolloServer<ApolloContext>({
    gateway: asApolloGateway(
      { ...deps.executor, execute },
      // boundary: Apollo hands back the context value it was given.
      (contextValue) => (contextValue as unknown as ApolloContext).exchange.call,
    ),
    documentStore: store.documents,
    plugins: [
      gate(deps, store),
      ApolloServerPluginCacheControlDisabled(),
      ApolloServerPluginInlineTraceDisabled(),
      ApolloServerPluginLandingPageDisabled(),
      ApolloServerPluginSchemaReportingDisabled(),
      ApolloServerPluginUsageReportingDisabled(),
    ],
    stringifyResult: (result) => `${writeAnswer(result)}\n`,
    formatError: (_formatted, error) => deps.masking.show(error, null).toJSON(),
    logger: apolloLogger(deps.logger),
    nodeEnv: "production",
    introspection: true,
    includeStacktraceInErrorResponses: false,
    persistedQueries: { cache: store.texts }, // the gate alone names hashes: a client's were resolved by admission
    csrfPrevention: true,
    allowBatchedHttpRequests: false,
    stopOnTerminationSignals: false,
  });
};
