import { LRUCache } from "lru-cache";
import { errorMessage } from "../errors/error-message.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { NowMs } from "../time/clock.ts";
import type { BudgetAdjustment, BudgetCharge, BudgetState, BudgetStore, ChargeOutcome } from "./budget.ts";
import { createKeptRefusals } from "./kept-refusals.ts";
import type { LeaseGrant, LeaseSource } from "./lease-source.ts";

/** Milliseconds leased units may be spent without asking; what is left then goes back. */
export const LEASE_MS = 2_000;
/** A lease is asked to last for as many charges as this one. */
const CHARGES_PER_LEASE = 50;
/** Budgets leased from at one time; the one used longest ago gives its units back first. */
const MAX_LEASES = 10_000;
/** Rounds a charge waits for another's lease; then the shared store is asked for it alone. */
const MAX_ROUNDS = 3;

interface Lease {
  left: number;
  readonly windowSeconds: number;
  readonly endsAtMs: number;
  /** What the shared store said when it gave the lease. */
  readonly state: BudgetState;
}

interface LeaseDeps {
  readonly source: LeaseSource;
  readonly nowMs: NowMs;
  readonly logger: Logger;
}

/** A budget store that spends leased units on the spot. */
export interface LeasedBudgetStore extends BudgetStore {
  /** Gives back what is leased and not spent. */
  stop(): Promise<void>;
}

/** Windows of leased budgets are longer by the time a unit may be spent after it was counted, so that the bound holds for every stretch of time. */
const widened = ({ windowSeconds }: Pick<BudgetCharge, "windowSeconds">): number => windowSeconds + LEASE_MS / 1_000;

const stateOf = (state: BudgetState, left: number, amount: number): BudgetState => ({
  ...state,
  remaining: state.remaining + left,
  fitsInMs: left >= amount ? 0 : state.fitsInMs,
});

/** The leases of this process; those that ended, and what was settled, are told to the shared store in batches. */
const createLeases = ({ source, nowMs, logger }: LeaseDeps) => {
  let waiting: BudgetAdjustment[] = [];
  let timer: NodeJS.Timeout | undefined;
  let telling: Promise<void> = Promise.resolve();
  const tell = async (): Promise<void> => {
    const told = waiting;
    waiting = [];
    if (told.length === 0) return;
    await source.adjust(told).catch((error: unknown) => {
      // Unspent units count as spent until they leave the window: never more is spent than allowed.
      logger.warn({ error: errorMessage(error) }, "Leased units of rate limits could not be given back.");
    });
  };
  const sweepSoon = (): void => {
    timer ??= setTimeout(sweep, LEASE_MS / 2);
    timer.unref();
  };
  const later = (adjustment: BudgetAdjustment): void => {
    waiting.push(adjustment);
    sweepSoon();
  };
  const leases = new LRUCache<string, Lease>({
    max: MAX_LEASES,
    dispose: (lease, key) => {
      if (lease.left > 0) later({ key, windowSeconds: lease.windowSeconds, amount: -lease.left });
      lease.left = 0;
    },
  });
  const live = (key: string): Lease | undefined => {
    const lease = leases.get(key);
    if (lease === undefined || nowMs() < lease.endsAtMs) return lease;
    leases.delete(key);
    return undefined;
  };
  const sweep = (): void => {
    timer = undefined;
    for (const key of [...leases.keys()]) live(key);
    telling = tell();
    if (leases.size > 0) sweepSoon();
  };
  return {
    live,
    later,
    take: (key: string, lease: Lease): void => {
      leases.set(key, lease);
      sweepSoon();
    },
    stop: async (): Promise<void> => {
      leases.clear();
      clearTimeout(timer);
      await telling;
      await tell();
    },
  };
};

type Leases = ReturnType<typeof createLeases>;

const spendHere = (leases: Leases, charges: readonly BudgetCharge[]): ChargeOutcome | null => {
  const held: { readonly amount: number; readonly lease: Lease }[] = [];
  for (const { key, amount } of charges) {
    const lease = leases.live(key);
    if (lease === undefined || lease.left < amount) return null;
    held.push({ amount, lease });
  }
  for (const { amount, lease } of held) lease.left -= amount;
  return { charged: true, states: held.map(({ lease }) => stateOf(lease.state, lease.left, 0)) };
};

const NOTHING = { granted: 0, remaining: 0, resetMs: 0, fitsInMs: null } as const;

/** A charge of which a part is set aside from what is leased already, so that only the rest is asked for. */
interface Asked {
  readonly charge: BudgetCharge;
  readonly aside: number;
}

const setAside = (leases: Leases, charge: BudgetCharge): Asked => {
  const lease = leases.live(charge.key);
  const aside = Math.min(lease?.left ?? 0, charge.amount);
  if (lease !== undefined) lease.left -= aside;
  return { charge, aside };
};

const putBack = (leases: Leases, { charge, aside }: Asked): void => {
  if (aside === 0) return;
  const lease = leases.live(charge.key);
  if (lease === undefined) leases.later({ key: charge.key, windowSeconds: widened(charge), amount: -aside });
  else lease.left += aside;
};

/** Takes a grant in; what was needed is spent by the charge that asked. */
const takeIn = (leases: Leases, asked: readonly Asked[], grant: LeaseGrant, askedAtMs: number): ChargeOutcome => {
  const states = asked.map((one, place): BudgetState => {
    const { charge, aside } = one;
    const { granted, ...state } = grant.states[place] ?? NOTHING;
    if (!grant.charged) putBack(leases, one);
    const before = leases.live(charge.key);
    const held = before?.left ?? 0;
    if (!grant.charged) return stateOf(state, held, charge.amount);
    // Units that were here before end when they would have: none may be spent long after it was counted.
    const endsAtMs = before !== undefined && held > 0 ? before.endsAtMs : askedAtMs + LEASE_MS;
    if (before !== undefined) before.left = 0;
    const left = granted - (charge.amount - aside) + held;
    leases.take(charge.key, { left, windowSeconds: widened(charge), endsAtMs, state });
    return stateOf(state, left, 0);
  });
  return { charged: grant.charged, states };
};

/** Builds a store over leases of a shared one: most charges are decided here at once, and the shared store is asked about once per lease. */
export const createLeasedBudgetStore = (deps: LeaseDeps): LeasedBudgetStore => {
  const { source, nowMs } = deps;
  const leases = createLeases(deps);
  const refusals = createKeptRefusals(nowMs);
  const asking = new Map<string, Promise<unknown>>();
  const ask = async (name: string, charges: readonly BudgetCharge[], times: number): Promise<ChargeOutcome> => {
    const askedAtMs = nowMs();
    const asked = charges.map((charge) => setAside(leases, charge));
    const claims = asked.map(({ charge, aside }) => ({
      ...charge,
      windowSeconds: widened(charge),
      amount: charge.amount - aside,
      wanted: charge.amount * times - aside,
    }));
    const grant = await source.lease(claims).catch((error: unknown) => {
      for (const one of asked) putBack(leases, one);
      throw error;
    });
    const outcome = takeIn(leases, asked, grant, askedAtMs);
    refusals.note(name, charges, outcome);
    return outcome;
  };
  /** One question per set of budgets at a time; who comes meanwhile spends from what it brings. */
  const askOnce = async (name: string, charges: readonly BudgetCharge[]): Promise<ChargeOutcome> => {
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      const running = asking.get(name);
      if (running === undefined) break;
      await running.catch(() => undefined);
      const here = spendHere(leases, charges) ?? refusals.find(name, charges);
      if (here !== null) return here;
    }
    if (asking.has(name)) return ask(name, charges, 1);
    const answer = ask(name, charges, CHARGES_PER_LEASE);
    asking.set(name, answer);
    const done = (): void => void asking.delete(name);
    answer.then(done, done);
    return answer;
  };
  return {
    charge: (charges) => {
      const here = spendHere(leases, charges);
      if (here !== null) return here;
      const name = charges.map(({ key }) => key).join("\n");
      return refusals.find(name, charges) ?? askOnce(name, charges);
    },
    adjust: (adjustments) => {
      for (const { key, windowSeconds, amount } of adjustments) {
        const lease = amount > 0 ? leases.live(key) : undefined;
        const here = lease === undefined ? 0 : Math.min(lease.left, amount);
        if (lease !== undefined) lease.left -= here;
        if (amount !== here) leases.later({ key, windowSeconds: widened({ windowSeconds }), amount: amount - here });
      }
    },
    stop: leases.stop,
  };
};
