import { Cron } from "croner";
import type { Severity } from "../alerts/alert.ts";
import { momentOf, readingIn } from "../zone-clock.ts";

/** When a channel is told of everything since the last time, in one message. */
export interface Digest {
  /** Five fields of cron, by the clock of the zone; or each so many minutes since midnight of 1970 in UTC. */
  readonly every:
    { readonly kind: "CRON"; readonly cron: string } | { readonly kind: "INTERVAL"; readonly minutes: number };
  readonly timeZone: string;
  /** Who does not wait: alerts of this severity and above; nobody when it is null. */
  readonly except: Severity | null;
}

/** Shortest and longest interval: a minute is no digest, and what is older than a week is no news. */
export const DIGEST_MINUTES = { least: 5, most: 10_080 } as const;
/** Readings looked at for the next moment: more than an expression of every minute has in the hours that clocks are set back by. */
const MAX_READINGS = 200;

const readings = (cron: string): Cron => new Cron(cron, { paused: true, timezone: "UTC", mode: "5-part" });

/** The first moment after one at which a digest is due; null when there is none any more. */
export const nextDigest = ({ every, timeZone }: Digest, afterMs: number): number | null => {
  if (every.kind === "INTERVAL") {
    const intervalMs = every.minutes * 60_000;
    return (Math.floor(afterMs / intervalMs) + 1) * intervalMs;
  }
  const cron = readings(every.cron);
  let reading = cron.nextRun(new Date(readingIn(timeZone, afterMs)))?.getTime() ?? null;
  for (let seen = 0; seen < MAX_READINGS && reading !== null; seen += 1) {
    // Where clocks are set back, a reading has been shown before: it was due then.
    const due = momentOf(timeZone, reading, afterMs - 12 * 3_600_000);
    if (due > afterMs) return due;
    reading = cron.nextRun(new Date(reading))?.getTime() ?? null;
  }
  return null;
};

/** Whether a text is an expression of cron that names moments. */
export const isCron = (text: string): boolean => {
  try {
    return text.trim().split(/\s+/).length === 5 && readings(text).nextRun(new Date(0)) !== null;
  } catch {
    return false;
  }
};
