import type { AlertReason, Severity } from "./alert.ts";
import type { AlertPolicy } from "./alert-policy.ts";
import type { AlertState, Stepped } from "./alert-state.ts";
import {
  countOf,
  evidenceOf,
  hasQuorum,
  isMissing,
  severityOf,
  withEvidence,
  type BucketSignal,
  type Evidence,
} from "./evidence.ts";
import { calmed, recordChange } from "./flapping.ts";
import { isOpen, isWorse, record } from "./telling.ts";

/** What a bucket means for an alert: its evidence, and the severity where that is a breach. */
interface Seen {
  readonly policy: AlertPolicy;
  readonly signal: BucketSignal;
  readonly evidence: Evidence;
  /** Severity of the breach; null: the bucket is none. */
  readonly breach: Severity | null;
}

const goneReason = (signal: BucketSignal): AlertReason =>
  signal.kind === "NO_SERIES" ? "SERIES_GONE" : "NO_DATA_LONG_ENOUGH";

const breachOf = (
  policy: AlertPolicy,
  alert: AlertState,
  signal: BucketSignal,
  evidence: Evidence,
): Severity | null => {
  if (evidence === "BREACH" && signal.kind === "FINDING")
    return severityOf(policy.severity, signal.finding.score, signal.impact);
  const missing = evidence === "EMPTY" && policy.noData.act === "FIRE" && isMissing(policy, alert);
  return missing ? policy.noData.severity : null;
};

const worst = (severity: Severity, other: Severity): Severity => (isWorse(other, severity) ? other : severity);

const step = (
  seen: Seen,
  stepped: Stepped,
  to: AlertState["state"],
  reason: AlertReason,
  sinceMs?: number,
): Stepped => {
  const { bucket, atMs } = seen.signal;
  const entry = { to, reason, atMs: bucket.untilMs, wallMs: atMs, worth: false };
  return record(seen.policy, stepped, sinceMs === undefined ? entry : { ...entry, sinceMs });
};

/** Begins an episode. */
const fire = ({ policy, signal, evidence }: Seen, { alert, transitions }: Stepped): Stepped => {
  const begun: AlertState = {
    ...alert,
    recent: "",
    cause: evidence === "EMPTY" ? "NO_DATA" : "BREACH",
    episode: alert.episode + 1,
    episodeSinceMs: alert.state === "PENDING" ? alert.sinceMs : signal.bucket.atMs,
    lastBreachMs: signal.bucket.untilMs,
    acknowledged: false,
  };
  const reason = evidence === "EMPTY" ? "NO_DATA_LONG_ENOUGH" : "BREACHED_LONG_ENOUGH";
  const entry = { to: "FIRING", reason, atMs: signal.bucket.untilMs, wallMs: signal.atMs, worth: true } as const;
  return recordChange(policy, { alert: begun, transitions }, entry);
};

/** Ends an episode. */
const end = ({ policy, signal }: Seen, { alert, transitions }: Stepped, reason: AlertReason): Stepped => {
  const worth = alert.believed !== null;
  const entry = { to: "RESOLVED", reason, atMs: signal.bucket.untilMs, wallMs: signal.atMs, worth } as const;
  return recordChange(policy, { alert: { ...alert, recent: "", acknowledged: false }, transitions }, entry);
};

const awaiting = ({ policy, evidence }: Seen, { alert, transitions }: Stepped): Stepped => {
  const returned = evidence === "CLEAR" && hasQuorum(alert, "C", policy.clear);
  return { alert: returned ? { ...alert, awaitsReturn: false, recent: "", cause: "BREACH" } : alert, transitions };
};

const inBreach = (seen: Seen, { alert, transitions }: Stepped, breach: Severity): Stepped => {
  const { policy, evidence, signal } = seen;
  const pending = alert.state === "PENDING";
  const severity = pending ? worst(alert.severity, breach) : breach;
  const stepped = { alert: { ...alert, severity }, transitions };
  const sinceMs = pending ? alert.sinceMs : signal.bucket.atMs;
  const lasts = signal.bucket.untilMs - sinceMs >= policy.fire.minimumDurationMs;
  if (evidence === "EMPTY" || (lasts && hasQuorum(alert, "B", policy.fire))) return fire(seen, stepped);
  return pending ? stepped : step(seen, stepped, "PENDING", "BREACHED", signal.bucket.atMs);
};

/** A bucket of a series that is OK, RESOLVED or PENDING. */
const whileClosed = (seen: Seen, stepped: Stepped): Stepped => {
  const { policy, evidence, breach, signal } = seen;
  const { alert, transitions } = stepped;
  if (alert.awaitsReturn) return awaiting(seen, stepped);
  if (breach !== null) return inBreach(seen, stepped, breach);
  const pending = alert.state === "PENDING";
  const mayFire = policy.noData.act === "FIRE" && alert.emptyRun > 0;
  if (!pending && mayFire) {
    const severity = policy.noData.severity;
    return step(seen, { alert: { ...alert, severity }, transitions }, "PENDING", "NO_DATA", signal.bucket.atMs);
  }
  if (!pending) return stepped;
  if (evidence === "EMPTY" && policy.noData.act === "RESOLVE" && isMissing(policy, alert))
    return step(seen, { alert: { ...alert, recent: "" }, transitions }, "OK", goneReason(signal));
  const stillMay = mayFire || countOf(alert, "B", policy.fire.n) > 0;
  return stillMay ? stepped : step(seen, stepped, "OK", "RETURNED_BEFORE_FIRING");
};

const breachedAgain = (seen: Seen, { alert, transitions }: Stepped, breach: Severity): Stepped => {
  const { policy, signal, evidence } = seen;
  const cause = evidence === "EMPTY" ? alert.cause : "BREACH";
  const seenAgain = { ...alert, cause, lastBreachMs: signal.bucket.untilMs };
  const reason = evidence === "EMPTY" ? "NO_DATA_LONG_ENOUGH" : "BREACHED_AGAIN";
  const back = alert.acknowledged ? "ACKNOWLEDGED" : "FIRING";
  const stepped: Stepped = { alert: seenAgain, transitions };
  const returned = alert.state === "RESOLVING" ? step(seen, stepped, back, reason) : stepped;
  if (!isWorse(breach, alert.severity)) return returned;
  const { untilMs } = signal.bucket;
  return record(
    policy,
    { ...returned, alert: { ...returned.alert, severity: breach } },
    { to: back, reason: "SEVERITY_ROSE", atMs: untilMs, wallMs: signal.atMs, worth: true },
  );
};

/** A bucket of a series whose episode lasts. */
const whileOpen = (seen: Seen, stepped: Stepped): Stepped => {
  const { policy, evidence, breach, signal } = seen;
  const { alert } = stepped;
  const { atMs, untilMs } = signal.bucket;
  if (breach !== null) return breachedAgain(seen, stepped, breach);
  if (evidence === "EMPTY" && policy.noData.act === "RESOLVE" && isMissing(policy, alert))
    return end(seen, stepped, goneReason(signal));
  const resolving = alert.state === "RESOLVING";
  const quietSinceMs = resolving ? alert.sinceMs : atMs;
  const quiet = untilMs - quietSinceMs >= policy.clear.quietMs;
  if (evidence === "CLEAR" && quiet && hasQuorum(alert, "C", policy.clear))
    return end(seen, stepped, "RETURNED_LONG_ENOUGH");
  const forgotten = policy.autoResolveMs !== null && untilMs - (alert.lastBreachMs ?? untilMs) >= policy.autoResolveMs;
  if (forgotten) return end(seen, stepped, "AUTO_RESOLVED");
  return evidence === "CLEAR" && !resolving ? step(seen, stepped, "RESOLVING", "RETURNED", atMs) : stepped;
};

/**
 * The last bucket once more, of a live rule: it was told of while it could still become worse. Nothing but the severity of a breach can, and what it is at last is what the bucket told
 * of once, when it had ended, would have led to.
 */
const toldAgain = (policy: AlertPolicy, alert: AlertState, signal: BucketSignal): Stepped => {
  const same: Stepped = { alert, transitions: [] };
  if (signal.kind !== "FINDING" || signal.live !== true || signal.bucket.untilMs !== alert.lastUntilMs) return same;
  if (evidenceOf(policy, alert, signal) !== "BREACH") return same;
  const severity = severityOf(policy.severity, signal.finding.score, signal.impact);
  if (!isWorse(severity, alert.severity)) return same;
  const worse = { alert: { ...alert, severity }, transitions: [] };
  if (alert.state === "PENDING") return worse;
  if (!isOpen(alert.state)) return same;
  const { untilMs } = signal.bucket;
  const entry = { to: alert.state, reason: "SEVERITY_ROSE", atMs: untilMs, wallMs: signal.atMs, worth: true } as const;
  return record(policy, worse, entry);
};

/** What a bucket leads to. One that ends no later than the last that was taken changes nothing; but the last one of a live rule may become worse. */
export const bucketStep = (policy: AlertPolicy, before: AlertState, signal: BucketSignal): Stepped => {
  const { bucket, atMs } = signal;
  if (before.lastUntilMs !== null && bucket.untilMs <= before.lastUntilMs) return toldAgain(policy, before, signal);
  const stepped = calmed(policy, { alert: before, transitions: [] }, bucket.untilMs, atMs);
  const evidence = evidenceOf(policy, before, signal);
  const alert = withEvidence(policy, stepped.alert, evidence, bucket.untilMs);
  const seen: Seen = { policy, signal, evidence, breach: breachOf(policy, alert, signal, evidence) };
  const taken = { ...stepped, alert };
  return isOpen(alert.state) ? whileOpen(seen, taken) : whileClosed(seen, taken);
};
