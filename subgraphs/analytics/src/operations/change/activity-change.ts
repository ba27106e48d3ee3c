import { refuse } from "@tessera/platform/errors/refusal";
import { accessOf } from "../../domain/access.ts";
import { ACTIVE_WINDOWS, parseActivity, type ActivityInput, type ActivityQuery } from "../../domain/activity.ts";
import { fieldsOfUnit } from "../../domain/analysis-unit.ts";
import type { ActiveNumber, Reading } from "../../domain/change/reading.ts";
import { EVERYTHING_SINCE_MS } from "../../domain/cohort-window.ts";
import { fieldsOfMatcher } from "../../domain/event-matcher.ts";
import type { TimeRange } from "../../domain/time-range.ts";
import { chooseName, refuseUnusedParts, VALUE_NAMES } from "../../domain/watched/watched-value.ts";
import { namedMembers } from "../cohort-people.ts";
import { resolveNames } from "../in-cohort.ts";
import {
  rangeOf,
  typed,
  type BehaviourChange,
  type BehaviourChangeDeps,
  type BehaviourToExplain,
} from "./behaviour-change.ts";
import { unitChange, type CountedUnits, type UnitChangeDeps } from "./unit-change.ts";

/** What explaining who was active needs. */
export type ActivityChangeDeps = BehaviourChangeDeps & UnitChangeDeps;

/** Calendar periods of a span of activity: each unit is looked at in each of them. */
const MAX_PERIODS = 8;
/** Days that count on a day, it among them. */
const DAYS: Readonly<Record<ActiveNumber, number>> = {
  ...{ daily: 1, weekly: ACTIVE_WINDOWS.week, monthly: ACTIVE_WINDOWS.month, ratio: ACTIVE_WINDOWS.month },
};

/** What of the activity of a span is read, and from where on its events count. */
interface ReadActivity {
  readonly reading: Reading;
  readonly fromMs: number;
  readonly periods: number;
}

/** How a kind of activity is read. */
interface Kind {
  readonly name: string;
  readonly adds: CountedUnits["adds"];
  readonly before: number;
  readonly period: NonNullable<ActivityInput["period"]>;
  readonly read: (query: ActivityQuery, common: Common) => ReadActivity;
}

type Common = Pick<Extract<Reading, { readonly kind: "ACTIVE" }>, "event" | "unit" | "members" | "startsMs">;

/** Places of the periods that are told of, in the calendar that begins before them. */
const placesOf = ({ calendar, buckets }: ActivityQuery): readonly number[] => {
  const before = calendar.startsMs.length - buckets.startsMs.length;
  return buckets.startsMs.map((_start, index) => before + index);
};

const activityChange = async (
  deps: ActivityChangeDeps,
  { caller, input, timeZone, span, held }: BehaviourToExplain,
  { name, adds, before, period, read }: Kind,
): Promise<BehaviourChange> => {
  const asked = { ...typed<ActivityInput>(input), sample: null, fast: null, timeZone };
  const bare = await resolveNames(deps, caller, asked);
  const parse = (one: TimeRange): ActivityQuery =>
    parseActivity({ ...bare, range: rangeOf(one) }, accessOf(caller), { before, period });
  const { cohortId, unit, event, buckets } = parse(span);
  if (buckets.startsMs.length > MAX_PERIODS && before > 0)
    throw refuse("BAD_INPUT", `Activity is explained for at most ${MAX_PERIODS} of its periods: take a shorter span.`, {
      field: "input.to",
    });
  const members =
    cohortId === null ? null : await namedMembers(deps, caller, cohortId, { unit, where: "input.cohort" });
  const nowMs = deps.nowMs();
  return unitChange(deps, {
    ...{ caller, name, timeZone, held, span, adds },
    impact: unit.kind === "PERSON" && adds !== "RATIO" ? "COUNTED" : null,
    units: (one) => {
      const query = parse(one);
      const { reading, fromMs, periods } = read(query, { event, unit, members, startsMs: query.calendar.startsMs });
      // Spans before are told as they were when they were as old as the one that is explained.
      const toMs = Math.max(one.fromMs + 1, Math.min(query.reach.toMs, one.fromMs + nowMs - span.fromMs));
      const reach = { fromMs: reading.kind === "LIFECYCLE" ? EVERYTHING_SINCE_MS : fromMs, toMs };
      const fields = [...fieldsOfUnit(unit), ...fieldsOfMatcher(event)];
      return Promise.resolve({ reading, fields, reach, entries: { fromMs, toMs }, periods, costs: [] });
    },
  });
};

/** A number of `stickiness`: units are told apart by the first event of the first period that they are active in. */
export const stickinessChange = (deps: ActivityChangeDeps, asked: BehaviourToExplain): Promise<BehaviourChange> => {
  refuseUnusedParts(asked.value, null);
  const name = chooseName(asked.value, VALUE_NAMES.STICKINESS, "mean");
  return activityChange(deps, asked, {
    ...{ name, adds: name === "mean" ? "RATIO" : "SUM", before: 0 },
    period: typed<ActivityInput>(asked.input).period ?? "DAY",
    read: ({ reach, minimum }, common) => ({
      reading: { kind: "STICKINESS", number: name, minimum, ...common },
      ...{ fromMs: reach.fromMs, periods: 1 },
    }),
  });
};

/** A number of `activeUsers`, the mean of the span's days: units are told apart by the first event of the days that count. */
export const activeUsersChange = (deps: ActivityChangeDeps, asked: BehaviourToExplain): Promise<BehaviourChange> => {
  refuseUnusedParts(asked.value, null);
  const name = chooseName(asked.value, VALUE_NAMES.ACTIVE_USERS, "daily");
  const isRatio = name === "ratio";
  return activityChange(deps, asked, {
    ...{ name, adds: isRatio ? "RATIO" : "SUM", before: ACTIVE_WINDOWS.month - 1, period: "DAY" },
    read: (query, common) => {
      const places = placesOf(query);
      const fromMs = common.startsMs[(places[0] ?? 0) - DAYS[name] + 1] ?? query.reach.fromMs;
      const reading = { kind: "ACTIVE", number: name, places, days: DAYS[name], ...common } as const;
      return { reading, fromMs, periods: isRatio ? 1 : places.length };
    },
  });
};

/** A number of `lifecycle`, the mean of the span's periods: units are told apart by their first event in the period, those who stay away by their first in the one before. */
export const lifecycleChange = (deps: ActivityChangeDeps, asked: BehaviourToExplain): Promise<BehaviourChange> => {
  refuseUnusedParts(asked.value, null);
  const name = chooseName(asked.value, VALUE_NAMES.LIFECYCLE, null);
  return activityChange(deps, asked, {
    ...{ name, adds: "AMONG", before: 1, period: typed<ActivityInput>(asked.input).period ?? "WEEK" },
    read: (query, common) => {
      const places = placesOf(query);
      const first = (places[0] ?? 1) - (name === "dormant" ? 1 : 0);
      const reading = { kind: "LIFECYCLE", number: name, places, ...common } as const;
      return { reading, fromMs: common.startsMs[first] ?? query.reach.fromMs, periods: places.length };
    },
  });
};
