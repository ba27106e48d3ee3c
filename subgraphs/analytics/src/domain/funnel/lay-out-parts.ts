import { benjaminiHochberg, holm } from "@tessera/platform/statistics/multiple-tests";
import { compareAll, compareTwo, differenceInterval, oddsRatio, type TwoByTwo } from "../statistics.ts";
import { formatInZone } from "../zone.ts";
import type {
  FunnelAnswer,
  FunnelContrast,
  FunnelCorrelate,
  FunnelDropOff,
  FunnelGroupsTest,
  FunnelTrendResult,
} from "./funnel-answer.ts";
import { requiredSteps, type Funnel, type FunnelMembers } from "./funnel.ts";
import { addCounts, layOutResult, scaled } from "./lay-out-result.ts";
import { emptyCounts as noCounts, type Counts, type Tally, type WithSomething } from "./tally.ts";

const outcome = ({ reached }: Counts) => ({ successes: reached.at(-1) ?? 0, total: reached[0] ?? 0 });

const againstRest = (counts: Counts, all: Counts): TwoByTwo => {
  const [own, everyone] = [outcome(counts), outcome(all)];
  const otherSuccesses = everyone.successes - own.successes;
  return {
    successes: own.successes,
    failures: own.total - own.successes,
    otherSuccesses,
    otherFailures: everyone.total - own.total - otherSuccesses,
  };
};

/** Each group's conversion against that of all other units; what can't be compared is left out of the correction too. */
const contrasts = (groups: readonly Counts[], all: Counts): readonly (FunnelContrast | null)[] => {
  const compared = groups.map((counts) => {
    const table = againstRest(counts, all);
    const tested = compareTwo(table);
    const { successes, failures, otherSuccesses, otherFailures } = table;
    if (tested === null) return null;
    const difference = successes / (successes + failures) - otherSuccesses / (otherSuccesses + otherFailures);
    return { ...tested, difference, interval: differenceInterval(table) };
  });
  const known = compared.filter((one) => one !== null);
  const adjusted = holm(known.map(({ p }) => p));
  return compared.map((one) => (one === null ? null : { ...one, pAdjusted: adjusted[known.indexOf(one)] ?? 1 }));
};

const valueOf = (text: string): string | null => (text === "" ? null : text.slice(1));

/** Groups by units that entered, the most first; then by value, missing last. */
const bySize = ([a, one]: readonly [string, Counts], [b, other]: readonly [string, Counts]): number =>
  (other.reached[0] ?? 0) - (one.reached[0] ?? 0) || Number(a === "") - Number(b === "") || (a < b ? -1 : 1);

/** Whether every unit that entered is in one group alone, so that the groups can be tested against each other. */
const areDisjoint = (groups: readonly Counts[], all: Counts): boolean =>
  groups.reduce((sum, counts) => sum + outcome(counts).total, 0) === outcome(all).total;

/** The groups of cohorts and segments as they were asked for; a unit counts in each it is of, and in `others` when it is of none. */
const layOutMembers = (
  funnel: Funnel,
  members: readonly FunnelMembers[],
  { all, groups }: Tally,
): Pick<FunnelAnswer, "groups" | "groupCount" | "others" | "groupsTest"> => {
  const counted = members.map((_one, place) => groups.get(String(place)) ?? noCounts(funnel.steps.length));
  const none = groups.get("");
  const versus = contrasts(counted, all);
  const disjoint = areDisjoint([...counted, ...(none === undefined ? [] : [none])], all);
  return {
    groups: members.map(({ cohortId, segment }, place) => ({
      ...{ value: null, cohortId, segment },
      result: layOutResult(funnel, counted[place] ?? noCounts(funnel.steps.length)),
      versusRest: versus[place] ?? null,
    })),
    groupCount: members.length,
    others: none === undefined ? null : layOutResult(funnel, none),
    groupsTest: disjoint ? testOf(counted) : null,
  };
};

const testOf = (groups: readonly Counts[]): FunnelGroupsTest | null => {
  const tested = compareAll(groups.map(outcome));
  return tested === null ? null : { chiSquare: tested.chiSquare, degreesOfFreedom: tested.freedom, p: tested.p };
};

/** The groups of a breakdown: the largest, the others together, and whether they differ. */
export const layOutGroups = (
  funnel: Funnel,
  tally: Tally,
): Pick<FunnelAnswer, "groups" | "groupCount" | "others" | "groupsTest"> => {
  if (funnel.breakdown?.kind === "MEMBERS") return layOutMembers(funnel, funnel.breakdown.members, tally);
  const { all, groups } = tally;
  const ordered = [...groups].toSorted(bySize);
  const shown = ordered.slice(0, funnel.breakdown?.first ?? 0);
  const rest = ordered.slice(shown.length).map(([, counts]) => counts);
  const versus = contrasts(
    shown.map(([, counts]) => counts),
    all,
  );
  return {
    groups: shown.map(([value, counts], index) => ({
      ...{ value: valueOf(value), cohortId: null, segment: null },
      result: layOutResult(funnel, counts),
      versusRest: versus[index] ?? null,
    })),
    groupCount: groups.size,
    others: rest.length === 0 ? null : layOutResult(funnel, addCounts(rest, funnel.steps.length)),
    groupsTest: testOf(shown.map(([, counts]) => counts)),
  };
};

/** Entries by calendar bucket; complete where every entry had the whole window within the range and before now. */
export const layOutTrend = (funnel: Funnel, { trend }: Tally, asOfMs: number): FunnelTrendResult | null => {
  if (funnel.trend === null) return null;
  const { buckets, offsetAt } = funnel.trend;
  const { fromMs, toMs } = funnel.range;
  const known = Math.min(toMs, asOfMs);
  const at = (bucket: number, step: number): number => trend.get(bucket)?.[step] ?? 0;
  return {
    buckets: buckets.startsMs.map((ms) => formatInZone(ms, offsetAt)),
    complete: buckets.startsMs.map((start, index) => {
      const end = buckets.startsMs[index + 1] ?? buckets.endMs;
      return funnel.windowMs !== null && start >= fromMs && end + funnel.windowMs <= known;
    }),
    steps: funnel.steps.map(({ label }, step) => ({
      number: step + 1,
      label,
      reached: buckets.startsMs.map((_start, bucket) => scaled(funnel, at(bucket, step))),
    })),
    conversion: buckets.startsMs.map((_start, bucket) =>
      at(bucket, 0) === 0 ? null : at(bucket, funnel.steps.length - 1) / at(bucket, 0),
    ),
  };
};

/** What units did next that got no further, step by step; the numbers of a step add up to its drop-off. */
export const layOutDropOffs = (funnel: Funnel, { next }: Tally): readonly Omit<FunnelDropOff, "paths">[] => {
  const most = funnel.dropOffs;
  if (most === null) return [];
  return requiredSteps(funnel)
    .slice(0, -1)
    .map((step, index) => {
      const names = [...(next.get(index + 1) ?? [])].toSorted(
        ([a, one], [b, other]) => other - one || Number(a === "") - Number(b === "") || (a < b ? -1 : 1),
      );
      const shown = names
        .slice(0, most)
        .map(([name, units]) => ({ name: name === "" ? null : name, units: scaled(funnel, units) }));
      const droppedOff = scaled(
        funnel,
        names.reduce((sum, [, units]) => sum + units, 0),
      );
      return {
        step: step + 1,
        label: funnel.steps[step]?.label ?? "",
        droppedOff,
        next: shown,
        others: Math.max(0, droppedOff - shown.reduce((sum, { units }) => sum + units, 0)),
      };
    });
};

interface Candidate {
  readonly kind: "EVENT" | "FIELD";
  readonly field: string | null;
  readonly value: string | null;
  readonly counts: WithSomething;
}

const candidatesOf = (funnel: Funnel, names: readonly string[], { events, fields }: Tally): readonly Candidate[] => [
  ...names.flatMap((value, index): readonly Candidate[] => {
    const counts = events[index];
    return counts === undefined ? [] : [{ kind: "EVENT", field: null, value, counts }];
  }),
  ...fields.flatMap((values, index) =>
    [...values]
      .toSorted(
        ([a, one], [b, other]) =>
          other.converted + other.notConverted - one.converted - one.notConverted || (a < b ? -1 : 1),
      )
      .slice(0, funnel.correlation?.values ?? 0)
      .map(([value, counts]): Candidate => ({
        kind: "FIELD",
        field: funnel.correlation?.fields[index]?.name ?? null,
        value: valueOf(value),
        counts,
      })),
  ),
];

/** What goes with converting: of the candidates that can be compared, the surest first; p-values corrected for how many were tried. */
export const layOutCorrelation = (
  funnel: Funnel,
  names: readonly string[],
  tally: Tally,
): readonly FunnelCorrelate[] => {
  if (funnel.correlation === null) return [];
  const { successes: converted, total } = outcome(tally.all);
  const compared = candidatesOf(funnel, names, tally).flatMap(({ counts, ...candidate }) => {
    const table: TwoByTwo = {
      successes: counts.converted,
      failures: counts.notConverted,
      otherSuccesses: converted - counts.converted,
      otherFailures: total - converted - counts.notConverted,
    };
    const tested = compareTwo(table);
    return tested === null ? [] : [{ candidate, table, ...tested, ...oddsRatio(table) }];
  });
  const adjusted = benjaminiHochberg(compared.map(({ p }) => p));
  return compared
    .map(({ candidate, table, p, test, ratio, interval }, index) => ({
      ...candidate,
      convertedWith: scaled(funnel, table.successes),
      convertedWithout: scaled(funnel, table.otherSuccesses),
      notConvertedWith: scaled(funnel, table.failures),
      notConvertedWithout: scaled(funnel, table.otherFailures),
      oddsRatio: ratio,
      oddsRatioInterval: interval,
      test,
      p,
      pAdjusted: adjusted[index] ?? 1,
    }))
    .toSorted((a, b) => a.p - b.p || Math.abs(Math.log(b.oddsRatio)) - Math.abs(Math.log(a.oddsRatio)));
};
