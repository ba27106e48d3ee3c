import { z } from "zod";
import { refuse } from "@tessera/platform/errors/refusal";
import type { ReadPoint } from "./read-watched.ts";
import type { WatchedGroup, WatchedPoint } from "./watched-series.ts";
import type { VALUE_NAMES } from "./watched-value.ts";

const asked = z.looseObject({
  field: z.string().nullish(),
  segments: z.array(z.object({ name: z.string(), version: z.number().nullish() })).nullish(),
});

/** A funnel's breakdown as it was asked for. */
export interface AskedBreakdown {
  readonly asked: Readonly<Record<string, unknown>>;
  /** Left out: groups are cohorts and segments. */
  readonly field?: string;
  /** Names of the segments, in their order: with their version where a version was asked for. */
  readonly segments: readonly string[];
}

/** Reads a funnel's breakdown, which was coerced to its type of the SDL; null where there is none. */
export const readBreakdown = (input: unknown): AskedBreakdown | null => {
  if (input === null || input === undefined) return null;
  const read = asked.parse(input);
  const { field, segments } = read;
  return {
    asked: read,
    ...(field === null || field === undefined ? {} : { field }),
    segments: (segments ?? []).map(({ name, version }) =>
      version === null || version === undefined ? name : `${name}@${version}`,
    ),
  };
};

const resultShape = z.object({ steps: z.array(z.object({ reached: z.number() })) });
const funnelShape = z.object({
  result: resultShape,
  groups: z.array(z.object({ value: z.string().nullable(), cohortId: z.string().nullable(), result: resultShape })),
  groupCount: z.number(),
  others: resultShape.nullable(),
});

type Name = (typeof VALUE_NAMES)["FUNNEL"][number];

const pointOf = ({ steps }: z.infer<typeof resultShape>, name: Name, step: number | null): WatchedPoint => {
  if (step !== null && !(Number.isInteger(step) && step >= 1 && step <= steps.length))
    throw refuse("BAD_INPUT", `The funnel has the steps 1 to ${steps.length}.`, { field: "input.value.step" });
  const at = (index: number): number => steps[index]?.reached ?? 0;
  const [entered, reached] = [at(0), at((step ?? steps.length) - 1)];
  const rate = entered === 0 ? null : reached / entered;
  return { value: name === "conversionRate" ? rate : name === "entered" ? entered : reached, samples: entered };
};

/** Reads what came of those who entered in one bucket: of all, or of each group; of values of a field what is beyond those that are told, too. */
export const readFunnelBucket = (
  answer: unknown,
  name: Name,
  of: {
    readonly step: number | null;
    readonly breakdown: AskedBreakdown | null;
    readonly atMs: number;
    readonly complete: boolean;
  },
): {
  readonly points: readonly ReadPoint[];
  readonly more: boolean;
  readonly fewest: number;
  readonly rest: WatchedPoint | null;
} => {
  const { step, breakdown, atMs, complete } = of;
  const { result, groups, groupCount, others } = funnelShape.parse(answer);
  const told = { atMs, complete };
  if (breakdown === null) {
    const points = [{ ...told, group: [], point: pointOf(result, name, step) }];
    return { points, more: false, fewest: 1, rest: null };
  }
  const { field, segments } = breakdown;
  const cohorts = groups.filter(({ cohortId }) => cohortId !== null).length;
  const groupOf = ({ value, cohortId }: (typeof groups)[number], place: number): WatchedGroup => {
    if (field !== undefined) return [{ name: field, value }];
    if (cohortId !== null) return [{ name: "cohort", value: cohortId }];
    return [{ name: "segment", value: segments[place - cohorts] ?? null }];
  };
  const more = field !== undefined && groupCount > groups.length;
  return {
    points: groups.map((group, place) => ({
      ...{ ...told, group: groupOf(group, place), point: pointOf(group.result, name, step) },
    })),
    ...{ more, fewest: groupCount },
    rest: more && others !== null ? pointOf(others, name, step) : null,
  };
};
