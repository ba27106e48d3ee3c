import {
  execute,
  parse,
  subscribe,
  validate,
  type DocumentNode,
  type GraphQLError,
  type ExecutionResult,
} from "graphql";
import { makeServer } from "graphql-ws";
import { LRUCache } from "lru-cache";
import { z } from "zod";
import { IDENTITY_HEADER, type IdentityVerifier } from "../auth/identity.ts";
import { refuse } from "../errors/refusal.ts";
import { ALLOWANCE_HEADER, parseAllowance } from "../executions/allowance.ts";
import { METER_HEADER, metered, meterText, newMeter, whenCounted } from "../executions/meter.ts";
import type { HttpServer } from "../http/server.ts";
import type { WebSockets } from "../http/web-sockets.ts";
import type { Logger } from "../telemetry/logger.ts";
import { newTraceId } from "../telemetry/trace-context.ts";
import { graphqlWsProtocol, openGraphqlWs } from "./graphql-ws-socket.ts";
import type { Subgraph, SubgraphCall } from "./subgraph.ts";

/** Path a subgraph answers on, for HTTP and WebSocket alike. */
export const SUBGRAPH_PATH = "/graphql";
/** Bytes a request of the gateway may have: an entity fetch carries many representations. */
export const MAX_SUBGRAPH_BODY_BYTES = 16_777_216;
/** Bytes one message of the gateway may have: a subscription's variables, signed by an identity. */
const MAX_SUBGRAPH_MESSAGE_BYTES = 1_048_576;
/** Parsed and validated operations kept; the gateway sends few different ones. */
const MAX_OPERATIONS = 1_000;

const requestBody = z.object({
  query: z.string(),
  operationName: z.string().nullish(),
  variables: z.record(z.string(), z.unknown()).nullish(),
});
type RequestBody = z.infer<typeof requestBody>;

interface CheckedOperation {
  readonly document: DocumentNode;
  readonly errors: readonly GraphQLError[];
}

const createOperations = (subgraph: Subgraph): ((query: string) => CheckedOperation) => {
  const known = new LRUCache<string, CheckedOperation>({ max: MAX_OPERATIONS });
  return (query) => {
    const before = known.get(query);
    if (before !== undefined) return before;
    const document = parse(query, { noLocation: true });
    const checked = { document, errors: validate(subgraph.schema, document) };
    known.set(query, checked);
    return checked;
  };
};

const argumentsOf = (subgraph: Subgraph, document: DocumentNode, body: RequestBody, call: SubgraphCall) => ({
  schema: subgraph.schema,
  document,
  operationName: body.operationName ?? null,
  variableValues: body.variables ?? {},
  contextValue: subgraph.contextFor(call),
});

const answerOf = async (
  subgraph: Subgraph,
  operation: CheckedOperation,
  body: RequestBody,
  call: SubgraphCall,
): Promise<ExecutionResult> =>
  operation.errors.length > 0
    ? { errors: operation.errors }
    : execute(argumentsOf(subgraph, operation.document, body, call));

/** Serves a subgraph over HTTP and graphql-ws. Only calls with an identity signed for this subgraph are answered; all others get 401. */
export const serveSubgraph = (deps: {
  readonly subgraph: Subgraph;
  readonly server: HttpServer;
  readonly webSockets: WebSockets;
  readonly verifyIdentity: IdentityVerifier;
  readonly logger: Logger;
}): void => {
  const { subgraph, server, verifyIdentity } = deps;
  const operationOf = createOperations(subgraph);

  server.post(SUBGRAPH_PATH, { bodyLimit: MAX_SUBGRAPH_BODY_BYTES }, async (request, reply) => {
    const beganMs = performance.now();
    const header = request.headers[IDENTITY_HEADER];
    const caller = await verifyIdentity(typeof header === "string" ? header : undefined);
    const body = requestBody.safeParse(request.body);
    if (!body.success) throw refuse("BAD_INPUT", "The body is not a GraphQL request.");
    const gone = new AbortController();
    reply.raw.once("close", () => gone.abort());
    const meter = newMeter();
    const call = { caller, signal: gone.signal, traceId: request.traceId };
    const told = request.headers[ALLOWANCE_HEADER];
    const allowance = typeof told === "string" ? parseAllowance(told) : null;
    const work = () => answerOf(subgraph, operationOf(body.data.query), body.data, call);
    const result = await metered(meter, work, allowance, beganMs);
    await whenCounted(meter);
    return reply.header(METER_HEADER, meterText(meter)).type("application/json").send(JSON.stringify(result));
  });

  const socketServer = makeServer<{ readonly identity?: string; readonly traceId?: string }, object>({
    onSubscribe: async (context, _id, payload) => {
      const caller = await verifyIdentity(context.connectionParams?.identity);
      const operation = operationOf(payload.query);
      if (operation.errors.length > 0) return operation.errors;
      const body = {
        query: payload.query,
        operationName: payload.operationName ?? null,
        variables: payload.variables ?? null,
      };
      return argumentsOf(subgraph, operation.document, body, {
        caller,
        traceId: context.connectionParams?.traceId ?? newTraceId(),
      });
    },
    onConnect: async (context) => {
      await verifyIdentity(context.connectionParams?.identity);
      return true;
    },
    execute,
    subscribe,
  });
  deps.webSockets.add({
    path: SUBGRAPH_PATH,
    protocol: graphqlWsProtocol,
    maxMessageBytes: MAX_SUBGRAPH_MESSAGE_BYTES,
    handler: (socket) => openGraphqlWs(socketServer, socket, {}, deps.logger),
  });
};
