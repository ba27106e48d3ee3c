import { Chain, type Member } from "../chain.ts";
import { MAX_OPERATION_MS, timeIsUp } from "../operations/operation-timeout.ts";
import { refuse } from "@tessera/platform/errors/refusal";

/** Seconds after which a client may come again while this process is leaving. */
const RETRY_AFTER_SECONDS = 2;

/** Why work ends whose client has gone: made once, since every answered request ends so, and making one takes what its stack is deep. */
const GONE = new DOMException("This operation was aborted", "AbortError");

/** Requests under way, so that stopping can wait for them and then end the rest. */
export interface InFlight {
  /** Runs one request; refuses with OVERLOADED while the gateway is not serving. `signal` ends when the client or the gateway leaves, or its time is up. */
  readonly run: <T>(work: (signal: AbortSignal) => Promise<T>, onGone: (gone: () => void) => void) => Promise<T>;
  readonly open: () => void;
  /** Lets no new request in and waits for those under way; after `graceMs` they are aborted. */
  readonly drain: (graceMs: number) => Promise<void>;
}

/** One request under way. */
class Running implements Member<Running> {
  before: Running | null = null;
  after: Running | null = null;
  readonly controller = new AbortController();
  readonly deadlineMs: number;

  constructor(deadlineMs: number) {
    this.deadlineMs = deadlineMs;
  }
}

/** Ends what took longer than `limitMs`. All may take equally long, so the oldest is due first and one timer serves them all. */
const createTimeLimit = (running: Chain<Running>, limitMs: number) => {
  let timer: NodeJS.Timeout | undefined;
  const arm = (ms: number): void => {
    timer = setTimeout(sweep, ms);
    timer.unref();
  };
  const sweep = (): void => {
    timer = undefined;
    const nowMs = performance.now();
    for (let request: Running | null = running.first; request !== null; request = request.after) {
      if (request.controller.signal.aborted) continue;
      if (request.deadlineMs > nowMs) return arm(Math.ceil(request.deadlineMs - nowMs));
      request.controller.abort(timeIsUp());
    }
  };
  return {
    begin: (): Running => {
      if (timer === undefined) arm(limitMs);
      return new Running(performance.now() + limitMs);
    },
    stop: (): void => clearTimeout(timer),
  };
};

/** Makes the register; it is closed until opened. */
export const createInFlight = (limitMs: number = MAX_OPERATION_MS): InFlight => {
  const running = new Chain<Running>();
  const timeLimit = createTimeLimit(running, limitMs);
  let serving = false;
  let settled: () => void = () => {};
  return {
    open: () => {
      serving = true;
    },
    run: async (work, onGone) => {
      if (!serving) {
        const retryAfterSeconds = RETRY_AFTER_SECONDS;
        throw refuse("OVERLOADED", "This process is starting or leaving.", { retryAfterSeconds });
      }
      const request = timeLimit.begin();
      running.add(request);
      onGone(() => request.controller.abort(GONE));
      try {
        return await work(request.controller.signal);
      } finally {
        running.delete(request);
        if (running.first === null) settled();
      }
    },
    drain: async (graceMs) => {
      serving = false;
      timeLimit.stop();
      if (running.first === null) return;
      let timer: NodeJS.Timeout | undefined;
      await new Promise<void>((resolve) => {
        settled = resolve;
        timer = setTimeout(resolve, graceMs);
      });
      clearTimeout(timer);
      for (let request: Running | null = running.first; request !== null; request = request.after)
        request.controller.abort();
    },
  };
};
