import { PLAIN_ACCESS } from "@tessera/contracts/caller";
import { HeaderMap } from "@apollo/server";
import type { Caller } from "../../contracts/src/caller.ts";
import { parseTenantId } from "../../contracts/src/ids.ts";
import { createLogger } from "../../platform/src/telemetry/logger.ts";
import { createMetrics } from "../../platform/src/telemetry/metrics.ts";
import { newTraceId } from "../../platform/src/telemetry/trace-context.ts";
import { loadGatewayOptions } from "../../gateway/src/config.ts";
import { createPlanExecutor } from "../../gateway/src/executor/plan-executor.ts";
import type { Connections } from "../../gateway/src/executor/run-plan.ts";
import { createGatewayMetrics } from "../../gateway/src/gateway-metrics.ts";
import { createApolloServer, newExchange } from "../../gateway/src/http/apollo-server.ts";
import { createInFlight } from "../../gateway/src/http/in-flight.ts";
import { createAdmission } from "../../gateway/src/operations/admission.ts";
import { createAnswering } from "../../gateway/src/operations/answering.ts";
import type { GatewayCall } from "../../gateway/src/operations/graphql-request.ts";
import { createErrorMasking } from "../../gateway/src/plugins/error-masking.ts";
import { createPersistedOperations } from "../../gateway/src/plugins/persisted-operations.ts";
import { createRateLimit } from "../../gateway/src/plugins/rate-limit.ts";

/** The caller is charged for every request and never refused. */
const RATE = { budget: 1e15, windowSeconds: 60 };

const callerOf = (): Caller => {
  const tenantId = parseTenantId("0b6e4a52-5f0c-4a3e-9d0b-3f0b8a0c1d2e");
  if (tenantId === null) throw new Error("the bench's tenant is no UUID");
  const subject = { kind: "SERVICE", id: "bench" } as const;
  return { tenantId, subject, permissions: new Set(), expiresAtMs: null, ...PLAIN_ACCESS };
};

/**
 * The product's way from a parsed HTTP body to the text of the answer: admission (limits, price, rate), Apollo Server, the plan executor, masking
 * and metrics, with a signal for each request as the product's route makes it. Its web framework and authentication are left out, since
 * the contender beside it has neither.
 */
export const createOwnFront = async (
  supergraphSdl: string,
  connections: Connections<GatewayCall>,
): Promise<(body: unknown) => Promise<string>> => {
  const options = loadGatewayOptions({});
  const logger = createLogger("bench", "silent");
  const metrics = createGatewayMetrics(createMetrics());
  const executor = createPlanExecutor<GatewayCall>({ supergraphSdl, connections });
  const masking = createErrorMasking({ logger, onShown: metrics.error });
  const admission = createAdmission({
    schema: executor.apiSchema(),
    supergraphSdl,
    limits: options.limits,
    maxCost: options.maxCost,
    persisted: createPersistedOperations({}, "off"),
    rateLimit: createRateLimit(RATE, { nowMs: () => Date.now() }),
    observer: { onDocument: metrics.document, onStranger: () => undefined },
  });
  const records = { admit: () => undefined, opened: () => "", finished: () => Promise.resolve() };
  const answering = createAnswering({ executor, admission, masking, metrics, records, maxCost: options.maxCost });
  const apollo = createApolloServer({ executor, admission, answering, masking, metrics, logger });
  await apollo.start();
  const inFlight = createInFlight();
  inFlight.open();
  const caller = callerOf();
  return (body) =>
    inFlight.run(
      async (signal) => {
        const call = { caller, traceId: newTraceId(), signal };
        const exchange = newExchange(call, null);
        const headers = new HeaderMap([["content-type", "application/json"]]);
        const answer = await apollo.executeHTTPGraphQLRequest({
          httpGraphQLRequest: { method: "POST", headers, search: "", body },
          context: () => Promise.resolve({ exchange }),
        });
        if (answer.body.kind !== "complete") throw new Error("an incremental answer was not asked for");
        return answer.body.string;
      },
      () => undefined,
    );
};
