import { afterFailure, DISABLE_AFTER_FAILURES, DISABLE_AFTER_MS, GOOD_HEALTH, type EndpointHealth } from "./breaker.ts";
import { nextAttemptMs } from "./retry-schedule.ts";

/** What came of an attempt: an answer, or none. */
export type AttemptResult =
  | { readonly kind: "ANSWERED"; readonly status: number; readonly retryAfterMs: number | null }
  | { readonly kind: "UNANSWERED" };

/** Why a delivery ended without having succeeded. */
export const DELIVERY_END_REASONS = [
  "GONE",
  "ATTEMPTS_USED_UP",
  "ENDPOINT_DISABLED",
  "ENDPOINT_DELETED",
  "QUEUE_FULL",
  "NOT_PERMITTED",
] as const;

/** One of {@link DELIVERY_END_REASONS}. */
export type DeliveryEndReason = (typeof DELIVERY_END_REASONS)[number];

/** What becomes of a delivery. */
export type DeliveryFate =
  | { readonly kind: "DELIVERED" }
  | { readonly kind: "RETRY"; readonly dueAtMs: number }
  | { readonly kind: "DEAD"; readonly reason: "GONE" | "ATTEMPTS_USED_UP" };

/** What follows from an attempt, for its delivery and for its endpoint. */
export interface AfterAttempt {
  readonly delivery: DeliveryFate;
  readonly health: EndpointHealth;
  /** Why the endpoint is disabled now; null: it is not. */
  readonly disabled: "GONE" | "ONLY_FAILURES" | null;
}

/** Whether an answer takes a message: any of 2xx does. */
export const isSuccess = (status: number): boolean => status >= 200 && status < 300;

/**
 * Decides what follows from an attempt: 2xx is success, 410 disables the endpoint at once, anything else, redirects too, is a failure that is tried again by
 * the schedule; days of nothing but failures disable the endpoint.
 */
export const afterAttempt = (attempt: {
  /** Attempts of the delivery so far, this one included. */
  readonly attempts: number;
  readonly result: AttemptResult;
  readonly health: EndpointHealth;
  readonly nowMs: number;
  /** In [0, 1). */
  readonly random: number;
}): AfterAttempt => {
  const { attempts, result, nowMs, random } = attempt;
  const status = result.kind === "ANSWERED" ? result.status : null;
  // What is kept of a success is the same whatever was before: `settle_delivered_webhooks_across_tenants` keeps many by one statement.
  if (status !== null && isSuccess(status))
    return { delivery: { kind: "DELIVERED" }, health: GOOD_HEALTH, disabled: null };
  const retryAfterMs = result.kind === "ANSWERED" ? result.retryAfterMs : null;
  const health = afterFailure(attempt.health, nowMs, retryAfterMs);
  if (status === 410) return { delivery: { kind: "DEAD", reason: "GONE" }, health, disabled: "GONE" };
  const waitMs = nextAttemptMs({ attempts, retryAfterMs, random });
  const failing = health.failingSinceMs ?? nowMs;
  const isGivenUp = nowMs - failing >= DISABLE_AFTER_MS && health.failuresInRow >= DISABLE_AFTER_FAILURES;
  return {
    delivery:
      waitMs === null ? { kind: "DEAD", reason: "ATTEMPTS_USED_UP" } : { kind: "RETRY", dueAtMs: nowMs + waitMs },
    health,
    disabled: isGivenUp ? "ONLY_FAILURES" : null,
  };
};
