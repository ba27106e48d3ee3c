import type { Caller } from "@tessera/contracts/caller";
import type { NowMs } from "@tessera/platform/time/clock";
import { MAX_USERS_TOLD, MAX_VERSIONS_TOLD, type Definition } from "../../domain/semantic/definition.ts";
import type { PropertyCatalogue } from "../../store/semantic/property-catalogue.ts";
import type { PropertyPathStore } from "../../store/semantic/property-paths.ts";
import type { DefinitionStore } from "../../store/semantic/definition-store-types.ts";
import type { AnalyticsStore } from "../../store/analytics-store.ts";
import type { StartQueryDeps } from "../start-query.ts";
import { archiveDefinition } from "./archive-definition.ts";
import { defineDimension, defineHierarchy, defineMetric, defineSegment, restoreDefinition } from "./define.ts";
import { saveQuery, type SaveQueryDeps } from "./save-query.ts";
import type { UsersDeps } from "./users-of.ts";
import type { InCohortDeps } from "../in-cohort.ts";
import { tellingUses } from "../telling-uses.ts";
import { findDefinition, findDefinitions, findSavedQuery, listDefinitions } from "./find-definitions.ts";
import { listEventNames, listProperties } from "./list-catalogue.ts";
import { listDimensions } from "./list-dimensions.ts";
import { runSavedQuery, type AskPinned } from "./run-saved-query.ts";

/** What the semantic layer needs. */
export interface SemanticDeps extends InCohortDeps, UsersDeps, Pick<StartQueryDeps, "features"> {
  readonly questionTypes: SaveQueryDeps["questionTypes"];
  readonly askPinned: AskPinned;
  readonly store: AnalyticsStore;
  readonly definitions: DefinitionStore;
  readonly expectations: SaveQueryDeps["expectations"];
  readonly propertyPaths: PropertyPathStore;
  readonly catalogue: PropertyCatalogue;
  readonly nowMs: NowMs;
  readonly newId: () => string;
}

/** Everything that can be asked of metrics, segments, hierarchies, dimensions and saved queries, bound to its dependencies. */
export const createSemanticOperations = (deps: SemanticDeps) => ({
  findDefinitions: findDefinitions(deps),
  findMetric: findDefinition(deps, "METRIC"),
  listMetrics: listDefinitions(deps, "METRIC"),
  findSegment: findDefinition(deps, "SEGMENT"),
  listSegments: listDefinitions(deps, "SEGMENT"),
  findSavedQuery: findSavedQuery(deps),
  listSavedQueries: listDefinitions(deps, "SAVED_QUERY"),
  runSavedQuery: tellingUses(deps, runSavedQuery),
  dimensions: listDimensions(deps),
  listProperties: listProperties(deps),
  listEventNames: listEventNames(deps),
  defineMetric: defineMetric(deps),
  defineSegment: defineSegment(deps),
  findHierarchy: findDefinition(deps, "HIERARCHY"),
  listHierarchies: listDefinitions(deps, "HIERARCHY"),
  defineHierarchy: defineHierarchy(deps),
  findDimension: findDefinition(deps, "DIMENSION"),
  listOwnDimensions: listDefinitions(deps, "DIMENSION"),
  defineDimension: defineDimension(deps),
  saveQuery: saveQuery(deps),
  archiveDefinition: archiveDefinition(deps),
  restoreDefinition: restoreDefinition(deps),
  definitionVersions: (caller: Caller, one: Definition) =>
    deps.definitions.versions(caller.tenantId, one.id, MAX_VERSIONS_TOLD),
  definitionUsedBy: (caller: Caller, one: Definition) =>
    deps.definitions.usedBy(caller.tenantId, one.id, MAX_USERS_TOLD),
});
