import { errorMessage } from "@tessera/platform/errors/error-message";
import type { Logger } from "@tessera/platform/telemetry/logger";
import type { NowMs } from "@tessera/platform/time/clock";
import { createHeldLeases, LEASE_MS, type HeldLeasesDeps, type Lease } from "@tessera/platform/runtime/held-leases";
import type { ClaimBounds, LeasedClaim } from "../../store/leased-claims.ts";

/** Sendings of a process under way: each is a socket and some kilobytes. */
export const MAX_IN_FLIGHT = 64;
/** Sendings of a tenant, and to one receiver, under way, so that slow ones leave places to others. */
export const [MAX_PER_TENANT, MAX_PER_RECEIVER] = [32, 10] as const;
/** Milliseconds a sender with something under way waits at most before it looks for more. */
const LOOK_MS = 250;
/** Milliseconds after something has ended before its place is taken: what else ends meanwhile is claimed for by the same statement. */
const GATHER_MS = 25;

/** Sends what is due, as much at a time as it may. */
export interface SteadySender {
  /** Claims what is due and begins to send it; where something is under way it waits a moment for a place. True when there may be more. */
  look(): Promise<boolean>;
  /** Claims once, and sends that to its end; answers how many it claimed. */
  sendClaimed(): Promise<number>;
  /** Resolves when nothing is being sent. */
  settled(): Promise<void>;
  /** Gives up what is being sent: it is sent again by whoever claims it next. */
  giveUp(): void;
}

/** What sending steadily needs. */
export interface SteadySenderDeps<Claim extends LeasedClaim> extends Pick<HeldLeasesDeps<Claim>, "renew"> {
  /** Leases what is due, of whatever tenant. */
  readonly claim: (nowMs: number, leaseUntilMs: number, bounds: ClaimBounds) => Promise<readonly Claim[]>;
  /** Sends one, and settles it; what it throws is told and left to whoever claims it next. */
  readonly send: (claim: Claim, lease: Lease) => Promise<void>;
  readonly nowMs: NowMs;
  readonly logger: Logger;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Resolves with the first of them, or after `ms`. */
const firstOrLater = async (work: Iterable<Promise<void>>, ms: number): Promise<void> => {
  let timer: NodeJS.Timeout | undefined;
  const later = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([...work, later]);
  clearTimeout(timer);
};

/** Builds {@link SteadySender}. Any number may run side by side: what one has claimed no other sends while its lease is renewed. */
export const createSteadySender = <Claim extends LeasedClaim>(deps: SteadySenderDeps<Claim>): SteadySender => {
  const { claim, renew, send, nowMs, logger } = deps;
  const inFlight = new Set<Promise<void>>();
  const onTrouble = (error: unknown): void =>
    logger.warn({ error: errorMessage(error) }, "Leases of what is being sent can't be renewed; trying again.");
  const leases = createHeldLeases<Claim>({ renew, nowMs, onTrouble });

  const sendHeld = async (one: Claim, lease: Lease): Promise<void> => {
    try {
      await send(one, lease);
    } catch (error) {
      // The lease ends by itself and it is sent again; the other claims go on.
      logger.error({ id: one.id, error: errorMessage(error) }, "Something sent was not settled.");
    } finally {
      leases.release(one);
    }
  };
  const claimSome = async (): Promise<number> => {
    const limit = MAX_IN_FLIGHT - inFlight.size;
    if (limit <= 0) return 0;
    await leases.keep();
    const presentMs = nowMs();
    const leaseUntilMs = presentMs + LEASE_MS;
    const claims = await claim(presentMs, leaseUntilMs, {
      ...{ limit, perTenant: MAX_PER_TENANT, perReceiver: MAX_PER_RECEIVER },
    });
    for (const one of claims) {
      const sending = sendHeld(one, leases.hold(one, leaseUntilMs)).finally(() => inFlight.delete(sending));
      inFlight.add(sending);
    }
    return claims.length;
  };
  const settled = async (): Promise<void> => {
    while (inFlight.size > 0) await Promise.all(inFlight);
  };
  return {
    look: async () => {
      if (inFlight.size > 0) {
        await firstOrLater(inFlight, LOOK_MS);
        await pause(GATHER_MS);
      }
      return (await claimSome()) > 0 || inFlight.size > 0;
    },
    sendClaimed: async () => {
      const claimed = await claimSome();
      await settled();
      return claimed;
    },
    settled,
    giveUp: () => leases.abort(),
  };
};
