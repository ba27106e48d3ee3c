import { circuitBreaker, ConsecutiveBreaker, BrokenCircuitError, CircuitState, handleWhen } from "cockatiel";
import type { ExecutionResult } from "graphql";
import {
  CallCancelled,
  subgraphFailure,
  type CallContext,
  type SubgraphConnection,
  type SubgraphRequest,
} from "./connection.ts";
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

/** Above the slowest analytical answer that is not a job, below what a caller waits for. */
const TIMEOUT_MS = 10_000;
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

/** A request whose signal is made when it is first asked for: many operations in this process never do. */
class GuardedRequest implements SubgraphRequest {
  readonly query: string;
  readonly operationName: string | undefined;
  readonly variables: SubgraphRequest["variables"];
  #controller: AbortController | undefined;
  #ended: Error | undefined;

  constructor({ query, operationName, variables }: SubgraphRequest) {
    this.query = query;
    this.operationName = operationName;
    this.variables = variables;
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#ended !== undefined) this.#controller.abort(this.#ended);
    return this.#controller.signal;
  }

  end(reason: Error): void {
    this.#ended ??= reason;
    this.#controller?.abort(this.#ended);
  }
}

/** Settles first, then ends the inner call: what it says afterwards changes nothing. */
const giveUp = (request: GuardedRequest, reject: (error: Error) => void, error: Error): void => {
  reject(error);
  request.end(error);
};

/** Runs `inner` under a deadline and the caller's signal; the inner call sees one signal that ends for either. */
const withinTime = <C extends CallContext>(
  inner: SubgraphConnection<C>,
  request: SubgraphRequest,
  call: C,
  timeoutMs: number,
): Promise<ExecutionResult> => {
  const caller = request.signal ?? call.signal;
  if (caller?.aborted === true) return Promise.reject(new CallCancelled("the caller gave up"));
  return new Promise<ExecutionResult>((resolve, reject) => {
    const guardedRequest = new GuardedRequest(request);
    const timer = setTimeout(() => {
      caller?.removeEventListener("abort", cancel);
      giveUp(guardedRequest, reject, new TimedOut(`no answer in ${timeoutMs} ms`));
    }, timeoutMs);
    const cancel = () => {
      clearTimeout(timer); // a hung subgraph never settles, and nobody waits for it any more
      giveUp(guardedRequest, reject, new CallCancelled("the caller gave up"));
    };
    caller?.addEventListener("abort", cancel, { once: true });
    inner.execute(guardedRequest, call).then(
      (result) => {
        clearTimeout(timer);
        caller?.removeEventListener("abort", cancel);
        resolve(result);
      },
      (error: unknown) => {
        clearTimeout(timer);
        caller?.removeEventListener("abort", cancel);
        reject(error instanceof Error ? error : new Error(String(error)));
      },
    );
  });
};

/**
 * A connection whose failures are answers: a hung subgraph gives SUBGRAPH_TIMEOUT, a failing or circuit-broken one
 * SUBGRAPH_UNAVAILABLE, so that the rest of a federated answer still arrives. A caller's own abort trips nothing.
 */
export const guardConnection = <C extends CallContext>(
  inner: SubgraphConnection<C>,
  options: GuardOptions = {},
): SubgraphConnection<C> => {
  const { timeoutMs = TIMEOUT_MS, consecutiveFailures = CONSECUTIVE_FAILURES } = options;
  const breaker = circuitBreaker(
    handleWhen((error) => !(error instanceof CallCancelled)),
    {
      halfOpenAfter: options.halfOpenAfterMs ?? HALF_OPEN_AFTER_MS,
      breaker: new ConsecutiveBreaker(consecutiveFailures),
    },
  );
  breaker.onStateChange((state) => options.onStateChange?.(inner.name, stateName(state)));
  const failure = (error: unknown): ExecutionResult => ({
    errors: [
      subgraphFailure(inner.name, error instanceof TimedOut ? "SUBGRAPH_TIMEOUT" : "SUBGRAPH_UNAVAILABLE", error),
    ],
  });
  return {
    name: inner.name,
    async execute(request, call) {
      try {
        return await breaker.execute(() => withinTime(inner, request, call, timeoutMs));
      } catch (error) {
        if (error instanceof CallCancelled) throw error;
        return failure(error);
      }
    },
    subscribe(request, call) {
      const upstream = inner.subscribe(request, call);
      let ended = false;
      const end: IteratorReturnResult<undefined> = { done: true, value: undefined };
      return lazyStream(() => {
        if (breaker.state === CircuitState.Open || breaker.state === CircuitState.Isolated) {
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
