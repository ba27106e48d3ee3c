import type { ActiveThrottle } from "@tessera/contracts/abuse";
import { refuse, type Refusal } from "../errors/refusal.ts";
import { secondsOf } from "../limits/rate-headers.ts";

/** Name of the quota a throttle is told as. */
export const THROTTLE_POLICY = "throttle";

const SOURCE_WORDS = {
  ADDRESS: "This address",
  NETWORK: "The network of this address",
  API_KEY: "This key",
  USER: "This person",
  CLIENT: "This client",
  LINK: "This link",
} as const;

/** The throttle when it still holds at a time; each ends by itself, to the millisecond. */
export const holding = (throttle: ActiveThrottle | null | undefined, nowMs: number): ActiveThrottle | null =>
  throttle !== null && throttle !== undefined && throttle.untilMs > nowMs ? throttle : null;

/** 429: says who is held back, why (the kind of abuse) and until when. */
export const throttleRefusal = (
  throttle: ActiveThrottle,
  nowMs: number,
  found: Readonly<Record<string, string | number | boolean | undefined>> = {},
): Refusal => {
  const { kind, level, percent, untilMs, source } = throttle;
  const until = new Date(untilMs).toISOString();
  const how = level === "BLOCKED" ? "blocked" : `held to ${percent} percent of its quota, which are spent,`;
  const untilSeconds = Math.max(1, secondsOf(untilMs - nowMs));
  return refuse("RATE_LIMITED", `${SOURCE_WORDS[source.kind]} is ${how} until ${until} for ${kind}.`, {
    ...{ quota: THROTTLE_POLICY, limit: 0, remaining: 0, retryAfterSeconds: untilSeconds },
    ...found,
    ...{ throttledFor: kind, throttledUntil: until, throttleLevel: level },
  });
};
