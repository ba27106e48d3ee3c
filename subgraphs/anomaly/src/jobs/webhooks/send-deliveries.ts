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
import { afterAttempt, isSuccess, type AttemptResult } from "../../domain/webhooks/after-attempt.ts";
import { BREAKER } from "../../domain/webhooks/breaker.ts";
import { mayRead } from "../../domain/webhooks/endpoint-definition.ts";
import { findEventType } from "../../domain/webhooks/event-types.ts";
import { retryAfterMs } from "../../domain/retry-after.ts";
import type { ClaimedDelivery, DeliveryStore, EndedAttempt } from "../../store/webhooks/delivery-store.ts";
import type { LeasedClaim } from "../../store/leased-claims.ts";
import type { MadeAttempt } from "../../store/webhooks/sending-statements.ts";
import type { Lease } from "@tessera/platform/runtime/held-leases";
import { createSteadySender, type SteadySender } from "../sending/steady-sender.ts";
import { createTurns } from "../sending/turns.ts";

/** Milliseconds an endpoint may take to answer: the shorter end of what Standard Webhooks asks for. */
export const ATTEMPT_TIMEOUT_MS = 15_000;
/** Bytes and characters kept of an answer. */
const MAX_ANSWER_BYTES = 1_000;
const MAX_DETAIL = 1_000;
/** Milliseconds between looks for what is due. */
const LOOK_MS = 250;
/** Milliseconds a delivery waits that could not be begun for reasons of ours. */
const OWN_TROUBLE_MS = 10_000;
/** Endpoints whose failed attempts are kept at a time: each is a connection. */
const MAX_TURNS = 6;
/** Claims that are read, and attempts that are kept, by one transaction. */
const MAX_TOGETHER = 64;

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

/** Whether the endpoint's owner may be told a type now: what they may at the moment, as far as they might when they saved it. */
const isPermitted = async (
  { accessNow }: SenderDeps,
  endpoint: ClaimedDelivery["endpoint"],
  typeName: string,
): Promise<boolean> => {
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

/** What sendings at the same time share: what they are about is read together, an owner and an endpoint's secrets are asked for once, attempts are kept together. */
interface Round {
  readonly load: (claim: LeasedClaim) => Promise<ClaimedDelivery | null>;
  readonly isPermitted: (endpoint: ClaimedDelivery["endpoint"], type: string) => Promise<boolean>;
  readonly unseal: (claimed: ClaimedDelivery) => ReturnType<SenderDeps["unseal"]>;
  readonly settleDelivered: (ended: EndedAttempt) => Promise<boolean>;
  readonly settle: (ended: EndedAttempt & { readonly endpointId: string }) => Promise<boolean>;
}

const send = async (deps: SenderDeps, round: Round, claim: LeasedClaim, lease: Lease): Promise<string> => {
  const { deliveries, nowMs, random } = deps;
  const claimed = await round.load(claim);
  if (claimed === null) return "LOST";
  const { endpoint, messageId, type, body } = claimed;
  if (!(await round.isPermitted(endpoint, type))) {
    await deliveries.skip(claim, endpoint.id, "NOT_PERMITTED", nowMs());
    return "NOT_PERMITTED";
  }
  const { secrets, headers } = await round.unseal(claimed);
  // Whoever stood still for longer than its lease sends nothing: somebody else does.
  if (!lease.isOwn()) return "LOST";
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
  const endedAtMs = nowMs();
  const ended: EndedAttempt = {
    ...{ claim, made },
    decide: (attempts, health) => afterAttempt({ attempts, result, health, nowMs: endedAtMs, random: random() }),
  };
  const isDelivered = result.kind === "ANSWERED" && isSuccess(result.status);
  const settled = await (isDelivered
    ? round.settleDelivered(ended)
    : round.settle({ ...ended, endpointId: endpoint.id }));
  return settled ? String(made.status ?? made.fault) : "LOST";
};

/** Asks once for what is asked for again, by a key, before the answer is there: no answer is kept. */
const askedOnce = <Asked>(): ((key: string, ask: () => Promise<Asked>) => Promise<Asked>) => {
  const asked = new Map<string, Promise<Asked>>();
  return (key, ask) => {
    const before = asked.get(key);
    if (before !== undefined) return before;
    const answer = ask().finally(() => asked.delete(key));
    asked.set(key, answer);
    return answer;
  };
};

/** Builds what sends webhooks. Any number may run side by side. */
export const createSender = (deps: SenderDeps): SteadySender => {
  const { deliveries, nowMs, logger } = deps;
  const attempts = deps.metrics.counter("tessera_webhook_attempts_total", "Attempts to deliver a webhook.", ["result"]);
  const [accessOf, unsealedOf] = [askedOnce<boolean>(), askedOnce<Awaited<ReturnType<SenderDeps["unseal"]>>>()];
  const turns = { atOnce: MAX_TURNS, most: MAX_TOGETHER };
  const round: Round = {
    load: createTurns({
      keyOf: () => "all",
      work: (claims: readonly LeasedClaim[]) => deliveries.loadAcrossTenants(claims, nowMs()),
      ...turns,
    }),
    isPermitted: (endpoint, type) =>
      accessOf(`${endpoint.id} ${endpoint.version} ${type}`, () => isPermitted(deps, endpoint, type)),
    unseal: (claimed) =>
      unsealedOf(`${claimed.sealedHeaders ?? ""} ${claimed.sealedSecrets.join(" ")}`, () => deps.unseal(claimed)),
    settleDelivered: createTurns({
      keyOf: () => "all",
      work: (ended: readonly EndedAttempt[]) => deliveries.settleDeliveredAcrossTenants(ended, nowMs()),
      ...turns,
    }),
    settle: createTurns({
      keyOf: ({ claim, endpointId }: EndedAttempt & { readonly endpointId: string }) =>
        `${claim.tenantId} ${endpointId}`,
      work: (ended) => deliveries.settle(ended[0].claim.tenantId, ended[0].endpointId, ended, nowMs()),
      ...turns,
    }),
  };
  return createSteadySender<LeasedClaim>({
    ...{ nowMs, logger },
    claim: (presentMs, leaseUntilMs, bounds) =>
      deliveries.claimDueAcrossTenants(presentMs, leaseUntilMs, { ...bounds, breakerFailures: BREAKER.failures }),
    renew: deliveries.renewAcrossTenants,
    send: async (claim, lease) => {
      try {
        attempts.inc({ result: await send(deps, round, claim, lease) });
      } catch (error) {
        attempts.inc({ result: "OWN_TROUBLE" });
        logger.warn({ delivery: claim.id, error: errorMessage(error) }, "A webhook could not be sent; trying again.");
        await deliveries.giveBack(claim, nowMs() + OWN_TROUBLE_MS).catch(() => undefined);
      }
    },
  });
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
