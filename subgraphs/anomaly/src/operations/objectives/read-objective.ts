import type { Caller } from "@tessera/contracts/caller";
import type {
  AskAnalytics,
  WatchedAnswer,
  WatchedProvenance,
  WatchedQuestion,
  WatchedSeries,
} from "@tessera/contracts/watched-series";
import type { NowMs } from "@tessera/platform/time/clock";
import { countsIn } from "../../domain/detectors/burn-rate.ts";
import { badOf, questionOfIndicator } from "../../domain/objectives/objective-question.ts";
import {
  reportOf,
  spanOf,
  type Counted,
  type CountedBucket,
  type ObjectiveReport,
  type ReportSpan,
} from "../../domain/objectives/objective-report.ts";
import type { Objective, SavedObjective } from "../../domain/objectives/objective.ts";
import type { SeriesGroup } from "../../domain/rules/series.ts";

/** Groups whose minutes are read at most: many more than are told, so that those that were the heaviest by hours are among them. */
const MAX_GROUPS_OF_MINUTES = 200;

/** What reading an objective needs. */
export interface ReadObjectiveDeps {
  readonly askAnalytics: Pick<AskAnalytics, "watchedSeries">;
  readonly nowMs: NowMs;
}

/** Where an answer comes from, and which version of the objective it is of. */
export interface ObjectiveProvenance {
  readonly asOfMs: number;
  readonly exact: boolean;
  readonly tables: readonly string[];
  readonly version: number;
}

/** How an objective stands, with where that was read. */
export interface ReadObjective extends ObjectiveReport {
  readonly readFrom: ObjectiveProvenance;
}

/** How the groups of an objective stand, each held to it by itself. */
export interface ReadGroups {
  readonly groups: readonly (ReadObjective & { readonly group: SeriesGroup })[];
  /** Groups there were in the window, told or not. */
  readonly groupCount: number;
  readonly readFrom: ObjectiveProvenance;
}

const iso = (ms: number): string => new Date(ms).toISOString();

/** Both answers of one reading: of hours that are over, and of minutes; null where there are none to be read. */
interface Answers {
  readonly hours: WatchedAnswer | null;
  readonly minutes: WatchedAnswer | null;
}

const asked = (
  { indicator, timeZone }: Objective,
  {
    granularity,
    fromMs,
    toMs,
  }: { readonly granularity: "HOUR" | "MINUTE"; readonly fromMs: number; readonly toMs: number },
  groups: { readonly by: string | null; readonly most: number; readonly heaviestFromMs: number | null },
): WatchedQuestion => ({
  ...questionOfIndicator(indicator, groups.by),
  ...{ granularity, timeZone, maxSeries: groups.most, from: iso(fromMs), to: iso(toMs) },
  heaviestFrom: groups.heaviestFromMs === null ? null : iso(groups.heaviestFromMs),
  allowUnknown: true,
});

const ask = async (
  { askAnalytics }: ReadObjectiveDeps,
  caller: Caller,
  { objective, span, by }: { readonly objective: Objective; readonly span: ReportSpan; readonly by: string | null },
  signal: AbortSignal | undefined,
): Promise<Answers> => {
  const { untilMs, fromMs, hoursFromMs, openMs, minutesFromMs } = span;
  const watched = (question: WatchedQuestion) => askAnalytics.watchedSeries(caller, question, signal);
  const most = by === null ? 1 : objective.maxGroups;
  const mostOfMinutes = by === null ? 1 : MAX_GROUPS_OF_MINUTES;
  const [hours, minutes] = await Promise.all([
    hoursFromMs < openMs
      ? watched(
          asked(
            objective,
            { granularity: "HOUR", fromMs: hoursFromMs, toMs: openMs },
            { by, most, heaviestFromMs: null },
          ),
        )
      : null,
    minutesFromMs === null
      ? null
      : watched(
          asked(
            objective,
            { granularity: "MINUTE", fromMs: minutesFromMs, toMs: untilMs },
            { by, most: mostOfMinutes, heaviestFromMs: by === null ? null : Math.min(fromMs, minutesFromMs) },
          ),
        ),
  ]);
  return { hours, minutes };
};

const bucketsIn = (
  { indicator }: Objective,
  answer: WatchedAnswer | null,
  series: Pick<WatchedSeries, "values" | "samples"> | undefined,
): readonly CountedBucket[] =>
  (answer?.bucketsMs ?? []).map((fromMs, place) => {
    const value = series === undefined ? (answer?.emptyValue ?? null) : (series.values[place] ?? null);
    const counts = countsIn(badOf(indicator), { value, samples: series?.samples[place] ?? null });
    return { ...counts, fromMs, toMs: answer?.endsMs[place] ?? fromMs };
  });

const provenanceOf = (
  saved: SavedObjective,
  { untilMs }: ReportSpan,
  { hours, minutes }: Answers,
): ObjectiveProvenance => {
  const told = [hours?.provenance, minutes?.provenance].filter(
    (one): one is WatchedProvenance => one !== null && one !== undefined,
  );
  return {
    asOfMs: Math.min(untilMs, ...told.map(({ asOf }) => Date.parse(asOf))),
    exact: told.every(({ exactness }) => exactness === "EXACT"),
    tables: [...new Set(told.flatMap(({ tables }) => tables))],
    version: saved.version,
  };
};

/** How an objective stands now, all its groups together, asked as the caller. */
export const readObjective =
  (deps: ReadObjectiveDeps) =>
  async (caller: Caller, saved: SavedObjective, signal?: AbortSignal): Promise<ReadObjective> => {
    const { definition: objective } = saved;
    const span = spanOf(objective, deps.nowMs());
    const answers = await ask(deps, caller, { objective, span, by: null }, signal);
    const counted: Counted = {
      hours: bucketsIn(objective, answers.hours, answers.hours?.series[0]),
      minutes: bucketsIn(objective, answers.minutes, answers.minutes?.series[0]),
    };
    return { ...reportOf(objective, span, counted), readFrom: provenanceOf(saved, span, answers) };
  };

const keyOf = (group: SeriesGroup): string => JSON.stringify(group.map(({ value }) => value));

/** How each group of an objective stands, the heaviest of the window; none of an objective that has no groups. */
export const readGroups =
  (deps: ReadObjectiveDeps) =>
  async (caller: Caller, saved: SavedObjective, signal?: AbortSignal): Promise<ReadGroups> => {
    const { definition: objective } = saved;
    const span = spanOf(objective, deps.nowMs());
    if (objective.groupBy === null)
      return { groups: [], groupCount: 0, readFrom: provenanceOf(saved, span, { hours: null, minutes: null }) };
    const answers = await ask(deps, caller, { objective, span, by: objective.groupBy }, signal);
    const { hours, minutes } = answers;
    const byMinutes = new Map((minutes?.series ?? []).map((series) => [keyOf(series.group), series]));
    const cut = minutes !== null && minutes.seriesCount > minutes.series.length;
    const told = hours ?? minutes;
    const readFrom = provenanceOf(saved, span, answers);
    const groups = (told?.series ?? []).flatMap(({ group, ...ofHours }) => {
      const ofMinutes = byMinutes.get(keyOf(group));
      // Of a group whose minutes were not read, nothing exact can be said.
      if (ofMinutes === undefined && cut) return [];
      const counted: Counted = {
        hours: hours === null ? [] : bucketsIn(objective, hours, ofHours),
        minutes: bucketsIn(objective, minutes, ofMinutes),
      };
      return [{ ...reportOf(objective, span, counted), readFrom, group }];
    });
    return {
      groups: groups.slice(0, objective.maxGroups),
      groupCount: told?.seriesCount ?? 0,
      readFrom,
    };
  };
