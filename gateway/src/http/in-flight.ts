import { refuse } from "@tessera/platform/errors/refusal";

/** Seconds after which a client may come again while this process is leaving. */
const RETRY_AFTER_SECONDS = 2;

/** Requests under way, so that stopping can wait for them and then end the rest. */
export interface InFlight {
  /** Runs one request; refuses with OVERLOADED while the gateway is not serving. `signal` ends when the client or the gateway leaves. */
  readonly run: <T>(work: (signal: AbortSignal) => Promise<T>, onGone: (gone: () => void) => void) => Promise<T>;
  readonly open: () => void;
  /** Lets no new request in and waits for those under way; after `graceMs` they are aborted. */
  readonly drain: (graceMs: number) => Promise<void>;
}

/** Makes the register; it is closed until opened. */
export const createInFlight = (): InFlight => {
  const running = new Set<AbortController>();
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
      const controller = new AbortController();
      running.add(controller);
      onGone(() => controller.abort());
      try {
        return await work(controller.signal);
      } finally {
        running.delete(controller);
        if (running.size === 0) settled();
      }
    },
    drain: async (graceMs) => {
      serving = false;
      if (running.size === 0) return;
      let timer: NodeJS.Timeout | undefined;
      await new Promise<void>((resolve) => {
        settled = resolve;
        timer = setTimeout(resolve, graceMs);
      });
      clearTimeout(timer);
      for (const controller of running) controller.abort();
    },
  };
};
