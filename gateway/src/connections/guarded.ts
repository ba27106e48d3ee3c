import { circuitBreaker, ConsecutiveBreaker, BrokenCircuitError, CircuitState, handleWhen } from "cockatiel";
import type { ExecutionResult } from "graphql";
import {
  CallCancelled,
  subgraphFailure,
  type CallContext,
  type EndListener,
  type SubgraphConnection,
  type SubgraphRequest,
} from "./connection.ts";
import { Deadlines, type Waiting } from "./deadlines.ts";
import { lazyStream } from "./stream.ts";

/** Limits of one guarded connection; every one has a default with its reason beside it. */
export type GuardOptions = {
  /** Milliseconds one operation may take. */
  readonly timeoutMs?: number;
  /** Failures in a row after which calls are refused without being sent. */
  readonly consecutiveFailures?: number;
  /** Milliseconds until one trial call is let through again. */
  readonly halfOpenAfterMs?: number;
  /** Told of each change, for metrics and the log. */
  readonly onStateChange?: (service: string, state: "closed" | "open" | "half-open") => void;
};

/** Below what an operation may take as a whole, so that the rest of an answer still arrives when one subgraph hangs. */
const TIMEOUT_MS = 9_500;
/** One failure is noise and two may be a deploy; five in a row is an outage. */
const CONSECUTIVE_FAILURES = 5;
/** Long enough for a restarting process, short enough that its return shows soon. */
const HALF_OPEN_AFTER_MS = 2_000;

class TimedOut extends Error {
  override readonly name = "TimedOut";
}

const stateName = (state: CircuitState): "closed" | "open" | "half-open" => {
  if (state === CircuitState.Closed) return "closed";
  return state === CircuitState.HalfOpen ? "half-open" : "open";
};

/**
 * One operation under its connection's deadline and the caller's signal. The inner call hears of either end; a signal for it is made when it is
 * first asked for, since many operations never do.
 */
class Attempt implements SubgraphRequest, Waiting {
  readonly query: string;
  readonly operationName: string | undefined;
  readonly variables: SubgraphRequest["variables"];
  readonly deadlineMs: number;
  before: Waiting | null = null;
  after: Waiting | null = null;
  readonly #deadlines: Deadlines;
  readonly #caller: AbortSignal | undefined;
  readonly #reject: (error: Error) => void;
  /** The caller's signal fired. A function: node wraps a listener that is an object, and what it wraps outlives young collections. */
  readonly #giveUp = (): void => this.#end(new CallCancelled("the caller gave up"));
  #controller: AbortController | undefined;
  #listener: EndListener | undefined;
  #ended: Error | undefined;

  constructor(
    { query, operationName, variables }: SubgraphRequest,
    caller: AbortSignal | undefined,
    deadlines: Deadlines,
    reject: (error: Error) => void,
  ) {
    this.query = query;
    this.operationName = operationName;
    this.variables = variables;
    this.deadlineMs = performance.now() + deadlines.timeoutMs;
    this.#deadlines = deadlines;
    this.#caller = caller;
    this.#reject = reject;
    deadlines.add(this);
    caller?.addEventListener("abort", this.#giveUp);
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#ended !== undefined) this.#controller.abort(this.#ended);
    return this.#controller.signal;
  }

  whenEnded(listener: EndListener): void {
    this.#listener = listener;
    if (this.#ended !== undefined) listener.handleEnd(this.#ended);
  }

  expire(): void {
    this.#end(new TimedOut(`no answer in ${this.#deadlines.timeoutMs} ms`));
  }

  /** The inner call has settled: nothing is waited for any more. */
  release(): void {
    this.#deadlines.delete(this);
    this.#caller?.removeEventListener("abort", this.#giveUp);
  }

  /** Settles first, then ends the inner call: what it says afterwards changes nothing. */
  #end(reason: Error): void {
    this.release(); // a hung subgraph never settles
    this.#reject(reason);
    this.#ended ??= reason;
    this.#controller?.abort(this.#ended);
    this.#listener?.handleEnd(this.#ended);
  }
}

/** The inner call as a promise, also when it throws before it has made one. */
const execution = <C extends CallContext>(
  inner: SubgraphConnection<C>,
  request: SubgraphRequest,
  call: C,
): Promise<ExecutionResult> => {
  try {
    return inner.execute(request, call);
  } catch (error) {
    return Promise.reject(error instanceof Error ? error : new Error(String(error)));
  }
};

/** Runs `inner` until its deadline or the caller's end, whichever is first. */
const withinTime = <C extends CallContext>(
  inner: SubgraphConnection<C>,
  request: SubgraphRequest,
  call: C,
  deadlines: Deadlines,
): Promise<ExecutionResult> => {
  const caller = request.signal ?? call.signal;
  if (caller?.aborted === true) return Promise.reject(new CallCancelled("the caller gave up"));
  return new Promise<ExecutionResult>((resolve, reject) => {
    const attempt = new Attempt(request, caller, deadlines, reject);
    execution(inner, attempt, call).then(
      (result) => {
        attempt.release();
        resolve(result);
      },
      (error: unknown) => {
        attempt.release();
        reject(error instanceof Error ? error : new Error(String(error)));
      },
    );
  });
};

/** A breaker that is told of an outcome only where that changes what it counts: while all is well a call costs it nothing. */
const createBreaker = (name: string, options: GuardOptions) => {
  const breaker = circuitBreaker(
    handleWhen((error) => !(error instanceof CallCancelled)),
    {
      halfOpenAfter: options.halfOpenAfterMs ?? HALF_OPEN_AFTER_MS,
      breaker: new ConsecutiveBreaker(options.consecutiveFailures ?? CONSECUTIVE_FAILURES),
    },
  );
  breaker.onStateChange((state) => options.onStateChange?.(name, stateName(state)));
  let hasFailed = false; // since the last success
  const tell = async (outcome: () => Promise<void>): Promise<void> => {
    if (breaker.state === CircuitState.Closed) await breaker.execute(outcome).catch(() => undefined);
  };
  const failed = async (error: unknown): Promise<never> => {
    if (!(error instanceof CallCancelled)) {
      hasFailed = true;
      await tell(() => Promise.reject(error instanceof Error ? error : new Error(String(error))));
    }
    throw error;
  };
  const succeeded = (result: ExecutionResult): ExecutionResult | Promise<ExecutionResult> => {
    if (!hasFailed) return result;
    hasFailed = false;
    return tell(() => Promise.resolve()).then(() => result);
  };
  return {
    isOpen: () => breaker.state === CircuitState.Open || breaker.state === CircuitState.Isolated,
    execute: (work: () => Promise<ExecutionResult>): Promise<ExecutionResult> =>
      breaker.state === CircuitState.Closed ? work().then(succeeded, failed) : breaker.execute(work),
  };
};

/**
 * A connection whose failures are answers: a hung subgraph gives SUBGRAPH_TIMEOUT, a failing or circuit-broken one
 * SUBGRAPH_UNAVAILABLE, so that the rest of a federated answer still arrives. A caller's own abort trips nothing.
 */
export const guardConnection = <C extends CallContext>(
  inner: SubgraphConnection<C>,
  options: GuardOptions = {},
): SubgraphConnection<C> => {
  const breaker = createBreaker(inner.name, options);
  const deadlines = new Deadlines(options.timeoutMs ?? TIMEOUT_MS);
  const failure = (error: unknown): ExecutionResult => ({
    errors: [
      subgraphFailure(inner.name, error instanceof TimedOut ? "SUBGRAPH_TIMEOUT" : "SUBGRAPH_UNAVAILABLE", error),
    ],
  });
  const refused = (error: unknown): ExecutionResult => {
    if (error instanceof CallCancelled) throw error;
    return failure(error);
  };
  return {
    name: inner.name,
    execute: (request, call) => breaker.execute(() => withinTime(inner, request, call, deadlines)).catch(refused),
    subscribe(request, call) {
      const upstream = inner.subscribe(request, call);
      let ended = false;
      const end: IteratorReturnResult<undefined> = { done: true, value: undefined };
      return lazyStream(() => {
        if (breaker.isOpen()) {
          return Promise.resolve(failure(new BrokenCircuitError()));
        }
        return Promise.resolve({
          async next() {
            if (ended) return end;
            try {
              return await upstream.next();
            } catch (error) {
              ended = true;
              return { done: false, value: failure(error) };
            }
          },
          async return() {
            await upstream.return?.();
            return end;
          },
        });
      });
    },
    close: () => inner.close(),
  };
};
