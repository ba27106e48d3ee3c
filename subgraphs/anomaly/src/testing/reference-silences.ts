import type { Inhibition, OpenAlert } from "../domain/silences/inhibition.ts";
import type { Matcher } from "../domain/silences/matcher.ts";

/** Steps of a walk: every clock is set by quarters of an hour, on such a quarter, and all that is asked about lies on one. */
export const QUARTER_MS = 900_000;

/** Whether labels are as matchers ask, pattern by the engine's own regular expressions. */
export const referenceMatches = (matchers: readonly Matcher[], labels: Readonly<Record<string, string>>): boolean =>
  matchers.every(({ label, operator, values }) => {
    const value = labels[label] ?? "";
    const found = operator.endsWith("REGEX")
      ? new RegExp(`^(?:${values[0] ?? ""})$`, "su").test(value)
      : values.includes(value);
    return found === !operator.startsWith("NOT");
  });

/** Which open alerts are silenced: each way of choosing those that are told is what it is; the right one is looked for by its meaning. */
export const referenceInhibited = (
  inhibitions: readonly Inhibition[],
  open: readonly OpenAlert[],
): ReadonlySet<string> => {
  const silences = (parent: OpenAlert, child: OpenAlert): boolean =>
    parent !== child &&
    inhibitions.some(({ source, target, equal }) => {
      const [s, t] = [
        (alert: OpenAlert) => referenceMatches(source, alert.labels),
        (alert: OpenAlert) => referenceMatches(target, alert.labels),
      ];
      const same = equal.every((label) => (parent.labels[label] ?? "") === (child.labels[label] ?? ""));
      return s(parent) && t(child) && same && !(s(child) && t(parent));
    });
  // Who is above whom, over any number of steps (Warshall).
  const above = open.map((child) => open.map((parent) => silences(parent, child)));
  open.forEach((_via, k) => {
    open.forEach((_child, i) => {
      open.forEach((_parent, j) => {
        const row = above[i];
        if (row !== undefined && above[i]?.[k] === true && above[k]?.[j] === true) row[j] = true;
      });
    });
  });
  const silenced = open.filter((child, i) => {
    const parents = open.filter((_parent, j) => above[i]?.[j] === true);
    if (parents.length === 0) return false;
    const ring = parents.filter((parent) => above[open.indexOf(parent)]?.[i] === true);
    const alone = parents.every((parent) => ring.includes(parent));
    const first = ring.toSorted((a, b) => a.sinceMs - b.sinceMs || (a.fingerprint < b.fingerprint ? -1 : 1))[0];
    return !(alone && first === child);
  });
  return new Set(silenced.map(({ fingerprint }) => fingerprint));
};

/** A walk over the quarters of hours of a zone's clock. */
export interface ClockWalk {
  readonly timeZone: string;
  readonly fromMs: number;
  readonly untilMs: number;
}

/** For each quarter of an hour of a walk what the zone's clock shows that it has not shown before, the readings it passes over included; as readings of UTC. */
export const newReadings = ({ timeZone, fromMs, untilMs }: ClockWalk): ReadonlyMap<number, readonly Date[]> => {
  const format = new Intl.DateTimeFormat("en-US", {
    ...{
      timeZone,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
    },
  });
  const readingAt = (ms: number): number => {
    const part = Object.fromEntries(format.formatToParts(ms).map(({ type, value }) => [type, Number(value)]));
    return Date.UTC(
      part["year"] ?? 0,
      (part["month"] ?? 1) - 1,
      part["day"] ?? 1,
      part["hour"] ?? 0,
      part["minute"] ?? 0,
    );
  };
  const shown = new Map<number, readonly Date[]>();
  // Two days before, so that a reading which appears again is known to have been there.
  let latest = readingAt(fromMs - 192 * QUARTER_MS);
  for (let ms = fromMs - 191 * QUARTER_MS; ms < untilMs; ms += QUARTER_MS) {
    const now = readingAt(ms);
    const fresh: Date[] = [];
    for (let reading = latest + QUARTER_MS; reading <= now; reading += QUARTER_MS) fresh.push(new Date(reading));
    latest = Math.max(latest, now);
    if (fresh.length > 0) shown.set(ms, fresh);
  }
  return shown;
};
