import type { ExecutionResult } from "graphql";
import { isTimeUp, MAX_OPERATION_MS } from "./operation-timeout.ts";
import { CallCancelled } from "../connections/connection.ts";
import type { FederationExecutor } from "../executor/federation-executor.ts";
import type { GatewayMetrics } from "../gateway-metrics.ts";
import type { ErrorMasking } from "../plugins/error-masking.ts";
import type { Admission, Admitted, Refused } from "./admission.ts";
import { codeOf, hasData, type ExecutionRecords } from "./execution-records.ts";
import type { GatewayCall, GraphqlRequest } from "./graphql-request.ts";
import type { Meter } from "@tessera/platform/executions/meter";
import { refuse } from "@tessera/platform/errors/refusal";

/** What an answer says beside data: the trace id when something failed, the cost when it was asked for. */
export const extensionsOf = (
  admitted: Pick<Admitted, "reportsCost" | "cost" | "rate">,
  maxCost: number,
  failedTraceId: string | null,
): Record<string, unknown> | undefined => {
  const { reportsCost, cost, rate } = admitted;
  if (!reportsCost && failedTraceId === null) return undefined;
  return {
    ...(failedTraceId === null ? {} : { traceId: failedTraceId }),
    ...(reportsCost ? { cost: { estimated: cost, limit: maxCost, remaining: rate?.remaining ?? null } } : {}),
  };
};

/** What the data of an answer is wanted as; `text` allows it to be WrittenData, which only JSON is made of. */
export type AnswerForm = "tree" | "text";

/** Runs admitted queries and mutations and says their errors in the words of the table, for every transport alike. */
export interface Answering {
  readonly run: (admitted: Admitted, call: GatewayCall, form?: AnswerForm) => Promise<ExecutionResult>;
  /** The answer to an operation that was refused; it has no data. */
  readonly refuse: (refused: Refused, call: GatewayCall) => ExecutionResult;
  /** Admission and answer in one, for in-process callers; counts and records the operation. */
  readonly answer: (
    request: GraphqlRequest,
    call: GatewayCall & { readonly meter: Meter },
    origin: InProcessOrigin,
  ) => Promise<ExecutionResult>;
}

/** Where an in-process request came from, and who hears of its rate limit. */
export interface InProcessOrigin {
  readonly clientAddress: string | null;
  readonly onRate?: OnRate;
}

/** Hears the rate limit headers of an answer before it is given; not called while the limit is off. */
export type OnRate = (headers: Readonly<Record<string, string>>) => void;

/** Makes the answering over an executor. */
export const createAnswering = (deps: {
  readonly executor: Pick<FederationExecutor<GatewayCall>, "execute">;
  readonly admission: Admission;
  readonly masking: ErrorMasking;
  readonly metrics: GatewayMetrics;
  readonly records: ExecutionRecords;
  readonly maxCost: number;
}): Answering => {
  const { executor, admission, masking, metrics, records, maxCost } = deps;
  const execute = async (admitted: Admitted, call: GatewayCall, form: AnswerForm): Promise<ExecutionResult> => {
    const { document, operationName, variables, allowance } = admitted;
    const bounded = allowance === null ? call : { ...call, allowance };
    try {
      return await executor.execute({ document, operationName, variables, call: bounded, asText: form === "text" });
    } catch (error) {
      const timedOut = () => refuse("QUERY_TIMEOUT", `An operation may take ${MAX_OPERATION_MS / 1_000} s.`, {}, error);
      const cancelled = () => refuse("QUERY_CANCELLED", "The caller left.", {}, error);
      const ended = isTimeUp(call.signal) ? timedOut : cancelled;
      const meaning = error instanceof CallCancelled ? ended() : error;
      return { errors: [masking.show(meaning, call.traceId)] };
    }
  };
  const run: Answering["run"] = async (admitted, call, form = "tree") => {
    const result = await execute(admitted, call, form);
    if (result.errors === undefined && !admitted.reportsCost) return result;
    const errors = result.errors?.map((error) => masking.show(error, call.traceId));
    const extensions = extensionsOf(admitted, maxCost, errors === undefined ? null : call.traceId);
    return {
      ...(errors === undefined ? {} : { errors }),
      ...(result.data === undefined ? {} : { data: result.data }),
      ...(extensions === undefined ? {} : { extensions }),
    };
  };
  const refused: Answering["refuse"] = ({ errors }, { traceId }) => ({
    errors: errors.map((error) => masking.show(error, traceId)),
    extensions: { traceId },
  });
  return {
    run,
    refuse: refused,
    answer: async (request, call, { clientAddress, onRate }) => {
      const startedMs = performance.now();
      records.admit();
      const verdict = await admission.admit(request, { caller: call.caller, transport: "in-process", clientAddress });
      if (verdict.rate !== null) onRate?.(verdict.rate.headers);
      const result = verdict.kind === "refused" ? refused(verdict, call) : await run(verdict, call);
      const kind = verdict.kind === "refused" ? "none" : verdict.operation.operation;
      const elapsedMs = performance.now() - startedMs;
      metrics.answered("in-process", kind, outcomeOf(result), elapsedMs / 1_000);
      const { caller, traceId, meter } = call;
      const ended = { code: codeOf(result), hasData: hasData(result), elapsedMs, responseBytes: 0 };
      await records.finished({ caller, traceId, meter, clientAddress, transport: "rest", verdict, ...ended });
      return result;
    },
  };
};

/** How an answer ended: complete, with some fields missing, or with no data at all. */
export const outcomeOf = (result: ExecutionResult): "ok" | "partial" | "refused" => {
  if (result.errors === undefined || result.errors.length === 0) return "ok";
  return result.data === undefined ? "refused" : "partial";
};
