import type { Caller } from "@tessera/contracts/caller";
import { refuse } from "@tessera/platform/errors/refusal";
import type { Anomaly } from "../../domain/anomaly.ts";
import { rankCorrelated, type CorrelatedEpisode, type EpisodeSeen } from "../../domain/explain/correlated.ts";
import { checkChange, type RecordedChange } from "../../domain/explain/change-record.ts";
import {
  CHANGE_RATE_MS,
  rankChanges,
  type ChangeMoment,
  type RankedChange,
} from "../../domain/explain/changes-near.ts";
import { TOLD_AROUND } from "../../domain/explain/course.ts";
import type { Window } from "../../domain/evaluation.ts";
import { checkPage, pageOf, type Page, type PageArguments } from "../../domain/page.ts";
import type { Rule } from "../../domain/rule.ts";
import { episodeOf } from "../../domain/rules/change-asked.ts";
import type { KeptBucket } from "../../domain/rules/series.ts";
import type { ExplainStore } from "../../store/explain/explain-store.ts";
import { createChangeSourceOperations, storedChanges, type ChangeSourceDeps } from "./change-sources.ts";
import { drawAnomaly } from "./draw-anomaly.ts";
import type { ExplainLoaders } from "./explain-loaders.ts";
import { keptId, soundOf } from "../silences/silence-operations.ts";

/** Time before an anomaly in which others that it is compared with were raised, at least: a day, or as many buckets as are told before it. */
const REACH_MS = 24 * 3_600_000;
/** Things of one kind that are told of one anomaly. */
const MAX_TOLD = 50;

/** What explaining anomalies needs. */
export interface ExplainDeps extends ChangeSourceDeps {
  readonly explained: ExplainStore;
  readonly newId: () => string;
}

const countOf = (first: number): number => {
  if (Number.isInteger(first) && first >= 1 && first <= MAX_TOLD) return first;
  throw refuse("BAD_INPUT", `\`first\` must be between 1 and ${MAX_TOLD}.`, { field: "first" });
};

const widthOf = ({ fromMs, toMs }: Window): number => toMs - fromMs;

/** The span around an episode whose buckets are told. */
const aroundOf = (anomaly: Anomaly): Window => {
  const [{ fromMs, toMs }, width] = [episodeOf(anomaly), widthOf(anomaly.evidence.window)];
  return { fromMs: fromMs - TOLD_AROUND.before * width, toMs: toMs + TOLD_AROUND.after * width };
};

const labelsOf = (rule: Rule | null, { group }: Anomaly): Readonly<Record<string, string>> => ({
  ...rule?.labels,
  ...Object.fromEntries(group.flatMap(({ name, value }) => (value === null ? [] : [[name, value]]))),
});

/** The judged buckets around an episode: those that are kept for good, and what its series still remembers. */
const courseAround =
  ({ explained }: ExplainDeps) =>
  async (anomaly: Anomaly, loaders: ExplainLoaders): Promise<readonly KeptBucket[]> => {
    const { ruleId, fingerprint, tenantId } = anomaly;
    const around = aroundOf(anomaly);
    const [kept, recent] = await Promise.all([
      explained.courses(tenantId, [{ ruleId, fingerprint, ...around }]),
      loaders.bucketsOf(anomaly),
    ]);
    const remembered = recent.filter(({ atMs }) => atMs >= around.fromMs && atMs < around.toMs);
    const all = new Map([...remembered, ...kept].map((bucket) => [bucket.atMs, bucket]));
    return [...all.values()].toSorted((one, other) => one.atMs - other.atMs);
  };

const correlatedWith =
  (deps: ExplainDeps) =>
  async (anomaly: Anomaly, first: number, loaders: ExplainLoaders): Promise<readonly CorrelatedEpisode<Anomaly>[]> => {
    const most = countOf(first);
    const { tenantId, evidence, id } = anomaly;
    const span = episodeOf(anomaly);
    const reach = Math.max(REACH_MS, TOLD_AROUND.before * widthOf(evidence.window));
    const others = await deps.explained.othersNear(tenantId, id, {
      raised: { fromMs: span.fromMs - reach, toMs: span.toMs + reach },
      ...{ seenFromMs: span.fromMs, nearMs: anomaly.raisedAtMs },
    });
    const buckets = await deps.explained.courses(
      tenantId,
      [anomaly, ...others].map((one) => ({
        ...{ ruleId: one.ruleId, fingerprint: one.fingerprint },
        ...aroundOf(anomaly),
      })),
    );
    const seen = async (of: Anomaly): Promise<EpisodeSeen<Anomaly>> => ({
      ...{ of, onset: of.evidence.window, span: episodeOf(of) },
      labels: labelsOf(await loaders.rule.load(of.ruleId), of),
      course: buckets.filter(({ ruleId, fingerprint }) => ruleId === of.ruleId && fingerprint === of.fingerprint),
    });
    const [subject, ...rest] = await Promise.all([anomaly, ...others].map(seen));
    return subject === undefined ? [] : rankCorrelated(subject, rest).slice(0, most);
  };

/** Changes of one kind and service happen as often as one another. */
const momentsOf = (change: RecordedChange): readonly ChangeMoment<RecordedChange>[] => {
  const { labels, kind, atMs, untilMs } = change;
  const stream = JSON.stringify([kind, labels["service"] ?? null]);
  const began = { of: change, edge: "BEGAN", atMs, stream, labels } as const;
  return untilMs === null ? [began] : [began, { ...began, edge: "ENDED", atMs: untilMs, stream: `${stream} ENDED` }];
};

/** Whoever looks at an anomaly: events are read as them. */
interface Looking {
  readonly caller: Caller;
  readonly loaders: ExplainLoaders;
  readonly signal?: AbortSignal | undefined;
}

const changesNear =
  (deps: ExplainDeps) =>
  async (
    anomaly: Anomaly,
    first: number,
    { caller, loaders, signal }: Looking,
  ): Promise<readonly RankedChange<RecordedChange>[]> => {
    const most = countOf(first);
    const onset = anomaly.evidence.window;
    const span = { fromMs: onset.toMs - CHANGE_RATE_MS, toMs: onset.toMs };
    const [recorded, stored, rule] = await Promise.all([
      deps.explained.changesIn(anomaly.tenantId, span),
      storedChanges(deps)(caller, span, signal),
      loaders.rule.load(anomaly.ruleId),
    ]);
    const moments = [...recorded, ...stored].flatMap(momentsOf);
    return rankChanges(onset, moments, labelsOf(rule, anomaly)).slice(0, most);
  };

const recordChange =
  ({ explained, nowMs, newId }: ExplainDeps) =>
  async (caller: Caller, input: object): Promise<RecordedChange> => {
    const change = soundOf(checkChange(input));
    return explained.record(caller.tenantId, {
      ...{ ...change, id: newId(), recordedBy: caller.subject, recordedAtMs: nowMs() },
    });
  };

const listChanges =
  ({ explained }: ExplainDeps) =>
  async (
    caller: Caller,
    { kind = null, ...asked }: PageArguments & { readonly kind?: RecordedChange["kind"] | null | undefined },
  ): Promise<Page<RecordedChange>> => {
    const page = checkPage(asked, keptId);
    return pageOf(await explained.page(caller.tenantId, page, kind), page);
  };

/** Everything that explains anomalies and is not asked of the analytics room. */
export const createExplainOperations = (deps: ExplainDeps) => ({
  drawAnomaly: drawAnomaly(courseAround(deps)),
  ...{ courseAround: courseAround(deps), correlatedWith: correlatedWith(deps), changesNear: changesNear(deps) },
  ...{ recordChange: recordChange(deps), listChanges: listChanges(deps) },
  ...createChangeSourceOperations(deps),
});

/** See {@link createExplainOperations}. */
export type ExplainOperations = ReturnType<typeof createExplainOperations>;
