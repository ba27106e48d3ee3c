import { randomUUID } from "node:crypto";
import type { Permission } from "@tessera/contracts/permissions";
import { z } from "zod";
import { QUESTIONS, type BehaviourKind } from "../src/domain/dashboards/question.ts";
import { openDashboardRoom, person } from "./dashboard-room.ts";
import { askedBy, FROM_MS, KINDS, RANGE } from "./saved-questions.ts";
import { storeEvents, type TestEvent } from "./test-events.ts";

const PERMISSIONS: readonly Permission[] = [
  ...(["analytics:read", "analytics:define", "analytics:personal-data", "cohorts:manage", "dashboards:edit"] as const),
];

const events = (): readonly TestEvent[] =>
  Array.from({ length: 240 }, (_, index): TestEvent => ({
    ...{ id: randomUUID(), name: index % 4 === 0 ? "buy" : "view", userId: `u${(index * 7) % 23}` },
    ...{ country: ["DE", "US", "FR"][(index * 5) % 3] ?? "", device: `d${index % 4}` },
    timeMs: FROM_MS + index * 24 * 60_000,
  }));

/** What keeping a question is asked by. */
export const SAVE = `mutation ($input: SaveQueryInput!) { saveQuery(input: $input) { ... on QuerySaved { changed
  savedQuery { id version kind question pins { kind name version } } } } }`;
/** What tells the definitions that an answer was computed by. */
export const DEFINITIONS = "provenance { definitions { kind name version } }";
/** Letters of the country that the dimension `land` is. */
export type Letters = "UPPER" | "LOWER";

const uses = z.array(z.object({ kind: z.string(), name: z.string(), version: z.number() }));
const saved = z.object({
  saveQuery: z.object({
    changed: z.boolean(),
    savedQuery: z.object({
      ...{ id: z.string(), version: z.number(), kind: z.string(), question: z.record(z.string(), z.unknown()) },
      pins: uses.nullable(),
    }),
  }),
});
const ran = z.object({
  runSavedQuery: z.looseObject({ __typename: z.string(), provenance: z.object({ definitions: uses }) }),
});
const cohortMade = z.object({ createCohort: z.object({ cohort: z.object({ id: z.string() }) }) });

/** A tenant with events of four days, a dimension `land`, a segment `german` of it and a cohort, whose saved queries tests ask. */
export const openSavedRoom = async () => {
  const caller = person(undefined, [], PERMISSIONS);
  const room = openDashboardRoom();
  const ask = (text: string, variables: Record<string, unknown> = {}): Promise<unknown> =>
    room.ask(caller, text, variables);
  const mutate = (field: string, type: string, input: object, shown = "__typename"): Promise<unknown> =>
    ask(`mutation ($input: ${type}!) { ${field}(input: $input) { ${shown} } }`, { input });
  const land = (letters: Letters): Promise<unknown> =>
    mutate("defineDimension", "DefineDimensionInput", {
      ...{ name: "land", expression: { text: { of: "country", letters } } },
    });
  const german = (value: string): Promise<unknown> =>
    mutate("defineSegment", "DefineSegmentInput", { name: "german", filter: { field: "dimensions.land", eq: value } });
  const cohortOf = async (name: string): Promise<string> => {
    const definition = { did: { event: { events: ["buy"] } } };
    const shown = "... on CohortSaved { cohort { id } }";
    return cohortMade.parse(await mutate("createCohort", "CreateCohortInput", { name, definition }, shown)).createCohort
      .cohort.id;
  };
  await room.open();
  await storeEvents(room.world.writer, caller.tenantId, events());
  await land("UPPER");
  await german("DE");
  const cohort = await cohortOf("buyers");
  return {
    ...{ ...room, caller, ask, land, german, cohortOf },
    /** A question of a kind by a field. */
    asked: (kind: BehaviourKind, field: string, range: object = RANGE) => askedBy(kind, field, range, cohort),
    answerTo: async (kind: BehaviourKind, input: object): Promise<unknown> => {
      const { field, input: type } = QUESTIONS[kind];
      const text = `query ($input: ${type}!) { ${field}(input: $input) { ${KINDS[kind].shown} } }`;
      return z.record(z.string(), z.unknown()).parse(await ask(text, { input }))[field];
    },
    save: async (name: string, kind: BehaviourKind, input: object, pinned = false) =>
      saved.parse(await ask(SAVE, { input: { name, [QUESTIONS[kind].field]: input, pinned } })).saveQuery,
    run: async (kind: BehaviourKind, id: string, more: object = {}) => {
      const { answer: type, shown } = KINDS[kind];
      const text = `query ($id: ID!, $range: TimeRangeInput, $version: Int) {
        runSavedQuery(id: $id, range: $range, version: $version) { __typename ... on ${type} { ${shown} ${DEFINITIONS} } } }`;
      const { __typename, provenance, ...answer } = ran.parse(await ask(text, { id, ...more })).runSavedQuery;
      if (__typename !== type) throw new Error(`A ${kind} was answered by a ${__typename}.`);
      return { answer, told: provenance.definitions.map((one) => `${one.kind} ${one.name} ${one.version}`) };
    },
  };
};
