import { createKeptForAWhile } from "@tessera/platform/runtime/kept-for-a-while";
import type { DataReader } from "@tessera/platform/store/data-policy";
import type { NowMs } from "@tessera/platform/time/clock";
import type { ReadEstimate } from "../domain/explanation.ts";
import type { TimeRange } from "../domain/time-range.ts";

/** Milliseconds for which an estimate stands for questions alike: it decides how much of the persons is read, never what is counted of them. */
export const ESTIMATE_KEPT_MS = 300_000;
/** Estimates one process keeps, some hundred bytes each. */
const MAX_KEPT = 10_000;
/** Ranges are alike that are as long to the minute and end within the same hour: one that ends now is not another one each time. */
const [LENGTH_MS, END_MS] = [60_000, 3_600_000];

/** What is estimated: whose rows, of when, and what of them. */
export interface EstimatedQuestion {
  readonly reader: DataReader;
  readonly range: TimeRange;
  /** Everything else that decides which rows are read; compared as JSON. */
  readonly about: unknown;
}

/** The estimate for a question: what was kept of one alike, or what `estimate` says, which is kept unless it fails. */
export type KeptEstimates<Found = ReadEstimate> = (
  question: EstimatedQuestion,
  estimate: () => Promise<Found>,
) => Promise<Found>;

/** Keeps nothing: asks each time. */
export const asksEachTime = <Found>(_question: EstimatedQuestion, estimate: () => Promise<Found>): Promise<Found> =>
  estimate();

/** Builds {@link KeptEstimates}. */
export const createKeptEstimates = <Found = ReadEstimate>(nowMs: NowMs): KeptEstimates<Found> => {
  const kept = createKeptForAWhile<string, Found>({ ms: ESTIMATE_KEPT_MS, most: MAX_KEPT, nowMs });
  return async ({ reader: { tenantId, dataPolicy }, range: { fromMs, toMs }, about }, estimate) => {
    const alike = [Math.round((toMs - fromMs) / LENGTH_MS), Math.floor(toMs / END_MS)];
    const key = JSON.stringify([tenantId, dataPolicy, alike, about]);
    const known = kept.get(key);
    if (known !== undefined) return known;
    const found = await estimate();
    kept.keep(key, found);
    return found;
  };
};
