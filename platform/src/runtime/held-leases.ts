import type { NowMs } from "../time/clock.ts";

/** Milliseconds after which others take over what its holder does not renew: who stands still for longer is taken for dead. */
export const LEASE_MS = 12_000;
/** Milliseconds between renewals: three may fail before a lease ends. */
const RENEW_EVERY_MS = 3_000;

/** Something that is one process's alone until its lease ends; the token proves it. */
export interface Leased {
  readonly leaseToken: string;
}

/** A lease as its holder sees it. */
export interface Lease {
  /** Aborted when somebody else has it, or the work is given up. */
  readonly signal: AbortSignal;
  /** Whether it is the holder's own: what is not begun by then is not begun. */
  isOwn(): boolean;
}

/** Leases of what is being worked at. */
export interface HeldLeases<Claim extends Leased> {
  hold(claim: Claim, untilMs: number): Lease;
  release(claim: Claim): void;
  /**
   * Renews at once if any has ended by the clock while its holder is alive, as all have when the clock jumps ahead. Whoever claims asks this before, so as not to claim what
   * it holds itself.
   */
  keep(): Promise<void>;
  /** Aborts all that are held. */
  abort(): void;
}

/** What renewing leases needs. */
export interface HeldLeasesDeps<Claim extends Leased> {
  /** Lengthens leases; answers the tokens of those that were still held. */
  readonly renew: (claims: readonly Claim[], untilMs: number) => Promise<ReadonlySet<string>>;
  readonly nowMs: NowMs;
  readonly onTrouble: (error: unknown) => void;
}

interface Held<Claim> {
  readonly claim: Claim;
  readonly ending: AbortController;
  untilMs: number;
}

/** Renews leases while they are held; one that can't be renewed any more is aborted. */
export const createHeldLeases = <Claim extends Leased>({
  renew,
  nowMs,
  onTrouble,
}: HeldLeasesDeps<Claim>): HeldLeases<Claim> => {
  const held = new Map<string, Held<Claim>>();
  let timer: NodeJS.Timeout | undefined;
  const renewAll = async (): Promise<void> => {
    const asked = [...held.values()];
    const untilMs = nowMs() + LEASE_MS;
    const own = await renew(
      asked.map(({ claim }) => claim),
      untilMs,
    );
    for (const one of asked)
      if (own.has(one.claim.leaseToken)) one.untilMs = untilMs;
      else one.ending.abort();
  };
  const keepRenewing = (): void => {
    timer = setTimeout(() => {
      void renewAll()
        .catch(onTrouble)
        .finally(() => {
          timer = undefined;
          if (held.size > 0) keepRenewing();
        });
    }, RENEW_EVERY_MS);
  };
  return {
    hold: (claim, untilMs) => {
      const one: Held<Claim> = { claim, ending: new AbortController(), untilMs };
      held.set(claim.leaseToken, one);
      if (timer === undefined) keepRenewing();
      return { signal: one.ending.signal, isOwn: () => !one.ending.signal.aborted && nowMs() < one.untilMs };
    },
    release: ({ leaseToken }) => {
      held.delete(leaseToken);
      if (held.size > 0) return;
      clearTimeout(timer);
      timer = undefined;
    },
    keep: async () => {
      const presentMs = nowMs();
      if ([...held.values()].some(({ untilMs, ending }) => untilMs <= presentMs && !ending.signal.aborted))
        await renewAll();
    },
    abort: () => {
      for (const { ending } of held.values()) ending.abort();
    },
  };
};
