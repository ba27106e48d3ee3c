import { refuse } from "@tessera/platform/errors/refusal";
import { SlidingWindow } from "@tessera/platform/limits/sliding-window";
import type { NowMs } from "@tessera/platform/time/clock";

/** Seconds that requests are counted over. */
const WINDOW_SECONDS = 60;
/** Requests to one address in a window: PagerDuty tells some of each incident, and all of a storm's within minutes. */
export const MAX_TO_ADDRESS = 600;
/** Requests of one client in a window that were refused: who guesses addresses or signatures learns nothing by more. */
export const MAX_REFUSED = 60;
/** Addresses, and clients, that are counted; the one that has been quiet longest is forgotten for another. */
const MAX_COUNTED = 10_000;

/** What the addresses at which providers tell back are held to. */
export interface InboundLimits {
  /** Counts a request; refuses with RATE_LIMITED when its address, or its client by what was refused it, has had as many as it may. */
  admit(endpoint: string, client: string): void;
  /** Counts a refusal. */
  refused(client: string): void;
}

/** Builds {@link InboundLimits} of one process. */
export const createInboundLimits = (nowMs: NowMs): InboundLimits => {
  const [addresses, clients] = [new Map<string, SlidingWindow>(), new Map<string, SlidingWindow>()];
  const windowOf = (windows: Map<string, SlidingWindow>, key: string): SlidingWindow => {
    const window = windows.get(key) ?? new SlidingWindow(WINDOW_SECONDS);
    windows.delete(key);
    windows.set(key, window);
    const [quietest] = windows.keys();
    if (windows.size > MAX_COUNTED && quietest !== undefined) windows.delete(quietest);
    return window;
  };
  const hold = (window: SlidingWindow, limit: number, detail: string): void => {
    const { fitsInMs } = window.stateFor(limit, 1, nowMs());
    if (fitsInMs === 0) return;
    const retryAfterSeconds = Math.ceil((fitsInMs ?? WINDOW_SECONDS * 1_000) / 1_000);
    throw refuse("RATE_LIMITED", detail, { retryAfterSeconds });
  };
  return {
    admit: (endpoint, client) => {
      const guesses = `At most ${MAX_REFUSED} refused requests of a client are taken in ${WINDOW_SECONDS} seconds: send to the address that connectChannel gave, signed with its secret.`;
      const guessed = clients.get(client);
      if (guessed !== undefined) hold(guessed, MAX_REFUSED, guesses);
      const window = windowOf(addresses, endpoint);
      hold(
        window,
        MAX_TO_ADDRESS,
        `This address takes at most ${MAX_TO_ADDRESS} requests in ${WINDOW_SECONDS} seconds.`,
      );
      window.add(1, nowMs());
    },
    refused: (client) => windowOf(clients, client).add(1, nowMs()),
  };
};
