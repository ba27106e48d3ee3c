import { labelOf, labelTest } from "../silences/matcher.ts";
import type { Inhibition } from "../silences/inhibition.ts";
import type { Incident, LinkReason, Sign } from "./incident.ts";

/** How much each likeness weighs, and from which score on two incidents are linked: time alone never links. */
const WEIGHTS = { SAME_LABELS: 0.5, SAME_TIME: 0.3, SHARED_UPSTREAM: 0.2 } as const satisfies Partial<
  Record<LinkReason, number>
>;
/** See {@link WEIGHTS}. */
export const LINK_SCORE = 0.5;
/** Incidents that began this far apart have no likeness of time. */
const TIME_REACH_MS = 3_600_000;

/** What two incidents are compared by. */
export interface Compared {
  readonly incident: Pick<Incident, "beganAtMs">;
  readonly signs: readonly Pick<Sign, "labels" | "ruleId" | "fingerprint">[];
}

/** How alike two incidents are. */
export interface Likeness {
  readonly score: number;
  readonly reasons: readonly LinkReason[];
}

/** Labels that say nothing of a cause. */
const OWN_LABELS = new Set(["rule", "severity"]);

const labelPairs = ({ signs }: Compared): ReadonlySet<string> =>
  new Set(
    signs.flatMap(({ labels }) =>
      Object.entries(labels)
        .filter(([label, value]) => !OWN_LABELS.has(label) && value !== "")
        .map((pair) => JSON.stringify(pair)),
    ),
  );

/** Share of label values of either that both have (Jaccard's index); 0 where neither has any. */
const sameLabels = (one: Compared, other: Compared): number => {
  const [a, b] = [labelPairs(one), labelPairs(other)];
  const shared = [...a].filter((pair) => b.has(pair)).length;
  const either = a.size + b.size - shared;
  return either === 0 ? 0 : shared / either;
};

const sameTime = (one: Compared, other: Compared): number =>
  Math.max(0, 1 - Math.abs(one.incident.beganAtMs - other.incident.beganAtMs) / TIME_REACH_MS);

const isParent = ({ source, target, equal }: Inhibition, parents: Compared, children: Compared): boolean => {
  const [isSource, isTarget] = [labelTest(source), labelTest(target)];
  const below = children.signs.filter(({ labels }) => isTarget(labels));
  return parents.signs.some(
    (parent) =>
      isSource(parent.labels) &&
      below.some((child) => equal.every((label) => labelOf(child.labels, label) === labelOf(parent.labels, label))),
  );
};

const sharesUpstream = (one: Compared, other: Compared, inhibitions: readonly Inhibition[]): boolean => {
  const rules = new Set(one.signs.map(({ ruleId }) => ruleId));
  return (
    other.signs.some(({ ruleId }) => rules.has(ruleId)) ||
    inhibitions.some((inhibition) => isParent(inhibition, one, other) || isParent(inhibition, other, one))
  );
};

/**
 * How alike two incidents are, from 0 to 1: half of it the share of label values they have in common, three tenths how near to one another they began (an hour apart is nothing), two
 * tenths whether they share what lies above: a rule, or an inhibition whose parent the one has and whose child the other.
 */
export const likenessOf = (one: Compared, other: Compared, inhibitions: readonly Inhibition[]): Likeness => {
  const parts = {
    SAME_LABELS: sameLabels(one, other),
    SAME_TIME: sameTime(one, other),
    SHARED_UPSTREAM: sharesUpstream(one, other, inhibitions) ? 1 : 0,
  };
  const reasons = (["SAME_LABELS", "SAME_TIME", "SHARED_UPSTREAM"] as const).filter((reason) => parts[reason] > 0);
  const score = reasons.reduce((sum, reason) => sum + WEIGHTS[reason] * parts[reason], 0);
  return { score: Math.round(score * 1_000) / 1_000, reasons };
};
