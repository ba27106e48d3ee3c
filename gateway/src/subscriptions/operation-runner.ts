import { OperationTypeNode, type ExecutionResult } from "graphql";
import type { Caller } from "@tessera/contracts/caller";
import { refuse } from "@tessera/platform/errors/refusal";
import { newMeter, type Meter } from "@tessera/platform/executions/meter";
import { newTraceId } from "@tessera/platform/telemetry/trace-context";
import { z } from "zod";
import type { GatewayMetrics } from "../gateway-metrics.ts";
import type { Admission, Admitted, Refused } from "../operations/admission.ts";
import { outcomeOf, type Answering } from "../operations/answering.ts";
import { codeOf, hasData, type ExecutionRecords } from "../operations/execution-records.ts";
import type { GraphqlRequest } from "../operations/graphql-request.ts";
import { MAX_OPERATION_MS } from "../operations/operation-timeout.ts";
import type { ErrorMasking } from "../plugins/error-masking.ts";
import { createOutbox, type Outbox, type SocketSink } from "./outbox.ts";
import { addShare } from "./shared-usage.ts";
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
  readonly records: ExecutionRecords;
  readonly maxWaitingMessages: number;
  /** Counts subscriptions running for clients. */
  readonly onSubscriptions: (change: 1 | -1) => void;
}

/** Where an operation's messages go, and who is told when it ended by itself. */
export interface OperationTarget {
  readonly id: string;
  readonly caller: Caller;
  readonly sink: SocketSink;
  /** Where the socket came from. */
  readonly clientAddress: string;
  readonly onDone: () => void;
}

/** An operation as its record will tell of it. */
interface Ended {
  readonly code: string | null;
  readonly hasData: boolean;
  readonly responseBytes: number;
}

/** One operation from its beginning to its end, which is recorded once. */
interface Run {
  readonly traceId: string;
  readonly meter: Meter;
  readonly startedMs: number;
  /** From now on the end of the process leaves a record of it as it stands at the time; `soFar` tells the bytes that were sent. */
  readonly stayOpen: (soFar: () => number) => void;
  /** Resolves when the record can't be lost; only the first end counts. */
  readonly ended: (how: Ended) => Promise<void>;
}

const beginRun = (deps: OperationDeps, target: OperationTarget, verdict: Admitted | Refused): Run => {
  const [traceId, meter, startedMs] = [newTraceId(), newMeter(), performance.now()];
  const { caller, clientAddress } = target;
  let recorded: Promise<void> | null = null;
  let executionId: string | null = null;
  const toldAs = (how: Ended) => {
    const elapsedMs = performance.now() - startedMs;
    const where = { caller, clientAddress, traceId, transport: "websocket" } as const;
    return { ...where, meter, verdict, elapsedMs, ...how };
  };
  const record = (how: Ended): Promise<void> =>
    deps.records.finished({ ...toldAs(how), ...(executionId === null ? {} : { executionId }) });
  const open = (soFar: () => number): string =>
    deps.records.opened(() => {
      const responseBytes = soFar();
      return toldAs({ code: null, hasData: responseBytes > 0, responseBytes });
    });
  return {
    ...{ traceId, meter, startedMs },
    stayOpen: (soFar) => {
      executionId ??= open(soFar);
    },
    ended: (how) => (recorded ??= record(how)),
  };
};

const failedText = (deps: OperationDeps, errors: readonly unknown[], traceId: string): string =>
  JSON.stringify(errors.map((error) => deps.masking.show(error, traceId)));

const runOnce = (
  deps: OperationDeps,
  admitted: Admitted,
  target: OperationTarget,
  outbox: Outbox,
  run: Run,
): RunningOperation => {
  const controller = new AbortController();
  const { traceId, meter } = run;
  const send = (result: ExecutionResult, text: string): void => {
    if (result.data === undefined) outbox.fail(text);
    else {
      outbox.next({ json: text, cursor: null });
      outbox.complete();
    }
    target.onDone();
  };
  const finish = async (result: ExecutionResult): Promise<void> => {
    const elapsed = (performance.now() - run.startedMs) / 1_000;
    deps.metrics.answered("websocket", admitted.operation.operation, outcomeOf(result), elapsed);
    const text = JSON.stringify(result.data === undefined ? (result.errors ?? []) : result);
    await run.ended({ code: codeOf(result), hasData: hasData(result), responseBytes: Buffer.byteLength(text) });
    if (!controller.signal.aborted) send(result, text);
  };
  const signal = AbortSignal.any([controller.signal, AbortSignal.timeout(MAX_OPERATION_MS)]);
  const call = { caller: target.caller, traceId, signal, meter };
  deps.answering
    .run(admitted, call)
    .then(finish)
    .catch((error: unknown) => {
      outbox.fail(failedText(deps, [error], traceId));
      target.onDone();
    });
  return {
    cancel: () => {
      controller.abort();
      outbox.close();
    },
  };
};

const firstError = z.array(z.object({ extensions: z.object({ code: z.string() }) })).min(1);

/** Code of the first of the errors a stream ended with. */
const firstCodeOf = (errorsJson: string): string => {
  const parsed = firstError.safeParse(JSON.parse(errorsJson));
  return parsed.success ? (parsed.data[0]?.extensions.code ?? "INTERNAL") : "INTERNAL";
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
  run: Run,
): RunningOperation => {
  const { traceId } = run;
  let leave: () => void = () => {};
  let done = false;
  const finish = (code: string | null): void => {
    if (done) return;
    done = true;
    deps.onSubscriptions(-1);
    leave();
    const responseBytes = outbox.sentBytes();
    // The journal tells its own trouble in readiness; a stream that has ended has nobody left to tell.
    void run.ended({ code, hasData: responseBytes > 0, responseBytes }).catch(() => undefined);
  };
  const outbox = makeOutbox(() => {
    outbox.fail(failedText(deps, [slowConsumer(outbox.lastCursor())], traceId));
    finish("SLOW_CONSUMER");
    target.onDone();
  });
  deps.onSubscriptions(1);
  run.stayOpen(() => outbox.sentBytes());
  const joined = deps.upstreams.join(admitted, target.caller, {
    next: outbox.next,
    used: (share) => addShare(run.meter, share),
    complete: () => {
      outbox.complete();
      finish(null);
      target.onDone();
    },
    fail: (errorsJson) => {
      outbox.fail(errorsJson);
      finish(firstCodeOf(errorsJson));
      target.onDone();
    },
  });
  if (joined.kind === "refused") {
    const errorsJson = failedText(deps, joined.errors, traceId);
    outbox.fail(errorsJson);
    finish(firstCodeOf(errorsJson));
    target.onDone();
  } else if (done) joined.leave();
  else ({ leave } = joined);
  return {
    cancel: () => {
      outbox.close();
      finish(null);
    },
  };
};

/** An operation that answers once can't fill its outbox. */
const ignoreOverflow = (): void => undefined;

const tellRefusal = (
  deps: OperationDeps,
  { errors }: Refused,
  target: OperationTarget,
  outbox: Outbox,
  run: Run,
): RunningOperation => {
  deps.metrics.answered("websocket", "none", "refused", 0);
  const errorsJson = failedText(deps, errors, run.traceId);
  const tell = (): void => {
    outbox.fail(errorsJson);
    target.onDone();
  };
  const ended = { code: firstCodeOf(errorsJson), hasData: false, responseBytes: Buffer.byteLength(errorsJson) };
  void run.ended(ended).then(tell, tell);
  return { cancel: outbox.close };
};

/** An operation whose verdict is not known yet: cancelled before, it is begun and ended at once, so that it is recorded as all others are. */
const startWhenKnown = (
  verdict: Promise<Admitted | Refused>,
  start: (verdict: Admitted | Refused) => RunningOperation,
  failed: (error: unknown) => void,
): RunningOperation => {
  let running: RunningOperation | null = null;
  let cancelled = false;
  verdict
    .then((known) => {
      running = start(known);
      if (cancelled) running.cancel();
    })
    .catch(failed);
  return {
    cancel: () => {
      cancelled = true;
      running?.cancel();
    },
  };
};

/** Runs one operation of a socket: queries and mutations answer once, subscriptions until they are completed. */
export const runOperation = (
  deps: OperationDeps,
  request: GraphqlRequest,
  target: OperationTarget,
): RunningOperation => {
  deps.records.admit();
  const makeOutbox = (onOverflow: () => void): Outbox =>
    createOutbox(target.id, target.sink, { maxWaiting: deps.maxWaitingMessages, onOverflow });
  const { caller, clientAddress } = target;
  const start = (verdict: Admitted | Refused): RunningOperation => {
    const run = beginRun(deps, target, verdict);
    if (verdict.kind === "refused") return tellRefusal(deps, verdict, target, makeOutbox(ignoreOverflow), run);
    if (verdict.operation.operation === OperationTypeNode.SUBSCRIPTION) {
      return runSubscription(deps, verdict, target, makeOutbox, run);
    }
    return runOnce(deps, verdict, target, makeOutbox(ignoreOverflow), run);
  };
  const verdict = deps.admission.admit(request, { caller, clientAddress, transport: "websocket" });
  if (!(verdict instanceof Promise)) return start(verdict);
  const failed = (error: unknown): void => {
    makeOutbox(ignoreOverflow).fail(failedText(deps, [error], newTraceId()));
    target.onDone();
  };
  return startWhenKnown(verdict, start, failed);
};
