import type { Caller, Subject } from "@tessera/contracts/caller";
import type { TenantId } from "@tessera/contracts/ids";
import { errorMessage } from "@tessera/platform/errors/error-message";
import type { Background } from "@tessera/platform/graphql/subgraph";
import { PublicRequestError, type PublicRequests } from "@tessera/platform/http/public-request";
import { createRepeatedLook } from "@tessera/platform/runtime/repeated-look";
import { webhookHeaders } from "@tessera/platform/signatures/standard-webhooks";
import type { Logger } from "@tessera/platform/telemetry/logger";
import type { Metrics } from "@tessera/platform/telemetry/metrics";
import type { NowMs } from "@tessera/platform/time/clock";
import { afterAttempt, type AttemptResult } from "../../domain/webhooks/after-attempt.ts";
import { BREAKER } from "../../domain/webhooks/breaker.ts";
import type { Endpoint } from "../../domain/webhooks/endpoint.ts";
import { mayRead } from "../../domain/webhooks/endpoint-definition.ts";
import { findEventType } from "../../domain/webhooks/event-types.ts";
import { retryAfterMs } from "../../domain/retry-after.ts";
import type {
  ClaimedDelivery,
  DeliveryClaim,
  DeliveryStore,
  MadeAttempt,
} from "../../store/webhooks/delivery-store.ts";

/** Milliseconds an endpoint may take to answer: the shorter end of what Standard Webhooks asks for. */
export const ATTEMPT_TIMEOUT_MS = 15_000;
/** Milliseconds after which another sender may take over: what an attempt may take, and time to settle it, twice over. */
export const LEASE_MS = 60_000;
/** Attempts a process makes at a time: each is a socket and some kilobytes. */
const MAX_IN_FLIGHT = 64;
/** Attempts of a tenant, and of an endpoint, at a time, so that slow ones leave places to others. */
const MAX_PER_TENANT = 32;
const MAX_PER_ENDPOINT = 10;
/** Bytes and characters kept of an answer. */
const MAX_ANSWER_BYTES = 1_000;
const MAX_DETAIL = 1_000;
/** Milliseconds between looks for what is due. */
const LOOK_MS = 250;
/** Milliseconds a delivery waits that could not be begun for reasons of ours. */
const OWN_TROUBLE_MS = 10_000;

/** What sending needs. */
export interface SenderDeps {
  readonly deliveries: DeliveryStore;
  readonly requests: Pick<PublicRequests, "send">;
  /** Opens what is sealed of an endpoint. */
  readonly unseal: (
    claimed: Pick<ClaimedDelivery, "endpoint" | "sealedHeaders" | "sealedSecrets">,
  ) => Promise<{ readonly secrets: readonly string[]; readonly headers: Readonly<Record<string, string>> }>;
  /** What somebody may at the moment; null when they are nobody any more. */
  readonly accessNow: (tenantId: TenantId, subject: Subject) => Promise<Caller | null>;
  readonly nowMs: NowMs;
  /** In [0, 1). */
  readonly random: () => number;
  readonly metrics: Metrics;
  readonly logger: Logger;
}

/** Sends what is due. */
export interface Sender {
  /** Claims what is due and begins to send it; where nothing is, waits a moment for what is being sent. True when there may be more. */
  look(): Promise<boolean>;
  /** Resolves when nothing is being sent. */
  settled(): Promise<void>;
  /** Gives up what is being sent: it is sent again by whoever claims it next. */
  giveUp(): void;
}

/** Whether the endpoint's owner may be told a type now: what they may at the moment, as far as they might when they saved it. */
const isPermitted = async ({ accessNow }: SenderDeps, endpoint: Endpoint, typeName: string): Promise<boolean> => {
  const type = findEventType(typeName);
  if (type === null || !endpoint.owner.permissions.includes(type.permission)) return false;
  const owner = await accessNow(endpoint.tenantId, endpoint.owner.subject);
  if (owner === null) return false;
  return mayRead({ permissions: owner.permissions, isRestricted: owner.dataPolicy !== null }, type);
};

/** Text that can be kept and shown: what can't be printed is a blank. */
const printable = (text: string): string => text.replace(/[^\P{C}\n\t]|\p{Cs}/gu, " ").slice(0, MAX_DETAIL);

const exchange = async (
  { requests, nowMs }: SenderDeps,
  request: Parameters<PublicRequests["send"]>[0],
): Promise<{ readonly made: MadeAttempt; readonly result: AttemptResult }> => {
  const startedAtMs = nowMs();
  const began = performance.now();
  const attempt = (more: Pick<MadeAttempt, "status" | "fault" | "detail">): MadeAttempt => ({
    ...{ url: request.url, startedAtMs, elapsedMs: Math.round(performance.now() - began), ...more },
  });
  try {
    const { status, headers, body } = await requests.send(request);
    const made = attempt({ status, fault: null, detail: printable(body.toString("utf8")) });
    return { made, result: { kind: "ANSWERED", status, retryAfterMs: retryAfterMs(headers["retry-after"], nowMs()) } };
  } catch (error) {
    if (!(error instanceof PublicRequestError)) throw error;
    const made = attempt({ status: null, fault: error.fault, detail: printable(error.message) });
    return { made, result: { kind: "UNANSWERED" } };
  }
};

const send = async (
  deps: SenderDeps,
  claim: DeliveryClaim,
  lease: { readonly untilMs: number; readonly signal: AbortSignal },
): Promise<string> => {
  const { deliveries, nowMs, random } = deps;
  const claimed = await deliveries.load(claim, nowMs());
  if (claimed === null) return "LOST";
  const { endpoint, messageId, type, body } = claimed;
  if (!(await isPermitted(deps, endpoint, type))) {
    await deliveries.skip(claim, "NOT_PERMITTED", nowMs());
    return "NOT_PERMITTED";
  }
  const { secrets, headers } = await deps.unseal(claimed);
  // What could outlast the lease is left to whoever claims it next, so that no two send it at a time.
  if (nowMs() + ATTEMPT_TIMEOUT_MS > lease.untilMs) return "LOST";
  const timestamp = Math.floor(nowMs() / 1_000);
  const { made, result } = await exchange(deps, {
    method: "POST",
    url: endpoint.url,
    headers: {
      ...headers,
      ...{ "content-type": "application/json", "user-agent": "Tessera-Webhooks/1.0" },
      ...webhookHeaders(secrets, { id: `msg_${messageId}`, timestamp, body }),
    },
    body,
    ...{ timeoutMs: ATTEMPT_TIMEOUT_MS, maxAnswerBytes: MAX_ANSWER_BYTES, signal: lease.signal },
  });
  if (lease.signal.aborted) {
    await deliveries.giveBack(claim, nowMs());
    return "GIVEN_UP";
  }
  const settled = await deliveries.settle(claim, made, nowMs(), (attempts, health) =>
    afterAttempt({ attempts, result, health, nowMs: nowMs(), random: random() }),
  );
  return settled ? String(made.status ?? made.fault) : "LOST";
};

/** Resolves with the first of them, or after `ms`. */
const firstOrLater = async (work: Iterable<Promise<void>>, ms: number): Promise<void> => {
  let timer: NodeJS.Timeout | undefined;
  const later = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([...work, later]);
  clearTimeout(timer);
};

/** Builds {@link Sender}. Any number may run side by side: what one has claimed no other sends until its lease ends. */
export const createSender = (deps: SenderDeps): Sender => {
  const { deliveries, nowMs, logger } = deps;
  const attempts = deps.metrics.counter("tessera_webhook_attempts_total", "Attempts to deliver a webhook.", ["result"]);
  const inFlight = new Set<Promise<void>>();
  const ending = new AbortController();

  const sendSafely = async (claim: DeliveryClaim, leaseUntilMs: number): Promise<void> => {
    try {
      const result = await send(deps, claim, { untilMs: leaseUntilMs, signal: ending.signal });
      attempts.inc({ result });
    } catch (error) {
      attempts.inc({ result: "OWN_TROUBLE" });
      logger.warn({ delivery: claim.id, error: errorMessage(error) }, "A webhook could not be sent; trying again.");
      await deliveries.giveBack(claim, nowMs() + OWN_TROUBLE_MS).catch(() => undefined);
    }
  };
  const claimSome = async (limit: number): Promise<number> => {
    const leaseUntilMs = nowMs() + LEASE_MS;
    const bounds = { limit, perTenant: MAX_PER_TENANT, perEndpoint: MAX_PER_ENDPOINT };
    const claims = await deliveries.claimDueAcrossTenants(nowMs(), leaseUntilMs, {
      ...{ ...bounds, breakerFailures: BREAKER.failures },
    });
    for (const claim of claims) {
      const sending = sendSafely(claim, leaseUntilMs).finally(() => inFlight.delete(sending));
      inFlight.add(sending);
    }
    return claims.length;
  };
  return {
    look: async () => {
      const limit = MAX_IN_FLIGHT - inFlight.size;
      if (limit > 0 && (await claimSome(limit)) > 0) return true;
      if (inFlight.size === 0) return false;
      // A place that comes free may let the next one through at once.
      await firstOrLater(inFlight, LOOK_MS);
      return true;
    },
    settled: async () => {
      while (inFlight.size > 0) await Promise.all(inFlight);
    },
    giveUp: () => ending.abort(),
  };
};

/** Sends what is due again and again; stopping gives up what is being sent. */
export const createSenderJob = (deps: SenderDeps): Background => {
  const sender = createSender(deps);
  const looks = createRepeatedLook({
    ...{ name: "webhook-sender", everyMs: LOOK_MS, look: () => sender.look(), logger: deps.logger },
    trouble: "Webhooks that are due can't be claimed; trying again.",
  });
  return {
    ...looks,
    stop: async () => {
      await looks.stop();
      sender.giveUp();
      await sender.settled();
    },
  };
};
