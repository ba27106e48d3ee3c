import type { SubgraphConnection } from "@tessera/gateway/connections/connection";
import { guardConnection } from "@tessera/gateway/connections/guarded";
import { createHttpConnection } from "@tessera/gateway/connections/http";
import { createInProcessConnection } from "@tessera/gateway/connections/in-process";
import type { GatewayCall } from "@tessera/gateway/graphql-request";
import { IDENTITY_HEADER, type IdentitySigner } from "@tessera/platform/auth/identity";
import { ALLOWANCE_HEADER, allowanceText } from "@tessera/platform/executions/allowance";
import type { Subgraph } from "@tessera/platform/graphql/subgraph";
import type { Logger } from "@tessera/platform/telemetry/logger";
import { traceparentOf } from "@tessera/platform/telemetry/trace-context";

/** A subgraph in this process. */
export const connectInProcess = (subgraph: Subgraph, logger: Logger): SubgraphConnection<GatewayCall> =>
  guarded(
    createInProcessConnection<GatewayCall>({
      name: subgraph.name,
      schema: subgraph.schema,
      createContext: (call) => subgraph.contextFor(call),
    }),
    logger,
  );

/** What the call's execution may still read, for the process that reads. */
const allowanceHeader = ({ allowance, meter }: GatewayCall): Readonly<Record<string, string>> =>
  allowance === undefined || allowance === null
    ? {}
    : { [ALLOWANCE_HEADER]: allowanceText(allowance, meter?.rowsRead ?? 0) };

/** A subgraph in another process: every call carries the caller, signed for that subgraph alone, and the trace. */
export const connectOverHttp = (
  name: string,
  url: string,
  sign: IdentitySigner,
  logger: Logger,
): SubgraphConnection<GatewayCall> =>
  guarded(
    createHttpConnection<GatewayCall>({
      name,
      url,
      headers: async (call) => ({
        [IDENTITY_HEADER]: await sign(call.caller, name),
        traceparent: traceparentOf(call.traceId),
        ...allowanceHeader(call),
      }),
      connectionParams: async (call) => ({ identity: await sign(call.caller, name), traceId: call.traceId }),
    }),
    logger,
  );

const guarded = (connection: SubgraphConnection<GatewayCall>, logger: Logger): SubgraphConnection<GatewayCall> =>
  guardConnection(connection, {
    onStateChange: (service, state) => logger.warn({ service, state }, "The breaker of a subgraph changed its state."),
  });
