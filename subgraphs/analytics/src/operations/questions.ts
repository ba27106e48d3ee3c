import type { Caller } from "@tessera/contracts/caller";
import type { Cohort } from "../domain/cohort.ts";
import { namesOfFilter, namesOfFunnel, namesOfMatchers } from "../domain/quality/event-names-read.ts";
import type { RetentionInput } from "../domain/retention.ts";
import type { AskedOlap, AskedTimeSeries } from "../domain/semantic/asked-question.ts";
import type { DefinitionStore } from "../store/semantic/definition-store-types.ts";
import { withRange, type Asked } from "./at-range.ts";
import { createReturnQuestions, type CohortDeps } from "./cohort-operations.ts";
import { behaviourAskers } from "./dashboards/question-askers.ts";
import { queryRings, queryVelocity } from "./fraud/query-fraud.ts";
import { withMembers } from "./funnel-members.ts";
import { withNames } from "./in-cohort.ts";
import { withKept, type FindKeptDeps } from "./quality/find-kept.ts";
import { queryDrift, queryEventQuality } from "./quality/query-quality.ts";
import { queryApiExecutions } from "./query-api-executions.ts";
import { queryAttribution } from "./query-attribution.ts";
import { queryCohortSizes } from "./query-cohort-sizes.ts";
import { queryFunnel } from "./query-funnel.ts";
import { queryOlap, type OlapAnswer } from "./query-olap.ts";
import { queryPaths } from "./query-paths.ts";
import { querySessionMetrics } from "./query-sessions.ts";
import { queryTimeSeries, type TimeSeriesAnswer } from "./query-time-series.ts";
import { pinnedDefinitions } from "./semantic/pinned-definitions.ts";
import { withDefinitions } from "./semantic/resolve-question.ts";
import type { AskPinned } from "./semantic/run-saved-query.ts";
import { tellingUses } from "./telling-uses.ts";

/** What questions need. */
export type QuestionDeps = CohortDeps & { readonly definitions: DefinitionStore } & Parameters<typeof queryFunnel>[0] &
  Parameters<typeof queryAttribution>[0] &
  Parameters<typeof queryPaths>[0] &
  Parameters<typeof querySessionMetrics>[0] &
  Parameters<typeof queryVelocity>[0] &
  Parameters<typeof queryEventQuality>[0] &
  FindKeptDeps &
  Parameters<typeof queryApiExecutions>[0] &
  Parameters<typeof queryOlap>[0];

/** A question about retention, of everybody or of a cohort. */
export interface RetentionAsked {
  readonly input: Asked<RetentionInput>;
  readonly of: Cohort | null;
}

/** Questions that dashboards, rules and saved queries ask, but those about who comes back, as they are put to the stores. */
export const createQuestions = (deps: QuestionDeps) => ({
  timeSeries: tellingUses(
    deps,
    (of) => withRange(of, withDefinitions<AskedTimeSeries, TimeSeriesAnswer>(of, queryTimeSeries(of))),
    (_caller, { filter }) => namesOfFilter(filter),
  ),
  olap: tellingUses(
    deps,
    (of) => withRange(of, withDefinitions<AskedOlap, OlapAnswer>(of, queryOlap(of))),
    (_caller, { filter }) => namesOfFilter(filter),
  ),
  funnel: tellingUses(
    deps,
    (of) => withRange(of, withNames(of, withMembers(of, queryFunnel(of)))),
    (_caller, funnel) => namesOfFunnel(funnel),
  ),
  attribution: tellingUses(
    deps,
    (of) => withRange(of, withNames(of, queryAttribution(of))),
    (_caller, { conversion, touchpoints }) => namesOfMatchers([conversion, ...touchpoints]),
  ),
  paths: tellingUses(deps, (of) => withRange(of, withNames(of, queryPaths(of)))),
  sessionMetrics: tellingUses(deps, (of) => withRange(of, withNames(of, querySessionMetrics(of)))),
  velocity: tellingUses(deps, (of) => withRange(of, withNames(of, queryVelocity(of)))),
  rings: tellingUses(deps, (of) => withRange(of, withNames(of, queryRings(of)))),
  // Which names are tested is known once the kept expectations are found that it names: it tells by itself.
  eventQuality: tellingUses(deps, (of) => withRange(of, withKept(of, withNames(of, queryEventQuality(of))))),
  drift: tellingUses(
    deps,
    (of) => withRange(of, withNames(of, queryDrift(of))),
    (_caller, { event }) => namesOfMatchers([event ?? {}]),
  ),
  cohortSizes: tellingUses(deps, (of) => withRange(of, queryCohortSizes(of))),
  apiExecutions: withRange(deps, queryApiExecutions(deps)),
});

/** Asks questions about behaviour by definitions of which some versions are pinned. */
export const askPinned =
  (deps: QuestionDeps): AskPinned =>
  (pins) => {
    const held = { ...deps, definitions: pinnedDefinitions(deps.definitions, pins) };
    const { retention, ...asked } = { ...createQuestions(held), ...createReturnQuestions(held) };
    return behaviourAskers({
      ...asked,
      retention: (caller: Caller, { input, of }: RetentionAsked, signal?: AbortSignal) =>
        retention(caller, input, of, signal),
    });
  };
