import type { SubgraphConnection } from "@tessera/gateway/connections/connection";
import type { GatewayCall } from "@tessera/gateway/graphql-request";
import { refuse } from "@tessera/platform/errors/refusal";
import { newTraceId } from "@tessera/platform/telemetry/trace-context";
import type { BridgeDeps } from "@tessera/rest-bridge/bridge";
import { z } from "zod";
import { platformCaller } from "./platform-caller.ts";

const RECEIVE = `mutation Receive($endpoint: String!, $signatures: String!, $body: String!) {
  outcome: receiveProviderEvent(endpoint: $endpoint, signatures: $signatures, body: $body) }`;
const received = z.object({
  outcome: z.enum(["TAKEN", "KNOWN", "NOTHING", "UNKNOWN_ENDPOINT", "WRONG_SIGNATURE", "NOT_READABLE"]),
});

/** Builds what takes events of providers over the anomaly room, wherever it runs; refuses with DEPENDENCY_UNAVAILABLE when it gives no answer, and the provider tries again. */
export const createReceiveProviderEvent = (
  anomaly: SubgraphConnection<GatewayCall> | undefined,
  role: string,
): BridgeDeps["receiveProviderEvent"] => {
  const caller = platformCaller(role, ["platform:authenticate"]);
  return async (sent) => {
    const answer = await anomaly?.execute(
      { query: RECEIVE, variables: { ...sent } },
      { caller, traceId: newTraceId() },
    );
    const [error] = answer?.errors ?? [];
    if (answer === undefined || error !== undefined)
      throw refuse(
        "DEPENDENCY_UNAVAILABLE",
        "What was sent can't be taken at the moment.",
        { retryAfterSeconds: 5 },
        error,
      );
    return received.parse(answer.data).outcome;
  };
};
