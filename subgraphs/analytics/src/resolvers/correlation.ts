import { isoTime } from "../domain/zone.ts";
import type {
  ChangeCorrelationRuleResultResolvers,
  CorrelatedEventResolvers,
  CorrelationMatchConnectionResolvers,
  CorrelationMatchResolvers,
  CorrelationRuleConnectionResolvers,
  CorrelationRuleResolvers,
  CorrelationRunStandingResolvers,
  DefineCorrelationRuleResultResolvers,
} from "../generated/resolvers.ts";
import { keyOf, maySeeKey } from "../domain/correlation/match-key.ts";
import { givenPattern } from "../domain/correlation/rule.ts";
import { keptVersions } from "../domain/semantic/kept-meanings.ts";
import { accessOf } from "../domain/access.ts";

/** Resolvers of `CorrelationRule`. */
export const CorrelationRule: CorrelationRuleResolvers = {
  title: ({ content }) => content.title,
  description: ({ content }) => content.description,
  owner: ({ content }) => content.owner,
  pattern: ({ content }) => givenPattern(content.pattern),
  definitions: ({ content }) => keptVersions(content.pattern),
  createdAt: ({ createdAtMs }) => isoTime(createdAtMs),
  definedAt: ({ definedAtMs }) => isoTime(definedAtMs),
  versions: (rule, _args, { caller, operations }) => operations.correlationRuleVersions(caller, rule),
  run: (rule, _args, { caller, operations }) => operations.correlationStanding(caller, rule),
};

/** Resolvers of `CorrelationRunStanding`. */
export const CorrelationRunStanding: CorrelationRunStandingResolvers = {
  since: ({ state }) => isoTime(state.fromMs),
  watermark: ({ state }) => isoTime(state.watermarkMs),
  failureCode: ({ failure }) => failure?.code ?? null,
  failure: ({ failure }) => failure?.detail ?? null,
  counts: ({ state }) => state.counts,
};

/** Resolvers of `CorrelationMatch`. */
export const CorrelationMatch: CorrelationMatchResolvers = {
  from: ({ fromMs }) => isoTime(fromMs),
  completedAt: ({ completedAtMs }) => isoTime(completedAtMs),
  foundAt: ({ toldAtMs }) => (toldAtMs === null ? null : isoTime(toldAtMs)),
  key: async ({ events: [first], keyFields }, _args, { caller, eventLoader }) =>
    first === undefined || !maySeeKey(keyFields, accessOf(caller))
      ? null
      : keyOf(keyFields, await eventLoader.load(first.id)),
};

/** Resolvers of `CorrelatedEvent`. */
export const CorrelatedEvent: CorrelatedEventResolvers = {
  eventId: ({ id }) => id,
  time: ({ timeMs }) => isoTime(timeMs),
  event: ({ id }, _args, { eventLoader }) => eventLoader.load(id),
};

interface AnyPage {
  readonly edges: readonly { readonly cursor: string }[];
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
}
const pageInfo = ({ edges, hasNextPage, hasPreviousPage }: AnyPage) => ({
  ...{ hasNextPage, hasPreviousPage },
  ...{ startCursor: edges[0]?.cursor ?? null, endCursor: edges.at(-1)?.cursor ?? null },
});

/** Resolvers of `CorrelationRuleConnection`. */
export const CorrelationRuleConnection: CorrelationRuleConnectionResolvers = { pageInfo };
/** Resolvers of `CorrelationMatchConnection`. */
export const CorrelationMatchConnection: CorrelationMatchConnectionResolvers = { pageInfo };

/** Resolvers of `DefineCorrelationRuleResult`. */
export const DefineCorrelationRuleResult: DefineCorrelationRuleResultResolvers = {
  __resolveType: ({ kind }) => (kind === "DEFINED" ? "CorrelationRuleDefined" : "TooManyCorrelationRules"),
};
/** Resolvers of `ChangeCorrelationRuleResult`. */
export const ChangeCorrelationRuleResult: ChangeCorrelationRuleResultResolvers = {
  __resolveType: ({ kind }) => (kind === "CHANGED" ? "CorrelationRuleChanged" : "CorrelationRuleNotFound"),
};
