import type { OwnThings } from "../examples.ts";
import { makeCohort } from "../own-things.ts";
import type { TesseraClient } from "../../testing/tessera-client.ts";

const range = { from: "2026-01-01T00:00:00Z", to: "2026-01-02T00:00:00Z" };
const question = { range, start: {}, returning: {}, periods: 1 };

const started = (cohort: string) => ({ input: question, cell: { outcome: "STARTED" }, cohort });
const ofGroup = (cohort: string) => ({
  input: { ...question, cohorts: [cohort] },
  cell: { outcome: "STARTED", cohort },
});
const activeWith = (cell: object) => (cohort: string) => ({
  input: { range, event: {}, cohort },
  cell,
});
const ofStep = (cohort: string) => ({
  input: { range, steps: [{ anyOf: [{}] }], breakdown: { cohorts: [cohort] } },
  cell: { step: 1, group: { cohort } },
});
const newOnes = { start: "2025-12-29T00:00:00Z", state: "FRESH" };
const daily = { day: range.from, window: "DAILY" };

const numberOf = (kind: string, of: (cohort: string) => object) => ({
  own: ({ cohortId }: OwnThings): string => cohortId,
  variables: (cohort: string): Record<string, unknown> => ({ of: { [kind]: of(cohort) } }),
  selection: "{ counts { units } }",
});

/** Numbers that are of the people of a cohort, to ask what is behind them. */
const behindPlaces = {
  "Query.behind(of.retention.cohort)": numberOf("retention", started),
  "Query.behind(of.retention.input.cohorts)": numberOf("retention", ofGroup),
  "Query.behind(of.retention.cell.cohort)": numberOf("retention", ofGroup),
  "Query.behind(of.funnel.input.breakdown.cohorts)": numberOf("funnel", ofStep),
  "Query.behind(of.funnel.cell.group.cohort)": numberOf("funnel", ofStep),
  "Query.behind(of.stickiness.input.cohort)": numberOf("stickiness", activeWith({ periods: 1 })),
  "Query.behind(of.lifecycle.input.cohort)": numberOf("lifecycle", activeWith(newOnes)),
  "Query.behind(of.activeUsers.input.cohort)": numberOf("activeUsers", activeWith(daily)),
  "Query.behind(of.cohortSizes.input.cohort)": numberOf("cohortSizes", (cohort) => ({
    ...{ input: { range, cohort }, cell: {} },
  })),
};

/** Questions of jobs that name a cohort. */
const jobPlaces = {
  "Mutation.startQuery(input.funnel.breakdown.cohorts)": {
    own: ({ cohortId }: OwnThings): string => cohortId,
    variables: (cohort: string): Record<string, unknown> => ({ input: { funnel: ofStep(cohort).input } }),
    selection: "{ __typename }",
  },
};

const keptAs = (field: string, of: (cohort: string) => object) => ({
  own: ({ cohortId }: OwnThings): string => cohortId,
  variables: (cohort: string): Record<string, unknown> => ({
    input: { name: `of_${Math.random().toString(36).slice(2)}`, [field]: of(cohort) },
  }),
  selection: "{ __typename }",
});
const active = (cohort: string) => activeWith({})(cohort).input;

/** Saved queries that are about a cohort, or told apart by one. */
const savedPlaces = {
  "Mutation.saveQuery(input.funnel.breakdown.cohorts)": keptAs("funnel", (cohort) => ofStep(cohort).input),
  "Mutation.saveQuery(input.retention.cohorts)": keptAs("retention", (cohort) => ofGroup(cohort).input),
  "Mutation.saveQuery(input.stickiness.cohort)": keptAs("stickiness", active),
  "Mutation.saveQuery(input.lifecycle.cohort)": keptAs("lifecycle", active),
  "Mutation.saveQuery(input.activeUsers.cohort)": keptAs("activeUsers", active),
  "Mutation.saveQuery(input.cohortSizes.cohort)": keptAs("cohortSizes", (cohort) => ({ range, cohort })),
};

/** Places that take the id of a cohort, by a fresh cohort of alpha where asking changes it. */
export const cohortPlaces = (client: () => TesseraClient) => {
  const fresh = (things: OwnThings): Promise<string> => makeCohort(client(), things);
  const kept = ({ cohortId }: OwnThings): string => cohortId;
  const place = (
    own: typeof fresh | typeof kept,
    variables: (id: string) => Record<string, unknown>,
    selection?: string,
  ) => ({
    ...{ own, variables },
    ...(selection === undefined ? {} : { selection }),
  });
  const input = (more: (id: string) => object) => (id: string) => ({ input: more(id) });
  const kind = "{ __typename }";
  return {
    "Query.cohort(id)": place(kept, (id) => ({ id }), "{ name version definition { parts { cohort } } }"),
    "Query.previewCohort(input.definition.cohort)": place(
      kept,
      input((cohort) => ({ definition: { cohort } })),
      "{ size }",
    ),
    "Query.retention(input.cohorts)": place(
      kept,
      input((id) => ({ ...question, cohorts: [id] })),
      "{ groups { cohort { name } } }",
    ),
    "Query.funnel(input.breakdown.cohorts)": place(
      kept,
      input((id) => ({ range, steps: [{ anyOf: [{}] }], breakdown: { cohorts: [id] } })),
      "{ groups { cohort { name } } }",
    ),
    "Query.stickiness(input.cohort)": place(
      kept,
      input((cohort) => ({ range, event: {}, cohort })),
      "{ total }",
    ),
    "Query.lifecycle(input.cohort)": place(
      kept,
      input((cohort) => ({ range, event: {}, cohort })),
      "{ fresh }",
    ),
    "Query.activeUsers(input.cohort)": place(
      kept,
      input((cohort) => ({ range, event: {}, cohort })),
      "{ daily }",
    ),
    ...{ ...behindPlaces, ...jobPlaces, ...savedPlaces },
    "Query.cohortSizes(input.cohort)": place(kept, (id) => ({ input: { range, cohort: id } }), "{ cohort { name } }"),
    "Mutation.createCohort(input.definition.cohort)": place(
      kept,
      input((cohort) => ({ name: `of ${cohort} ${Math.random()}`, definition: { cohort } })),
      kind,
    ),
    "Mutation.updateCohort(id)": place(fresh, (id) => ({ id, input: { description: "changed" } }), kind),
    "Mutation.deleteCohort(id)": place(fresh, (id) => ({ id }), kind),
    "Mutation.computeCohort(id)": place(fresh, (id) => ({ id }), kind),
    "Mutation.changeCohortList(id)": place(fresh, (id) => ({ id, input: { userIds: ["somebody"] } }), kind),
  };
};

/** Words of cohorts that are never looked up as a thing of anybody, or stand where a test of their own asks. */
export const cohortWords: Readonly<Record<string, string>> = {
  "Cohort.membership(input.userId)": "hashed with the tenant; nobody known is no member",
  "Cohort.membership(input.anonymousId)": "hashed with the tenant; nobody known is no member",
  "Cohort.membership(input.accountId)": "hashed with the tenant; an account nobody names is no member",
  "Cohort.retention(input.cohorts)": "the same input as Query.retention(input.cohorts)",
  "Query.previewCohort(input.definition.parts.cohort)": "read as that of Query.previewCohort(input.definition.cohort)",
  "Mutation.createCohort(input.definition.parts.cohort)":
    "read as that of Mutation.createCohort(input.definition.cohort)",
  "Mutation.updateCohort(input.definition.parts.cohort)":
    "read as that of Mutation.createCohort(input.definition.cohort)",
  "Mutation.updateCohort(input.definition.cohort)": "read as that of Mutation.createCohort(input.definition.cohort)",
  "Mutation.changeCohortList(input.userIds)": "hashed with the tenant; kept on the list of the caller's own cohort",
  "Mutation.changeCohortList(input.anonymousIds)":
    "hashed with the tenant; kept on the list of the caller's own cohort",
  "Mutation.changeCohortList(input.accountIds)": "hashed with the tenant; kept on the list of the caller's own cohort",
};
