import { type Severity } from "./alert.ts";
import type { AlertPolicy, Quorum, SeverityPolicy } from "./alert-policy.ts";
import type { AlertSignal, AlertState } from "./alert-state.ts";
import { isOpen, isWorse } from "./telling.ts";

/** A signal of a bucket. */
export type BucketSignal = Extract<AlertSignal, { readonly kind: "FINDING" | "NO_SERIES" }>;

/** What a bucket says. HELD: neither in breach nor normal. EMPTY: without data. LEARNING: the detector can't judge yet. */
export type Evidence = "BREACH" | "HELD" | "CLEAR" | "EMPTY" | "LEARNING";

const LETTERS = { BREACH: "B", HELD: "H", CLEAR: "C", EMPTY: "", LEARNING: "" } as const satisfies Record<
  Evidence,
  string
>;

const judged = (policy: AlertPolicy, signal: BucketSignal): Evidence => {
  if (signal.kind === "NO_SERIES") return "EMPTY";
  const { outcome, score } = signal.finding;
  if (outcome === "NO_DATA") return "EMPTY";
  if (outcome === "LEARNING") return "LEARNING";
  if (outcome === "ANOMALOUS" && score >= policy.fire.score) return "BREACH";
  return score < policy.clear.score ? "CLEAR" : "HELD";
};

/** What a bucket says for the alert as it stands: where data were missing, any are the return to normal that is waited for. */
export const evidenceOf = (policy: AlertPolicy, alert: AlertState, signal: BucketSignal): Evidence => {
  const evidence = judged(policy, signal);
  const missed = alert.cause === "NO_DATA" && (isOpen(alert.state) || alert.awaitsReturn);
  return missed && (evidence === "HELD" || evidence === "LEARNING") ? "CLEAR" : evidence;
};

/** The alert after a bucket's evidence is taken down, before anything follows from it. */
export const withEvidence = (
  policy: AlertPolicy,
  alert: AlertState,
  evidence: Evidence,
  untilMs: number,
): AlertState => ({
  ...alert,
  lastUntilMs: untilMs,
  recent: `${alert.recent}${LETTERS[evidence]}`.slice(-Math.max(policy.fire.n, policy.clear.n)),
  emptyRun: evidence === "EMPTY" ? alert.emptyRun + 1 : 0,
});

/** How many of the last `n` judged buckets are of a kind. */
export const countOf = ({ recent }: AlertState, letter: "B" | "C", n: number): number =>
  recent.slice(-n).split(letter).length - 1;

/** Whether enough of the last judged buckets are of a kind. */
export const hasQuorum = (alert: AlertState, letter: "B" | "C", { k, n }: Quorum): boolean =>
  countOf(alert, letter, n) >= k;

/** Whether data have been missing for as long as the policy bears. */
export const isMissing = ({ noData }: AlertPolicy, { emptyRun }: AlertState): boolean =>
  emptyRun >= noData.afterBuckets;

/** How bad a bucket in breach is. */
export const severityOf = ({ base, bands }: SeverityPolicy, score: number, impact: number | null): Severity =>
  bands.reduce<Severity>((worst, { by, atLeast, severity }) => {
    const measured = by === "SCORE" ? score : impact;
    return measured !== null && measured >= atLeast && isWorse(severity, worst) ? severity : worst;
  }, base);
