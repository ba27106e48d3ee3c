import type { JudgedSeries, KeptBucket } from "../rules/series.ts";
import type { SettledSeries } from "../rules/settle-series.ts";

/** Buckets of one episode that are kept: what lasts longer is told by its beginning. */
export const KEPT_OF_EPISODE = 500;
/** Judged buckets that are told before an episode's first bucket, and after its last. */
export const TOLD_AROUND = { before: 48, after: 24 } as const;

const OPEN: ReadonlySet<string> = new Set(["FIRING", "ACKNOWLEDGED", "RESOLVING"]);

/**
 * The judged buckets of a series that are kept for good: those that were judged while an anomaly was open or ended, up to {@link KEPT_OF_EPISODE} from its beginning, and with the first of them all that the series
 * remembered before.
 */
export const courseOf = (
  { outcomes, recent }: Pick<JudgedSeries, "outcomes" | "recent">,
  { alert, anomalies }: Pick<SettledSeries, "alert" | "anomalies">,
): readonly KeptBucket[] => {
  const judged = outcomes.flatMap((outcome): readonly KeptBucket[] => {
    if (outcome.kind !== "JUDGED") return [];
    const { atMs, untilMs, value, finding } = outcome.bucket;
    const { expected, low, high, score, outcome: said } = finding;
    return [{ atMs, untilMs, value, expected, low, high, score, outcome: said }];
  });
  const [first] = judged;
  const sinceMs = alert.episodeSinceMs;
  if (first === undefined || sinceMs === null || (anomalies.length === 0 && !OPEN.has(alert.state))) return [];
  const begun = anomalies.some((write) => write.begun !== null) || sinceMs >= first.atMs;
  const untilMs = sinceMs + KEPT_OF_EPISODE * (first.untilMs - first.atMs);
  const all = begun ? [...recent.filter(({ atMs }) => atMs < first.atMs), ...judged] : judged;
  return all.filter(({ atMs }) => atMs < untilMs);
};

/** What is to be written of a judged series, with the buckets of it that are kept for good. */
export const withCourse = (
  judged: Pick<JudgedSeries, "outcomes" | "recent">,
  settled: SettledSeries,
): SettledSeries => ({
  ...settled,
  course: courseOf(judged, settled),
});
