import type { AlertReason, AlertStateName, Severity, Silence } from "../domain/alerts/alert.ts";
import type { AlertPolicy } from "../domain/alerts/alert-policy.ts";
import type { AlertSignal, AlertTransition, OuterSilence } from "../domain/alerts/alert-state.ts";

/** A bucket that was taken, as `B`reach, `H`eld, `C`lear, `E`mpty or `L`earning, and how bad a breach it is. */
export interface Taken {
  readonly letter: "B" | "H" | "C" | "E" | "L";
  readonly atMs: number;
  readonly untilMs: number;
  readonly severity: Severity | null;
}

/** A signal of the past, what it was as a bucket (null: none, or not taken), and what it led to. */
export interface Past {
  readonly signal: AlertSignal;
  readonly bucket: Taken | null;
  readonly led: readonly AlertTransition[];
}

const BAD: readonly Severity[] = ["INFO", "WARNING", "ERROR", "CRITICAL"];
/** The worse of severities; INFO of none. */
export const worstOf = (severities: readonly Severity[]): Severity =>
  BAD[Math.max(0, ...severities.map((severity) => BAD.indexOf(severity)))] ?? "INFO";
/** Whether an episode lasts. */
export const lasts = (state: AlertStateName): boolean => ["FIRING", "ACKNOWLEDGED", "RESOLVING"].includes(state);

interface Dated {
  readonly step: AlertTransition;
  readonly place: number;
  readonly signal: AlertSignal;
}

const steps = (past: readonly Past[]): readonly Dated[] =>
  past.flatMap(({ led, signal }, place) => led.map((step) => ({ step, place, signal })));
const lastPlace = (past: readonly Past[], holds: (dated: Dated) => boolean): number =>
  steps(past).findLast(holds)?.place ?? -1;
const lastRetired = (past: readonly Past[]): number => past.findLastIndex(({ signal }) => signal.kind === "RETIRED");
const isOpening = ({ step }: Dated): boolean => !lasts(step.from) && step.to === "FIRING";
const isEnding = ({ step }: Dated): boolean => lasts(step.from) && step.to === "RESOLVED";
const buckets = (past: readonly Past[]): readonly Taken[] =>
  past.flatMap(({ bucket }) => (bucket === null ? [] : [bucket]));

/** Where an alert with this past stands. */
export const standsAt = (past: readonly Past[]): AlertStateName => steps(past).at(-1)?.step.to ?? "OK";
/** How many episodes have begun. */
export const episodes = (past: readonly Past[]): number => steps(past).filter(isOpening).length;
/** End of the last bucket that was taken. */
export const lastEnd = (past: readonly Past[]): number =>
  Math.max(-Infinity, ...buckets(past).map(({ untilMs }) => untilMs));

/** Beginning of the bucket in which the present state began, for PENDING and RESOLVING. */
export const sinceOf = (past: readonly Past[]): number => {
  const place = lastPlace(past, ({ step }) => step.from !== step.to);
  return past[place]?.bucket?.atMs ?? 0;
};

const quorumAfter = (letters: readonly string[], { k, n }: { k: number; n: number }): boolean =>
  letters.at(-1) === "C" && letters.slice(-n).filter((letter) => letter === "C").length >= k;
const judgedOf = (past: readonly Past[]): readonly string[] =>
  buckets(past)
    .map(({ letter }) => letter)
    .filter((letter) => "BHC".includes(letter));

/** The place since when somebody's ending of an episode waits for the return to normal; null: it does not. */
export const awaitsSince = (policy: AlertPolicy, past: readonly Past[]): number | null => {
  const place = lastPlace(past, isEnding);
  const byCaller = past[place]?.led.some(({ reason }) => reason === "RESOLVED_BY_CALLER") ?? false;
  if (!byCaller || lastRetired(past) > place) return null;
  return returnedAt(policy, past, place) === null ? place : null;
};
const returnedAt = (policy: AlertPolicy, past: readonly Past[], from: number): number | null => {
  // What began anew waits no more.
  const anew = past.findIndex(
    ({ signal, led }, place) => place > from && (signal.kind === "RETIRED" || led.some(({ to }) => to === "FIRING")),
  );
  for (let place = from + 1; place < (anew < 0 ? past.length : anew); place += 1)
    if (past[place]?.bucket?.letter === "C" && quorumAfter(judgedOf(past.slice(from + 1, place + 1)), policy.clear))
      return place;
  return null;
};

/** The judged buckets that count for a quorum: those since an episode began or ended, or all was forgotten. */
export const judgedSince = (policy: AlertPolicy, past: readonly Past[]): readonly string[] => {
  const ending = lastPlace(past, isEnding);
  const byCaller = past[ending]?.led.some(({ reason }) => reason === "RESOLVED_BY_CALLER") ?? false;
  const returned = byCaller ? returnedAt(policy, past, ending) : null;
  const dropped = lastPlace(
    past,
    ({ step }) => step.from === "PENDING" && step.to === "OK" && step.reason !== "RETURNED_BEFORE_FIRING",
  );
  const from = Math.max(ending, lastPlace(past, isOpening), lastRetired(past), dropped, returned ?? -1);
  return judgedOf(past.slice(from + 1));
};

/** How many buckets without data came last. */
export const emptyRun = (past: readonly Past[]): number => {
  const letters = buckets(past.slice(lastRetired(past) + 1)).map(({ letter }) => letter);
  return letters.length - 1 - letters.findLastIndex((letter) => letter !== "E");
};

/** Whether the last episode is about missing data and nothing else. */
export const isAboutMissing = (past: readonly Past[]): boolean => {
  const opening = steps(past).findLast(isOpening);
  if (opening?.step.reason !== "NO_DATA_LONG_ENOUGH") return false;
  const ending = steps(past).find((dated) => isEnding(dated) && dated.place > opening.place)?.place ?? past.length;
  return !buckets(past.slice(opening.place + 1, ending)).some(({ letter }) => letter === "B");
};

/** How bad the present or last trouble is or was at its worst. */
export const severityAt = (policy: AlertPolicy, past: readonly Past[]): Severity => {
  const began = steps(past).findLast(
    ({ step }) => ["OK", "RESOLVED"].includes(step.from) && ["PENDING", "FIRING"].includes(step.to),
  );
  if (began === undefined) return "INFO";
  const over = steps(past).find(
    ({ place, step }) => place > began.place && ["OK", "RESOLVED"].includes(step.to),
  )?.place;
  const span = buckets(past.slice(began.place, over ?? past.length));
  const missing = began.step.reason === "NO_DATA" ? [policy.noData.severity] : [];
  return worstOf([...missing, ...span.flatMap(({ severity }) => (severity === null ? [] : [severity]))]);
};

/** End of the last bucket in breach while the episode lasts. */
export const lastBreach = (past: readonly Past[]): number =>
  buckets(past.slice(Math.max(0, lastPlace(past, isOpening)))).findLast(({ severity }) => severity !== null)?.untilMs ??
  0;

/** Whether somebody looks at the open episode. */
export const isLookedAt = (past: readonly Past[]): boolean =>
  lasts(standsAt(past)) &&
  lastPlace(past, ({ step }) => step.reason.startsWith("ACKNOWLEDGED_BY")) > lastPlace(past, isOpening);

/** When episodes began and ended by what buckets said, since all was last forgotten. */
export const changes = (past: readonly Past[]): readonly number[] =>
  steps(past)
    .filter(
      (dated) =>
        (isOpening(dated) || isEnding(dated)) &&
        dated.step.reason !== "RESOLVED_BY_CALLER" &&
        dated.place > lastRetired(past),
    )
    .map(({ step }) => step.atMs);
/** Whether the alert flaps. */
export const flaps = (past: readonly Past[]): boolean => {
  const began = lastPlace(past, ({ step }) => step.reason === "FLAPPING_BEGAN");
  return (
    began >
    Math.max(
      lastRetired(past),
      lastPlace(past, ({ step }) => step.reason === "FLAPPING_ENDED"),
    )
  );
};
/** Whether people have heard of it since the alert began to flap. */
export const isFlappingHeard = (past: readonly Past[]): boolean => {
  const all = steps(past).map(({ step }) => step);
  const calm = all.findLastIndex(({ reason }) => reason === "FLAPPING_ENDED");
  const retired = steps(past).findLastIndex(({ place }) => place <= lastRetired(past));
  return all.slice(Math.max(calm, retired) + 1).some(({ reason, notify }) => reason === "FLAPPING_BEGAN" && notify);
};

/** Until when the alert is snoozed; null: it is not. */
export const snoozedUntil = (past: readonly Past[]): number | null => {
  const last = steps(past).findLast(({ step }) => ["SNOOZED", "SNOOZE_ENDED"].includes(step.reason));
  if (last?.step.reason !== "SNOOZED" || last.signal.kind !== "COMMAND") return null;
  return last.signal.command.kind === "SNOOZE" ? last.signal.command.untilMs : null;
};
/** The silences around the alert. */
export const around = (past: readonly Past[]): readonly OuterSilence[] => {
  const context = past.findLast(({ signal }) => signal.kind === "CONTEXT")?.signal;
  return context?.kind === "CONTEXT" ? context.silences : [];
};
/** What silences the alert; `flapping` says whether that it flaps is counted as such. */
export const silencedBy = (past: readonly Past[], flapping: boolean): Silence | null => {
  if (snoozedUntil(past) !== null) return "SNOOZED";
  const outer = (["SUPPRESSED", "MAINTENANCE", "INHIBITED", "FEEDBACK"] as const).find((silence) =>
    around(past).includes(silence),
  );
  return outer ?? (flapping ? "FLAPPING" : null);
};

/** What people were last told: the open episode and how bad it was; null: that all is well. */
export const told = (past: readonly Past[]): { readonly episode: number; readonly severity: Severity } | null => {
  const all = steps(past);
  const last = all.findLast(({ step }) => step.notify);
  if (last === undefined || !lasts(last.step.to)) return null;
  return { episode: last.step.episode ?? 0, severity: last.step.severity };
};

/** The tellings of the open episode, the first that was heard of it first. */
export const tellings = (
  past: readonly Past[],
): readonly { readonly step: AlertTransition; readonly wallMs: number }[] =>
  steps(past)
    .filter(
      ({ step, place }) =>
        place >= lastPlace(past, isOpening) && lasts(step.to) && (step.notify || step.silence === "RENOTIFY_CAP"),
    )
    .map(({ step, place, signal }) => {
      // Whatever the clock shows later: what was told was told by then.
      const later = past.slice(place + 1).flatMap(({ signal: one }) => (one.kind === "TICK" ? [one.atMs] : []));
      return { step, wallMs: Math.min(signal.atMs, ...later) };
    });

/** A step that is to be put on record. */
export interface Wanted {
  readonly to: AlertStateName;
  readonly reason: AlertReason;
  readonly atMs: number;
  readonly worth: boolean;
}
