import { SEVERITIES, type Severity } from "../alerts/alert.ts";
import type { Incident } from "./incident.ts";

/** How long something took, over some incidents; nulls where there is none. */
export interface Spent {
  readonly count: number;
  readonly meanMs: number | null;
  readonly medianMs: number | null;
  /** Those for which it has not happened yet. */
  readonly waiting: number;
  /** The mean with those that wait counted up to now: what it will at least be. */
  readonly atLeastMs: number | null;
}

/** What incidents of a time tell of how it went. */
export interface IncidentMetrics {
  readonly opened: number;
  readonly bySeverity: readonly { readonly severity: Severity; readonly opened: number }[];
  /** Not over at the moment. */
  readonly open: number;
  readonly reopened: number;
  /** Over without anybody having looked at them. */
  readonly neverAcknowledged: number;
  /** From the opening until somebody first looked (MTTA). */
  readonly toAcknowledge: Spent;
  /** From the opening until it was last over (MTTR). */
  readonly toResolve: Spent;
  /** From the beginning of the first alert to the opening (MTTD). */
  readonly toDetect: Spent;
  /** From one opening to the next (MTBF); null of fewer than two. */
  readonly betweenFailuresMs: number | null;
}

const meanOf = (values: readonly number[]): number | null =>
  values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;

const medianOf = (values: readonly number[]): number | null => {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return meanOf(sorted.slice(Math.ceil(middle) - 1, Math.floor(middle) + 1));
};

const spentOf = (done: readonly number[], waited: readonly number[]): Spent => ({
  ...{ count: done.length, meanMs: meanOf(done), medianMs: medianOf(done), waiting: waited.length },
  atLeastMs: meanOf([...done, ...waited]),
});

/** What the incidents that were opened within a time tell, as of now; `incidents` in the order of their opening. */
export const incidentMetricsOf = (incidents: readonly Incident[], nowMs: number): IncidentMetrics => {
  const isOver = ({ resolvedAtMs }: Incident): boolean => resolvedAtMs !== null;
  const seen = incidents.flatMap((one) =>
    one.acknowledgedAtMs === null ? [] : [one.acknowledgedAtMs - one.openedAtMs],
  );
  const unseen = incidents.filter((one) => one.acknowledgedAtMs === null);
  const over = incidents.flatMap((one) => (one.resolvedAtMs === null ? [] : [one.resolvedAtMs - one.openedAtMs]));
  const waited = (some: readonly Incident[]): readonly number[] => some.map(({ openedAtMs }) => nowMs - openedAtMs);
  const gaps = incidents.slice(1).map(({ openedAtMs }, place) => openedAtMs - (incidents[place]?.openedAtMs ?? 0));
  const running = incidents.filter((one) => !isOver(one));
  return {
    ...{ opened: incidents.length, open: running.length, neverAcknowledged: unseen.filter(isOver).length },
    bySeverity: SEVERITIES.map((severity) => ({
      severity,
      opened: incidents.filter((one) => one.severity === severity).length,
    })),
    reopened: incidents.filter(({ timesReopened }) => timesReopened > 0).length,
    toAcknowledge: spentOf(seen, waited(unseen.filter((one) => !isOver(one)))),
    toResolve: spentOf(over, waited(running)),
    toDetect: spentOf(
      incidents.map(({ openedAtMs, beganAtMs }) => Math.max(0, openedAtMs - beganAtMs)),
      [],
    ),
    betweenFailuresMs: meanOf(gaps),
  };
};
