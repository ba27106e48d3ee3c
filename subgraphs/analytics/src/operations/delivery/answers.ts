import { createFairCache, type FairCache, type FairCacheBounds } from "@tessera/platform/sharing/fair-cache";
import { createSharedFlights, type SharedFlights } from "@tessera/platform/sharing/shared-flights";
import type { NowMs } from "@tessera/platform/time/clock";
import { MAX_STALENESS_MS } from "../../domain/delivery/staleness.ts";
import type { TellsProvenance } from "../../domain/delivery/tells-provenance.ts";

const MIB = 1_048_576;

/**
 * What a process keeps of answers. A process has room for some dozen dashboards of each of some hundred tenants; one tenant takes at most a quarter, and
 * one answer no more than the largest (10,000 rows of ten columns of short texts are about 5 MiB).
 */
export const ANSWER_BOUNDS: FairCacheBounds = {
  totalBytes: 64 * MIB,
  tenantBytes: 16 * MIB,
  valueBytes: 8 * MIB,
  maxAgeMs: MAX_STALENESS_MS,
};

/** Answers this process has given, and those it works on. */
export interface Answers {
  readonly kept: FairCache<TellsProvenance>;
  readonly flights: SharedFlights<TellsProvenance>;
}

/** Builds {@link Answers}, empty. */
export const createAnswers = (nowMs: NowMs, bounds: FairCacheBounds = ANSWER_BOUNDS): Answers => ({
  kept: createFairCache(bounds, nowMs),
  flights: createSharedFlights(nowMs),
});
