import { randomUUID } from "node:crypto";
import { LRUCache } from "lru-cache";
import type { ActiveThrottle } from "@tessera/contracts/abuse";
import { errorMessage } from "../errors/error-message.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { NowMs } from "../time/clock.ts";
import { originOf } from "./origin.ts";
import { holding } from "./throttle-refusal.ts";

/** Milliseconds an answer about held back addresses is used at most, counted from the question: a throttle holds everywhere within this. */
export const THROTTLES_USED_FOR_MS = 5_000;
/** Milliseconds after which it is asked for anew beside the requests that still use it. */
const RENEW_AFTER_MS = 2_500;
/** Milliseconds a request waits for an answer before it goes on with what is known. */
const ANSWER_DEADLINE_MS = 500;
/** Milliseconds from a refused credential to its report, so that many are told together. */
const REPORT_AFTER_MS = 500;
/** Milliseconds after a failed exchange in which nobody tries again. */
const LEFT_ALONE_MS = 1_000;
/** Refused credentials that wait to be told; what is more is dropped: a source is held back for the first fifty. */
export const MAX_WAITING_FAILURES = 100;
/** Refused credentials that are remembered as told, so that the same wrong one again costs nothing. */
const MAX_TOLD = 10_000;
/** Milliseconds for which they are: a window of the detector. */
const TOLD_FOR_MS = 600_000;
/** Milliseconds between two lines about the same trouble. */
const TELL_EVERY_MS = 10_000;

/** A credential that was refused, without the credential. */
export interface RefusedCredential {
  readonly address: string;
  /** Public id of a well-formed key; null for anything else. */
  readonly keyId: string | null;
  readonly token: boolean;
  /** SHA-256 of what was presented, hexadecimal. */
  readonly tried: string;
}

/** A refused credential as it is reported; the id makes telling it twice the same as once. */
export interface ReportedCredential extends RefusedCredential {
  readonly failureId: string;
  readonly atMs: number;
}

/** Tells what was refused, and answers which addresses and networks are held back. */
export type ExchangeFailures = (failures: readonly ReportedCredential[]) => Promise<readonly ActiveThrottle[]>;

/** What a process that faces the outside does about addresses that guess. */
export interface AddressWatch {
  /** What holds an address back; null when nothing does. */
  throttleOf(address: string): ActiveThrottle | null | Promise<ActiveThrottle | null>;
  /** Takes note of a refused credential. */
  refused(credential: RefusedCredential): void;
}

const withinDeadline = async (answer: Promise<void>): Promise<void> => {
  let late: NodeJS.Timeout | undefined;
  const deadline = new Promise<void>((resolve) => {
    late = setTimeout(resolve, ANSWER_DEADLINE_MS);
  });
  await Promise.race([answer, deadline]).finally(() => clearTimeout(late));
};

/**
 * Builds {@link AddressWatch} over the place all processes report to. While it can't be asked, throttles that are known hold until their end, and refused
 * credentials wait, a bounded number of them.
 */
export const createAddressWatch = (deps: {
  readonly exchange: ExchangeFailures;
  readonly nowMs: NowMs;
  readonly logger: Logger;
}): AddressWatch => {
  const { nowMs, logger } = deps;
  const told = new LRUCache<string, number>({ max: MAX_TOLD });
  let waiting: ReportedCredential[] = [];
  let throttles = new Map<string, ActiveThrottle>();
  let [askedAtMs, failedAtMs, complainedAtMs] = [-Infinity, -Infinity, -Infinity];
  let running: Promise<void> | null = null;
  let timer: NodeJS.Timeout | undefined;

  const complain = (error: unknown): void => {
    failedAtMs = nowMs();
    if (nowMs() - complainedAtMs < TELL_EVERY_MS) return;
    complainedAtMs = nowMs();
    logger.warn({ error: errorMessage(error) }, "Refused credentials can't be told, nor throttles be read.");
  };
  const exchange = async (): Promise<void> => {
    const [reported, atMs] = [waiting, nowMs()];
    waiting = [];
    try {
      const held = await deps.exchange(reported);
      throttles = new Map(held.map((throttle) => [throttle.source.id, throttle]));
      askedAtMs = atMs;
    } catch (error) {
      waiting = [...reported, ...waiting].slice(0, MAX_WAITING_FAILURES);
      complain(error);
    } finally {
      running = null;
    }
  };
  const begin = (): Promise<void> => (running ??= exchange());
  const find = (address: string): ActiveThrottle | null => {
    const origin = originOf(address);
    if (origin === null || throttles.size === 0) return null;
    return holding(throttles.get(origin.host), nowMs()) ?? holding(throttles.get(origin.network), nowMs());
  };
  return {
    throttleOf: (address) => {
      const age = nowMs() - askedAtMs;
      const isLeftAlone = nowMs() - failedAtMs < LEFT_ALONE_MS;
      if (age < RENEW_AFTER_MS || isLeftAlone) return find(address);
      const answer = begin();
      return age < THROTTLES_USED_FOR_MS ? find(address) : withinDeadline(answer).then(() => find(address));
    },
    refused: (credential) => {
      const key = `${originOf(credential.address)?.host ?? ""} ${credential.tried}`;
      if ((told.get(key) ?? 0) > nowMs() || waiting.length >= MAX_WAITING_FAILURES) return;
      told.set(key, nowMs() + TOLD_FOR_MS);
      waiting.push({ ...credential, failureId: randomUUID(), atMs: nowMs() });
      timer ??= setTimeout(() => {
        timer = undefined;
        void begin();
      }, REPORT_AFTER_MS).unref();
    },
  };
};
