import type { Caller } from "@tessera/contracts/caller";
import type { NowMs } from "@tessera/platform/time/clock";
import { accessOf } from "../domain/access.ts";
import { fieldsOfUnit } from "../domain/analysis-unit.ts";
import { approximationOf, COSTLY_EVENT, samplingOf } from "../domain/asked-part.ts";
import { behaviourSource } from "../domain/behaviour-source.ts";
import { fieldsOfMatcher, type EventMatcher } from "../domain/event-matcher.ts";
import type { Field } from "../domain/field.ts";
import { sampledUnits, sliceSize, slicesOf } from "../domain/funnel/unit-slice.ts";
import { pathTask, type PathParts } from "../domain/paths/count-paths.ts";
import { parsePaths } from "../domain/paths/parse-paths.ts";
import type { PathsAnswer } from "../domain/paths/paths-answer.ts";
import type { PathsInput } from "../domain/paths/paths-input.ts";
import {
  hasOnePath,
  isBackward,
  LABEL_SEPARATOR,
  NO_LABEL,
  PATH_LIMITS,
  PATH_MARKS,
  type PathsQuestion,
} from "../domain/paths/paths.ts";
import { provenanceOf, type Cost, type Provenance } from "../domain/provenance.ts";
import type { FrequentLabels } from "../store/paths-sql.ts";
import type { PathsPlace, PathsStore, StoredLabel } from "../store/paths-store.ts";
import { readPart } from "./asked-part.ts";
import { withCount, type Counted, type Counting } from "./counting.ts";
import { askedEffort, refuseBeyond, type Effort, type TooMany } from "./effort.ts";
import { readSlices } from "./read-slices.ts";

const fieldsOf = (question: PathsQuestion): readonly Field[] => {
  const { steps, excluded, start, end, goal } = question;
  const given = [...steps, ...excluded, start?.matcher ?? null, end?.matcher ?? null, goal];
  return [
    ...given.filter((one): one is EventMatcher => one !== null).flatMap(fieldsOfMatcher),
    ...fieldsOfUnit(question.unit),
    ...question.labels,
    ...(question.apart?.fields ?? []),
  ];
};

const tooManyOf = ({ unit, sample }: PathsQuestion): TooMany => ({
  what: "The paths would be looked for among",
  narrower: "take a shorter range or fewer `steps`",
  fast: unit.kind === "PERSON" && sample === 1,
  sample: unit.kind === "PERSON" ? sample : null,
});

/** What answering `paths` needs. */
export interface PathsDeps {
  readonly paths: PathsStore;
  readonly counting: Counting;
  readonly nowMs: NowMs;
  /** How much may be looked at; what is when somebody waits for the answer unless it says another. */
  readonly effort?: Effort;
}

interface Reading {
  readonly store: PathsStore;
  readonly caller: Caller;
  readonly question: PathsQuestion;
  readonly place: PathsPlace;
  readonly frequent: FrequentLabels;
  readonly effort: Effort;
  readonly signal: AbortSignal | undefined;
}

/** Hands the units of each slice to be counted while the store reads the next ones. */
const readUnits = (
  { store, caller, question, place, frequent, effort, signal }: Reading,
  events: number,
  count: Counted<"PATHS">,
): Promise<readonly Cost[]> => {
  const usual = place.terms.onePath ? CUT_SLICE_EVENTS : SLICE_EVENTS;
  const size = effort.sliceEvents ?? sliceSize(question.unit.kind, events, usual);
  const slices = events === 0 ? [] : slicesOf(sampledUnits(question), events, size);
  return readSlices(
    slices,
    (slice) => effort.ask(() => store.units(caller, question, place, { slice, frequent }, signal)),
    async ({ bytes }) => {
      await count.add({ form: "COLUMNS", bytes });
    },
    effort.begin(events, slices.length, tooManyOf(question)),
  );
};

const placeOf = (question: PathsQuestion, table: PathsPlace["table"]): PathsPlace => ({
  table,
  terms: {
    ...{ noLabel: NO_LABEL, separator: LABEL_SEPARATOR, marks: PATH_MARKS, backward: isBackward(question) },
    // Steps are listed, and told apart, by their places among all events that are looked at.
    onePath: hasOnePath(question) && question.behind === null && question.apart === null,
    labelCharacters: PATH_LIMITS.labelCharacters,
    unitEvents: PATH_LIMITS.unitEvents,
    namedLabels: PATH_LIMITS.namedLabels,
  },
});

/** Events one slice is meant to hold: some megabytes in columns, some tens of milliseconds of a process at a time. */
const SLICE_EVENTS = 200_000;
/** The same where the store cuts each unit to what is told of it, so that few of a slice travel. */
const CUT_SLICE_EVENTS = 500_000;

/** Stands for bytes that are no text. */
const NO_TEXT = "\uFFFD";

/** Labels as values of the one field they are of, and the missing value as what it is labelled; null where a label may be of several values. */
const valuesOf = (
  { labels: fields, rules }: PathsQuestion,
  labels: readonly StoredLabel[],
): FrequentLabels["values"] => {
  const [field] = fields;
  if (fields.length !== 1 || rules.length > 0 || field?.kind !== "COLUMN" || field.type !== "TEXT") return null;
  if (labels.length > PATH_LIMITS.valueLabels) return null;
  if (labels.some(({ label }) => label.length >= PATH_LIMITS.labelCharacters || label.includes(NO_TEXT))) return null;
  const values = labels.map(({ label }, index) => ({ value: label, place: index + 1 }));
  return [...values, ...values.filter(({ value }) => value === NO_LABEL).map(({ place }) => ({ value: "", place }))];
};

/** Names by the code that travels: of the most frequent labels their place, of the others their hash. */
const namesOf = (labels: readonly StoredLabel[]): ReadonlyMap<number, string> =>
  new Map(labels.map(({ label, code }, place) => [place < PATH_LIMITS.shortLabels ? place + 1 : code, label]));

/** Paths that were counted, and how they were read. */
export interface CountedPaths {
  readonly parts: PathParts;
  readonly question: PathsQuestion;
  readonly place: PathsPlace;
  readonly frequent: FrequentLabels;
  readonly provenance: Provenance;
}

/** Counts the paths of a validated question: reads which labels there are, then each unit's events slice by slice. */
export const countPaths =
  (deps: PathsDeps) =>
  async (caller: Caller, asked: PathsQuestion, signal?: AbortSignal): Promise<CountedPaths> => {
    const { table, rejected } = behaviourSource(fieldsOf(asked), caller.dataPolicy);
    const [asOfMs, place] = [deps.nowMs(), placeOf(asked, table)];
    const part = await readPart(asked.asked, () => deps.paths.estimate(caller, asked, place, signal), COSTLY_EVENT);
    const question = { ...asked, sample: part.fraction };
    const effort = deps.effort ?? askedEffort(deps.nowMs);
    const labels = await effort.ask(() => deps.paths.labels(caller, question, place, sampledUnits(question), signal));
    const events = labels.rows[0]?.events ?? 0;
    refuseBeyond(effort, events, tooManyOf(question));
    const frequent = {
      codes: labels.rows.slice(0, PATH_LIMITS.shortLabels).map(({ code }) => code),
      areAll: labels.rows.length <= PATH_LIMITS.shortLabels,
      values: valuesOf(question, labels.rows),
    };
    const task = { kind: "PATHS", ...pathTask(question, namesOf(labels.rows)) } as const;
    const about = { tenantId: caller.tenantId, events, signal };
    const reading = { store: deps.paths, caller, question, place, frequent, effort, signal };
    const { parts, costs } = await withCount(deps.counting, task, about, (count) => readUnits(reading, events, count));
    const { unitsInSample } = parts;
    const facts = {
      parts: [{ table, ...question.range }],
      rejected,
      approximations: approximationOf(part, "paths", unitsInSample),
    };
    const provenance = provenanceOf(
      ...([facts, [labels.statistics, ...costs], asOfMs, question.timeZone, caller.dataPolicy] as const),
      samplingOf(part, unitsInSample),
    );
    return { parts, question, place, frequent, provenance };
  };

/** Answers `paths`: validates, counts, and lays the paths out. */
export const queryPaths =
  (deps: PathsDeps) =>
  async (caller: Caller, input: PathsInput, signal?: AbortSignal): Promise<PathsAnswer> => {
    const { parts, provenance } = await countPaths(deps)(caller, parsePaths(input, accessOf(caller)), signal);
    const { unitsInSample: _unitsInSample, behind: _behind, apart: _apart, ...told } = parts;
    return { ...told, provenance };
  };
