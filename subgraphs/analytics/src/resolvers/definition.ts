import { isoTime } from "../domain/zone.ts";
import type { Context } from "../context.ts";
import type { Definition as AnyDefinition, DefinitionKind } from "../domain/semantic/definition.ts";
import type {
  ArchiveDefinitionResultResolvers,
  BuiltInDimensionResolvers,
  DefineDimensionResultResolvers,
  DefineHierarchyResultResolvers,
  DefineMetricResultResolvers,
  DefineSegmentResultResolvers,
  DefinitionResolvers,
  DefinitionVersionResolvers,
  DimensionConnectionResolvers,
  DimensionDefinedResolvers,
  DimensionExpressionResolvers,
  DimensionResolvers,
  DimensionTextResolvers,
  HierarchyConnectionResolvers,
  HierarchyDefinedResolvers,
  HierarchyResolvers,
  MetricConnectionResolvers,
  MetricDefinedResolvers,
  MetricResolvers,
  QuerySavedResolvers,
  RestoreDefinitionResultResolvers,
  SavedQueryAnswerResolvers,
  SavedQueryConnectionResolvers,
  SavedQueryResolvers,
  SaveQueryResultResolvers,
  SegmentConnectionResolvers,
  SegmentDefinedResolvers,
  SegmentResolvers,
} from "../generated/resolvers.ts";
import type { DefinitionOf } from "../operations/semantic/find-definitions.ts";
import type { MetricDefinedParent } from "../parents.ts";
import { pageInfo } from "./page-info.ts";

const isOf = <Kind extends DefinitionKind>(one: AnyDefinition, kind: Kind): one is DefinitionOf<Kind> =>
  one.kind === kind;

const defined = {
  title: ({ content }: { readonly content: { readonly title: string } }) => content.title,
  description: ({ content }: { readonly content: { readonly description: string } }) => content.description,
  owner: ({ content }: { readonly content: { readonly owner: string | null } }) => content.owner,
  createdAt: ({ createdAtMs }: { readonly createdAtMs: number }) => isoTime(createdAtMs),
  definedAt: ({ definedAtMs }: { readonly definedAtMs: number }) => isoTime(definedAtMs),
};

const referenced =
  <Kind extends DefinitionKind>(kind: Kind) =>
  async (reference: { readonly id: string }, { definitionLoader }: Context): Promise<DefinitionOf<Kind> | null> => {
    const found = await definitionLoader.load(reference.id);
    return found !== null && isOf(found, kind) ? found : null;
  };

/** Resolvers of `Metric`. */
export const Metric: MetricResolvers = {
  __resolveReference: referenced("METRIC"),
  ...defined,
  format: ({ content }) => content.format,
  measure: ({ content }) => content.measure,
  formula: ({ content }) => content.formula,
  versions: (metric, _args, { caller, operations }) => operations.definitionVersions(caller, metric),
  usedBy: (metric, _args, { caller, operations }) => operations.definitionUsedBy(caller, metric),
};

/** Resolvers of `Segment`. */
export const Segment: SegmentResolvers = {
  __resolveReference: referenced("SEGMENT"),
  ...defined,
  filter: ({ content }) => content.filter,
  versions: (segment, _args, { caller, operations }) => operations.definitionVersions(caller, segment),
  usedBy: (segment, _args, { caller, operations }) => operations.definitionUsedBy(caller, segment),
};

/** Resolvers of `SavedQuery`. */
export const SavedQuery: SavedQueryResolvers = {
  __resolveReference: referenced("SAVED_QUERY"),
  ...defined,
  kind: ({ content }) => content.question.kind,
  question: ({ content }) => content.question.input,
  pins: ({ content }) => content.pins,
  versions: (query, _args, { caller, operations }) => operations.definitionVersions(caller, query),
};

/** Resolvers of `Hierarchy`. */
export const Hierarchy: HierarchyResolvers = {
  ...defined,
  levels: ({ content }) => content.levels,
  versions: (hierarchy, _args, { caller, operations }) => operations.definitionVersions(caller, hierarchy),
};

/** Resolvers of `Dimension`. */
export const Dimension: DimensionResolvers = {
  __resolveReference: referenced("DIMENSION"),
  ...defined,
  format: ({ content }) => content.format,
  expression: ({ content }) => content.expression,
  versions: (dimension, _args, { caller, operations }) => operations.definitionVersions(caller, dimension),
  usedBy: (dimension, _args, { caller, operations }) => operations.definitionUsedBy(caller, dimension),
};

/** Resolvers of `BuiltInDimension`. */
export const BuiltInDimension: BuiltInDimensionResolvers = { expression: ({ content }) => content.expression };

/** Resolvers of `DimensionExpression`: what is kept of cases is a list within what was sent. */
export const DimensionExpression: DimensionExpressionResolvers = {
  field: ({ field }) => field ?? null,
  text: ({ text }) => text ?? null,
  ranges: ({ ranges }) => ranges ?? null,
  cases: ({ cases }) => cases ?? null,
};

/** Resolvers of `DimensionText`. */
export const DimensionText: DimensionTextResolvers = { trim: ({ trim = false }) => trim };

/** Resolvers of `DefinitionVersion`. */
export const DefinitionVersion: DefinitionVersionResolvers = { definedAt: ({ definedAtMs }) => isoTime(definedAtMs) };

/** Resolvers of `MetricConnection`. */
export const MetricConnection: MetricConnectionResolvers = { pageInfo };
/** Resolvers of `SegmentConnection`. */
export const SegmentConnection: SegmentConnectionResolvers = { pageInfo };
/** Resolvers of `SavedQueryConnection`. */
export const SavedQueryConnection: SavedQueryConnectionResolvers = { pageInfo };
/** Resolvers of `DimensionConnection`. */
export const DimensionConnection: DimensionConnectionResolvers = { pageInfo };
/** Resolvers of `HierarchyConnection`. */
export const HierarchyConnection: HierarchyConnectionResolvers = { pageInfo };

const TYPES = {
  METRIC: "Metric",
  SEGMENT: "Segment",
  SAVED_QUERY: "SavedQuery",
  HIERARCHY: "Hierarchy",
  DIMENSION: "Dimension",
} as const;
/** Resolvers of `Definition`. */
export const Definition: DefinitionResolvers = { __resolveType: ({ kind }) => TYPES[kind] };

/** Resolvers of `SavedQueryAnswer`. */
export const SavedQueryAnswer: SavedQueryAnswerResolvers = {
  __resolveType: ({ __typename }) => __typename,
};

const definitionOf = <Kind extends DefinitionKind>(
  { definition }: MetricDefinedParent,
  kind: Kind,
): DefinitionOf<Kind> => {
  if (isOf(definition, kind)) return definition;
  throw new Error(`A ${definition.kind} was stored as a ${kind}.`);
};

/** Resolvers of `MetricDefined`. */
export const MetricDefined: MetricDefinedResolvers = { metric: (outcome) => definitionOf(outcome, "METRIC") };
/** Resolvers of `SegmentDefined`. */
export const SegmentDefined: SegmentDefinedResolvers = { segment: (outcome) => definitionOf(outcome, "SEGMENT") };
/** Resolvers of `QuerySaved`. */
export const QuerySaved: QuerySavedResolvers = { savedQuery: (outcome) => definitionOf(outcome, "SAVED_QUERY") };

/** Resolvers of `HierarchyDefined`. */
export const HierarchyDefined: HierarchyDefinedResolvers = {
  hierarchy: (outcome) => definitionOf(outcome, "HIERARCHY"),
};

/** Resolvers of `DimensionDefined`. */
export const DimensionDefined: DimensionDefinedResolvers = {
  dimension: (outcome) => definitionOf(outcome, "DIMENSION"),
};

/** Resolvers of `DefineDimensionResult`. */
export const DefineDimensionResult: DefineDimensionResultResolvers = {
  __resolveType: ({ kind }) => (kind === "DEFINED" ? "DimensionDefined" : "TooManyDefinitions"),
};
/** Resolvers of `DefineHierarchyResult`. */
export const DefineHierarchyResult: DefineHierarchyResultResolvers = {
  __resolveType: ({ kind }) => (kind === "DEFINED" ? "HierarchyDefined" : "TooManyDefinitions"),
};
/** Resolvers of `DefineMetricResult`. */
export const DefineMetricResult: DefineMetricResultResolvers = {
  __resolveType: ({ kind }) => (kind === "DEFINED" ? "MetricDefined" : "TooManyDefinitions"),
};
/** Resolvers of `DefineSegmentResult`. */
export const DefineSegmentResult: DefineSegmentResultResolvers = {
  __resolveType: ({ kind }) => (kind === "DEFINED" ? "SegmentDefined" : "TooManyDefinitions"),
};
/** Resolvers of `SaveQueryResult`. */
export const SaveQueryResult: SaveQueryResultResolvers = {
  __resolveType: ({ kind }) => (kind === "DEFINED" ? "QuerySaved" : "TooManyDefinitions"),
};

const ARCHIVED = {
  ARCHIVED: "DefinitionArchived",
  IN_USE: "DefinitionInUse",
  NOT_FOUND: "DefinitionNotFound",
} as const;
/** Resolvers of `ArchiveDefinitionResult`. */
export const ArchiveDefinitionResult: ArchiveDefinitionResultResolvers = {
  __resolveType: ({ kind }) => ARCHIVED[kind],
};

/** Resolvers of `RestoreDefinitionResult`. */
export const RestoreDefinitionResult: RestoreDefinitionResultResolvers = {
  __resolveType: ({ kind }) => (kind === "NOT_FOUND" ? "DefinitionNotFound" : "DefinitionRestored"),
};
