import type { AskExecutions } from "@tessera/contracts/execution-numbers";
import type { SubgraphConnection } from "@tessera/gateway/connections/connection";
import type { GatewayCall } from "@tessera/gateway/graphql-request";
import { newTraceId } from "@tessera/platform/telemetry/trace-context";
import { z } from "zod";
import { meaningOf } from "./room-error.ts";

const NUMBERS = `query ExecutionNumbers($input: ExecutionNumbersInput!) {
  answer: executionNumbers(input: $input) { groupCount completeTo
    groups { group executions refused failed serverErrors callers refusedCallers failedCallers serverErrorCallers slower slowerCallers latencyMsP50 latencyMsP95 latencyMsP99 } }
}`;

const counts = z.array(z.number());
const latencies = z.array(z.number().nullable());
const answered = z.object({
  answer: z
    .object({
      groupCount: z.number(),
      completeTo: z.string().transform((text) => Date.parse(text)),
      groups: z.array(
        z.object({
          ...{
            group: z.string().nullable(),
            executions: counts,
            refused: counts,
            failed: counts,
            serverErrors: counts,
          },
          ...{ callers: counts, refusedCallers: counts, failedCallers: counts, serverErrorCallers: counts },
          ...{ slower: counts, slowerCallers: counts },
          ...{ latencyMsP50: latencies, latencyMsP95: latencies, latencyMsP99: latencies },
        }),
      ),
    })
    .transform(({ completeTo, ...same }) => ({ ...same, completeToMs: completeTo })),
});

/** Builds {@link AskExecutions} over the governance room, wherever it runs. */
export const createAskExecutions = (governance: SubgraphConnection<GatewayCall>): AskExecutions => ({
  executionNumbers: async (caller, { kinds, operations, ...asked }, signal) => {
    const input = { ...asked, ...(kinds === null ? {} : { kinds }), ...(operations === null ? {} : { operations }) };
    const call = { caller, traceId: newTraceId(), signal };
    const { data, errors } = await governance.execute({ query: NUMBERS, variables: { input } }, call);
    const [error] = errors ?? [];
    if (error !== undefined) throw meaningOf("Executions", error);
    return answered.parse(data).answer;
  },
});
