import { OperationTypeNode, type ExecutionResult } from "graphql";
import type { Caller } from "@tessera/contracts/caller";
import { refuse } from "@tessera/platform/errors/refusal";
import { newTraceId } from "@tessera/platform/telemetry/trace-context";
import type { GatewayMetrics } from "../gateway-metrics.ts";
import type { Admission, Admitted } from "../operations/admission.ts";
import { outcomeOf, type Answering } from "../operations/answering.ts";
import type { GraphqlRequest } from "../operations/graphql-request.ts";
import type { ErrorMasking } from "../plugins/error-masking.ts";
import { createOutbox, type Outbox, type SocketSink } from "./outbox.ts";
import type { SharedUpstreams } from "./shared-upstreams.ts";

/** An operation under way on a socket; `cancel` ends it at once and sends nothing more. */
export interface RunningOperation {
  readonly cancel: () => void;
}

/** What runs operations for sockets. */
export interface OperationDeps {
  readonly admission: Admission;
  readonly answering: Answering;
  readonly masking: ErrorMasking;
  readonly upstreams: SharedUpstreams;
  readonly metrics: GatewayMetrics;
  readonly maxWaitingMessages: number;
  /** Counts subscriptions running for clients. */
  readonly onSubscriptions: (change: 1 | -1) => void;
}

/** Where an operation's messages go, and who is told when it ended by itself. */
export interface OperationTarget {
  readonly id: string;
  readonly caller: Caller;
  readonly sink: SocketSink;
  readonly onDone: () => void;
}

const failedText = (deps: OperationDeps, errors: readonly unknown[], traceId: string): string =>
  JSON.stringify(errors.map((error) => deps.masking.show(error, traceId)));

const runOnce = (
  deps: OperationDeps,
  admitted: Admitted,
  target: OperationTarget,
  outbox: Outbox,
  traceId: string,
): RunningOperation => {
  const controller = new AbortController();
  const startedMs = performance.now();
  const finish = (result: ExecutionResult): void => {
    const elapsed = (performance.now() - startedMs) / 1_000;
    deps.metrics.answered("websocket", admitted.operation.operation, outcomeOf(result), elapsed);
    if (controller.signal.aborted) return;
    if (result.data === undefined) outbox.fail(JSON.stringify(result.errors ?? []));
    else {
      outbox.next({ json: JSON.stringify(result), cursor: null });
      outbox.complete();
    }
    target.onDone();
  };
  void deps.answering.run(admitted, { caller: target.caller, traceId, signal: controller.signal }).then(finish);
  return {
    cancel: () => {
      controller.abort();
      outbox.close();
    },
  };
};

const slowConsumer = (lastCursor: string | null) =>
  refuse(
    "SLOW_CONSUMER",
    lastCursor === null
      ? "Too many messages were waiting to be read; select `cursor` to be able to resume."
      : "Too many messages were waiting to be read; subscribe again after the last cursor.",
    lastCursor === null ? {} : { lastCursor },
  );

const runSubscription = (
  deps: OperationDeps,
  admitted: Admitted,
  target: OperationTarget,
  makeOutbox: (onOverflow: () => void) => Outbox,
  traceId: string,
): RunningOperation => {
  let leave: () => void = () => {};
  let done = false;
  const finish = (): void => {
    if (done) return;
    done = true;
    deps.onSubscriptions(-1);
    leave();
  };
  const outbox = makeOutbox(() => {
    outbox.fail(failedText(deps, [slowConsumer(outbox.lastCursor())], traceId));
    finish();
    target.onDone();
  });
  deps.onSubscriptions(1);
  const joined = deps.upstreams.join(admitted, target.caller, {
    next: outbox.next,
    complete: () => {
      outbox.complete();
      finish();
      target.onDone();
    },
    fail: (errorsJson) => {
      outbox.fail(errorsJson);
      finish();
      target.onDone();
    },
  });
  if (joined.kind === "refused") {
    outbox.fail(failedText(deps, joined.errors, traceId));
    finish();
    target.onDone();
  } else if (done) joined.leave();
  else ({ leave } = joined);
  return {
    cancel: () => {
      outbox.close();
      finish();
    },
  };
};

/** Runs one operation of a socket: queries and mutations answer once, subscriptions until they are completed. */
export const runOperation = (
  deps: OperationDeps,
  request: GraphqlRequest,
  target: OperationTarget,
): RunningOperation => {
  const traceId = newTraceId();
  const makeOutbox = (onOverflow: () => void): Outbox =>
    createOutbox(target.id, target.sink, { maxWaiting: deps.maxWaitingMessages, onOverflow });
  const verdict = deps.admission.admit(request, target.caller, "websocket");
  if (verdict.kind === "refused") {
    deps.metrics.answered("websocket", "none", "refused", 0);
    makeOutbox(() => {}).fail(failedText(deps, verdict.errors, traceId));
    target.onDone();
    return { cancel: () => {} };
  }
  if (verdict.operation.operation === OperationTypeNode.SUBSCRIPTION) {
    return runSubscription(deps, verdict, target, makeOutbox, traceId);
  }
  return runOnce(
    deps,
    verdict,
    target,
    makeOutbox(() => {}),
    traceId,
  );
};
