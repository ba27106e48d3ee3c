import type { AlertPolicy } from "../domain/alerts/alert-policy.ts";
import type { AlertSignal, AlertTransition } from "../domain/alerts/alert-state.ts";
import type { AlertReason, AlertStateName, Severity, Silence } from "../domain/alerts/alert.ts";
import * as is from "./reference-alert.ts";
import type { Past, Taken } from "./reference-alert.ts";

/** The past while the present signal is being taken: what it is as a bucket, and what it led to so far. */
type Sofar = readonly Past[];

const with_ = (sofar: Sofar, step: AlertTransition): Sofar => {
  const last = sofar.at(-1);
  return last === undefined ? sofar : [...sofar.slice(0, -1), { ...last, led: [...last.led, step] }];
};

const bornAt = (sofar: Sofar): number | null => {
  const opened = sofar.findLastIndex(({ led }) => led.some(({ from, to }) => !is.lasts(from) && to === "FIRING"));
  const led = sofar[opened]?.led.find(({ from, to }) => !is.lasts(from) && to === "FIRING");
  if (led === undefined) return null;
  return led.from === "PENDING" ? is.sinceOf(sofar.slice(0, opened)) : (sofar[opened]?.bucket?.atMs ?? null);
};

interface Telling extends is.Wanted {
  readonly silence?: Silence | null;
  readonly episode?: number;
  readonly sinceMs?: number | null;
  readonly step?: number | null;
  readonly severity?: Severity;
}

const put = (policy: AlertPolicy, sofar: Sofar, wanted: Telling): Sofar => {
  const { to, reason, atMs, worth } = wanted;
  const silence = worth
    ? wanted.silence === undefined
      ? is.silencedBy(sofar, is.flaps(sofar))
      : wanted.silence
    : null;
  const notify = worth && silence === null;
  const from = is.standsAt(sofar);
  const [present, believed] = [wanted.episode ?? is.episodes(sofar), is.told(sofar)];
  const related = is.lasts(to) || is.lasts(from) || (from === "RESOLVED" && to === "RESOLVED") ? present : null;
  const episode = !is.lasts(to) && notify && believed !== null ? believed.episode : related;
  const heard = is.tellings(sofar).filter(({ step }) => step.notify);
  const first = policy.escalation?.afterMs[0] === 0 ? 0 : null;
  const known =
    heard.length === 0 || wanted.episode !== undefined ? first : (heard.at(-1)?.step.escalationStep ?? null);
  const lastOpen = is.lasts(to) ? known : lastStep(policy, sofar);
  const step: AlertTransition = {
    ...{ from, to, reason, atMs, notify, silence, episode },
    severity: "INFO",
    sinceMs:
      episode === null || episode !== present ? null : wanted.sinceMs === undefined ? bornAt(sofar) : wanted.sinceMs,
    escalationStep: notify ? (wanted.step === undefined ? lastOpen : wanted.step) : null,
  };
  return with_(sofar, { ...step, severity: wanted.severity ?? is.severityAt(policy, with_(sofar, step)) });
};

// An ending is told to whom the last open telling went, of whatever episode that was.
const lastStep = (_policy: AlertPolicy, sofar: Sofar): number | null =>
  sofar.flatMap(({ led }) => led).findLast(({ notify, to }) => notify && is.lasts(to))?.escalationStep ?? null;

const changed = (policy: AlertPolicy, sofar: Sofar, wanted: Telling): Sofar => {
  const flapping = policy.flapping;
  const near = [...is.changes(sofar), wanted.atMs].filter((ms) => wanted.atMs - ms < (flapping?.windowMs ?? 0));
  const begins = flapping !== null && !is.flaps(sofar) && near.length >= flapping.changes;
  if (!begins) return put(policy, sofar, wanted);
  const quiet = put(policy, sofar, { ...wanted, ...(wanted.worth ? { silence: is.silencedBy(sofar, true) } : {}) });
  const { to, atMs } = wanted;
  return put(policy, quiet, { to, reason: "FLAPPING_BEGAN", atMs, worth: true, silence: is.silencedBy(quiet, false) });
};

const among = (letters: readonly string[], letter: string, { k, n }: { k: number; n: number }): boolean =>
  letters.slice(-n).filter((one) => one === letter).length >= k;

const whileWell = (policy: AlertPolicy, sofar: Sofar, bucket: Taken, gone: AlertReason): Sofar => {
  const before = sofar.slice(0, -1);
  if (is.awaitsSince(policy, before) !== null) return sofar;
  const pending = is.standsAt(sofar) === "PENDING";
  const atMs = bucket.untilMs;
  const sinceMs = pending ? is.sinceOf(sofar) : bucket.atMs;
  const letters = is.judgedSince(policy, sofar);
  const go = (to: AlertStateName, reason: AlertReason): Sofar => put(policy, sofar, { to, reason, atMs, worth: false });
  if (bucket.severity !== null) {
    const missing = bucket.letter === "E";
    const enough = among(letters, "B", policy.fire) && atMs - sinceMs >= policy.fire.minimumDurationMs;
    if (!missing && !enough) return pending ? sofar : go("PENDING", "BREACHED");
    const reason = missing ? "NO_DATA_LONG_ENOUGH" : "BREACHED_LONG_ENOUGH";
    return changed(policy, sofar, {
      to: "FIRING",
      reason,
      atMs,
      worth: true,
      episode: is.episodes(sofar) + 1,
      sinceMs,
    });
  }
  const lacking = policy.noData.act === "FIRE" && bucket.letter === "E";
  if (!pending) return lacking ? go("PENDING", "NO_DATA") : sofar;
  if (bucket.letter === "E" && policy.noData.act === "RESOLVE" && is.emptyRun(sofar) >= policy.noData.afterBuckets)
    return go("OK", gone);
  return lacking || among(letters, "B", { k: 1, n: policy.fire.n }) ? sofar : go("OK", "RETURNED_BEFORE_FIRING");
};

const whileBad = (policy: AlertPolicy, sofar: Sofar, bucket: Taken, gone: AlertReason): Sofar => {
  const state = is.standsAt(sofar);
  const atMs = bucket.untilMs;
  const end = (reason: AlertReason): Sofar =>
    changed(policy, sofar, { to: "RESOLVED", reason, atMs, worth: is.told(sofar) !== null });
  if (bucket.severity !== null) {
    const back = is.isLookedAt(sofar) ? "ACKNOWLEDGED" : "FIRING";
    const reason = bucket.letter === "E" ? "NO_DATA_LONG_ENOUGH" : "BREACHED_AGAIN";
    const before = is.severityAt(policy, sofar.slice(0, -1));
    // That it breached again is said with the severity from before; that it is worse follows.
    const again = { to: back, reason, atMs, worth: false, severity: before } as const;
    const returned = state === "RESOLVING" ? put(policy, sofar, again) : sofar;
    if (is.worstOf([before, bucket.severity]) === before) return returned;
    return put(policy, returned, { to: back, reason: "SEVERITY_ROSE", atMs, worth: true });
  }
  if (bucket.letter === "E" && policy.noData.act === "RESOLVE" && is.emptyRun(sofar) >= policy.noData.afterBuckets)
    return end(gone);
  const quietSince = state === "RESOLVING" ? is.sinceOf(sofar) : bucket.atMs;
  const clear = bucket.letter === "C";
  if (clear && atMs - quietSince >= policy.clear.quietMs && among(is.judgedSince(policy, sofar), "C", policy.clear))
    return end("RETURNED_LONG_ENOUGH");
  if (policy.autoResolveMs !== null && atMs - is.lastBreach(sofar) >= policy.autoResolveMs) return end("AUTO_RESOLVED");
  if (!clear || state === "RESOLVING") return sofar;
  return put(policy, sofar, { to: "RESOLVING", reason: "RETURNED", atMs, worth: false });
};

const severityOf = (policy: AlertPolicy, score: number, impact: number | null): Severity =>
  is.worstOf([
    policy.severity.base,
    ...policy.severity.bands
      .filter(({ by, atLeast }) => (by === "SCORE" ? score : (impact ?? -1)) >= atLeast)
      .map(({ severity }) => severity),
  ]);

const bucketOf = (policy: AlertPolicy, past: Sofar, signal: AlertSignal): Taken | null => {
  if (signal.kind !== "FINDING" && signal.kind !== "NO_SERIES") return null;
  const { atMs, untilMs } = signal.bucket;
  if (untilMs <= is.lastEnd(past)) return null;
  if (signal.kind === "NO_SERIES" || signal.finding.outcome === "NO_DATA") {
    const awaits = is.awaitsSince(policy, past) !== null;
    const missing = policy.noData.act === "FIRE" && is.emptyRun(past) + 1 >= policy.noData.afterBuckets && !awaits;
    return { letter: "E", atMs, untilMs, severity: missing ? policy.noData.severity : null };
  }
  const { outcome, score } = signal.finding;
  const missed = is.isAboutMissing(past) && (is.lasts(is.standsAt(past)) || is.awaitsSince(policy, past) !== null);
  if (outcome === "LEARNING") return { letter: missed ? "C" : "L", atMs, untilMs, severity: null };
  const breach = outcome === "ANOMALOUS" && score >= policy.fire.score;
  if (breach) return { letter: "B", atMs, untilMs, severity: severityOf(policy, score, signal.impact) };
  return { letter: missed || score < policy.clear.score ? "C" : "H", atMs, untilMs, severity: null };
};

const isOwed = (policy: AlertPolicy, sofar: Sofar): boolean => {
  const [state, told] = [is.standsAt(sofar), is.told(sofar)];
  if (!is.lasts(state)) return told !== null;
  if (told?.episode !== is.episodes(sofar)) return state === "FIRING";
  const severity = is.severityAt(policy, sofar);
  return state !== "RESOLVING" && is.worstOf([severity, told.severity]) !== told.severity;
};

const awake = (policy: AlertPolicy, sofar: Sofar, atMs: number): Sofar => {
  const state = is.standsAt(sofar);
  const outer = (["SUPPRESSED", "MAINTENANCE", "INHIBITED", "FEEDBACK"] as const).find((silence) =>
    is.around(sofar).includes(silence),
  );
  const silence = outer ?? (is.flaps(sofar) ? ("FLAPPING" as const) : null);
  return put(policy, sofar, {
    to: state,
    reason: "SNOOZE_ENDED",
    atMs,
    worth: state === "FIRING" || isOwed(policy, sofar),
    silence,
  });
};

const ticked = (policy: AlertPolicy, sofar: Sofar, atMs: number): Sofar => {
  const snoozed = is.snoozedUntil(sofar);
  if (snoozed !== null && snoozed <= atMs) return awake(policy, sofar, atMs);
  const told = is.tellings(sofar);
  const heard = told.filter(({ step }) => step.notify);
  const first = heard[0];
  const quiet = is.silencedBy(sofar, is.flaps(sofar)) !== null;
  if (is.standsAt(sofar) !== "FIRING" || first === undefined || quiet) return sofar;
  const { escalation, renotify } = policy;
  const taken = heard.filter(({ step }) => step.reason === "ESCALATED");
  if (escalation !== null) {
    const order = Array.from({ length: escalation.repeats + 1 }, (_, round) =>
      escalation.afterMs.map((afterMs, step) => ({
        step,
        delayMs: step === 0 && round > 0 ? escalation.repeatAfterMs : afterMs,
      })),
    ).flat();
    const next = order[taken.length + (escalation.afterMs[0] === 0 ? 1 : 0)];
    const lastMs = Math.min((taken.at(-1) ?? first).wallMs, atMs);
    if (next !== undefined && atMs - lastMs >= next.delayMs)
      return put(policy, sofar, { to: "FIRING", reason: "ESCALATED", atMs, worth: true, step: next.step });
  }
  const reminders = heard.filter(({ step }) => step.reason === "RENOTIFIED").length;
  const capped = told.some(({ step }) => step.silence === "RENOTIFY_CAP");
  if (renotify === null || capped || atMs - Math.min(heard.at(-1)?.wallMs ?? atMs, atMs) < renotify.everyMs)
    return sofar;
  const cap = reminders >= renotify.atMost ? { silence: "RENOTIFY_CAP" as const } : {};
  return put(policy, sofar, { to: "FIRING", reason: "RENOTIFIED", atMs, worth: true, ...cap });
};

const commanded = (policy: AlertPolicy, sofar: Sofar, signal: Extract<AlertSignal, { kind: "COMMAND" }>): Sofar => {
  const { command, episode, atMs } = signal;
  const [state, told] = [is.standsAt(sofar), is.told(sofar)];
  if (episode !== null && episode !== is.episodes(sofar)) return sofar;
  const open = is.lasts(state);
  switch (command.kind) {
    case "ACKNOWLEDGE": {
      if (!open || is.isLookedAt(sofar)) return sofar;
      const to = state === "RESOLVING" ? "RESOLVING" : "ACKNOWLEDGED";
      return put(policy, sofar, {
        to,
        reason: `ACKNOWLEDGED_BY_${command.by}`,
        atMs,
        worth: told?.episode === is.episodes(sofar),
      });
    }
    case "RESOLVE":
      return open
        ? put(policy, sofar, { to: "RESOLVED", reason: "RESOLVED_BY_CALLER", atMs, worth: told !== null })
        : sofar;
    case "SNOOZE":
      if (command.untilMs <= atMs || command.untilMs === is.snoozedUntil(sofar)) return sofar;
      return put(policy, sofar, { to: state, reason: "SNOOZED", atMs, worth: false });
    case "UNSNOOZE":
      return is.snoozedUntil(sofar) === null ? sofar : awake(policy, sofar, atMs);
  }
};

const takenWith = (policy: AlertPolicy, past: Sofar, signal: AlertSignal): Sofar => {
  const bucket = bucketOf(policy, past, signal);
  const sofar = [...past, { signal, bucket, led: [] }];
  if (bucket !== null) {
    const last = is.changes(past).at(-1) ?? 0;
    const calm = is.flaps(past) && bucket.untilMs - last >= (policy.flapping?.windowMs ?? 0);
    const state = is.standsAt(past);
    const entry = {
      to: state,
      reason: "FLAPPING_ENDED",
      atMs: bucket.untilMs,
      worth: true,
      severity: is.severityAt(policy, past),
    } as const;
    const calmed = calm ? put(policy, sofar, { ...entry, silence: is.silencedBy(sofar, false) }) : sofar;
    const gone = signal.kind === "NO_SERIES" ? "SERIES_GONE" : "NO_DATA_LONG_ENOUGH";
    return is.lasts(state) ? whileBad(policy, calmed, bucket, gone) : whileWell(policy, calmed, bucket, gone);
  }
  if (signal.kind === "TICK") return ticked(policy, sofar, signal.atMs);
  if (signal.kind === "COMMAND") return commanded(policy, sofar, signal);
  if (signal.kind !== "RETIRED") return sofar;
  const { reason, atMs } = signal;
  const state = is.standsAt(past);
  const silence = is.silencedBy(past, is.flaps(past));
  if (is.lasts(state))
    return put(policy, sofar, { to: "RESOLVED", reason, atMs, worth: is.told(past) !== null, silence });
  return state === "PENDING" ? put(policy, sofar, { to: "OK", reason, atMs, worth: false }) : sofar;
};

/** Everything an alert's signals led to, found anew from its whole past at each of them: slow, and as the definition says. */
export const recount = (policy: AlertPolicy, signals: readonly AlertSignal[]): readonly AlertTransition[] => {
  let past: Sofar = [];
  for (const signal of signals) {
    past = takenWith(policy, past, signal);
    if (is.flaps(past) && !is.isFlappingHeard(past) && is.silencedBy(past, false) === null) {
      const late = { to: is.standsAt(past), reason: "FLAPPING_BEGAN", atMs: signal.atMs, worth: true } as const;
      past = put(policy, past, { ...late, silence: null });
    } else if (isOwed(policy, past) && is.silencedBy(past, is.flaps(past)) === null)
      past = put(policy, past, { to: is.standsAt(past), reason: "SILENCE_ENDED", atMs: signal.atMs, worth: true });
  }
  return past.flatMap(({ led }) => led);
};
