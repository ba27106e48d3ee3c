import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Caller } from "@tessera/contracts/caller";
import type { TenantId } from "@tessera/contracts/ids";
import type { Permission } from "@tessera/contracts/permissions";
import { Refusal } from "@tessera/platform/errors/refusal";
import { callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { everyFeature } from "@tessera/platform/testing/every-feature";
import type { TestResources } from "@tessera/platform/testing/test-resources";
import type { AskedOlap } from "../src/domain/semantic/asked-question.ts";
import type { DefineMetricInput } from "../src/domain/semantic/parse-metric.ts";
import { createQuestionTypes } from "../src/operations/dashboards/question-types.ts";
import { queryOlap, type OlapAnswer } from "../src/operations/query-olap.ts";
import { withDefinitions } from "../src/operations/semantic/resolve-question.ts";
import type { SavedQueryAnswer } from "../src/operations/semantic/run-saved-query.ts";
import { createSemanticOperations } from "../src/operations/semantic/semantic-operations.ts";
import { createAnalyticsStore } from "../src/store/analytics-store.ts";
import { COHORT_KEPT } from "../src/domain/cohort.ts";
import { behaviourStatements } from "../src/store/behaviour-statements.ts";
import { createCohortStore } from "../src/store/cohort-store.ts";
import { createExpectationStore } from "../src/store/quality/expectation-store.ts";
import { createDefinitionUserStore } from "../src/store/semantic/definition-users.ts";
import { createDefinitionStore } from "../src/store/semantic/definition-store.ts";
import { createPropertyCatalogue } from "../src/store/semantic/property-catalogue.ts";
import { createPropertyPathStore } from "../src/store/semantic/property-paths.ts";
import { valuesOf } from "./flatten-answer.ts";
import { storeEvents, type TestEvent } from "./test-events.ts";

const NOW = Date.UTC(2026, 10, 20, 12);
/** The day the shop's events are of. */
export const RANGE = { from: "2026-11-19T00:00:00Z", to: "2026-11-20T00:00:00Z" };
const ALL: readonly Permission[] = ["analytics:read", "analytics:define", "analytics:personal-data"];

/** A caller that may define, of a tenant of its own unless one is given. */
export const callerOf = (tenantId: TenantId = freshTenantId(), permissions = ALL): Caller =>
  callerWith(tenantId, permissions);

const EVENTS: readonly Omit<TestEvent, "id">[] = [
  ["view", "u1", "DE"],
  ["view", "u2", "US"],
  ["view", "u3", "DE"],
  ["buy", "u1", "DE"],
].map(([name = "", userId = "", country = ""], index) => ({
  ...{ name, userId, country },
  timeMs: Date.parse(RANGE.from) + index * 3_600_000,
  properties: { plan: "pro", cart: { total: index }, ok: true },
}));

/** A metric that counts events of some names. */
export const count = (...names: readonly string[]): Omit<DefineMetricInput, "name"> => ({
  measure: { function: "COUNT", filter: { field: "name", in: names } },
});

/** The refusal some work ends with; anything else fails the test. */
export const refusal = async (work: Promise<unknown>): Promise<Refusal> => {
  const error = await work.then(
    () => null,
    (caught: unknown) => caught,
  );
  if (error instanceof Refusal) return error;
  throw new Error("It was not refused.", { cause: error });
};

/** The answer of a saved query that is a question to `olap`. */
export const olapOf = async (asked: Promise<SavedQueryAnswer>) => {
  const answer = await asked;
  if (answer.__typename === "OlapResult") return answer;
  throw new Error(`This is a ${answer.__typename}.`);
};

/** Totals by their columns' names. */
export const totalsOf = ({ totals }: Pick<OlapAnswer, "totals">) =>
  Object.fromEntries(totals.map((column) => [column.name, valuesOf(column)[0] ?? null]));

/** The semantic layer over a test's engines, and what its tests do with it. */
export const openSemanticRoom = ({ resources, writer }: TestResources) => {
  const { eventStore, sql } = resources;
  const deps = {
    ...{ store: createAnalyticsStore(eventStore), propertyPaths: createPropertyPathStore(eventStore) },
    ...{
      definitions: createDefinitionStore({ sql, nowMs: () => NOW }),
      users: createDefinitionUserStore({ sql }),
      catalogue: createPropertyCatalogue(eventStore),
      expectations: createExpectationStore({ sql, nowMs: () => NOW }),
    },
    cohorts: createCohortStore({ ...resources, nowMs: () => NOW, kept: COHORT_KEPT }),
    statements: behaviourStatements,
    ...{ features: everyFeature, nowMs: () => NOW, newId: randomUUID },
    questionTypes: createQuestionTypes(readFileSync(new URL("../schema.graphql", import.meta.url), "utf8")),
    askPinned: (): never => {
      throw new Error("No question about behaviour is asked here.");
    },
  };
  const operations = createSemanticOperations(deps);
  return {
    ...{ deps, operations },
    olap: withDefinitions<AskedOlap, OlapAnswer>(deps, queryOlap(deps)),
    /** A tenant with three views and a purchase on one day. */
    shop: async (): Promise<Caller> => {
      const caller = callerOf();
      const events = EVENTS.map((event) => ({ ...event, id: randomUUID() }));
      await storeEvents(writer, caller.tenantId, events);
      return caller;
    },
    metric: async (caller: Caller, name: string, input: Omit<DefineMetricInput, "name">) => {
      const outcome = await operations.defineMetric(caller, { name, ...input });
      if (outcome.kind !== "DEFINED") throw new Error(`The metric was not kept: ${outcome.kind}.`);
      return outcome;
    },
    saved: async (caller: Caller, name: string, input: AskedOlap, pinned: boolean): Promise<string> => {
      const outcome = await operations.saveQuery(caller, { name, olap: input, pinned });
      if (outcome.kind !== "DEFINED") throw new Error(`The query was not kept: ${outcome.kind}.`);
      return outcome.definition.id;
    },
  };
};
