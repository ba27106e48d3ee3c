import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { Caller } from "@tessera/contracts/caller";
import { askSubgraph, callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { openTestResources, type TestResources } from "@tessera/platform/testing/test-resources";
import fc from "fast-check";
import { z } from "zod";
import { buildAnalytics, type TestAnalytics } from "../../testing/build-analytics.ts";
import { anyFunnel, FUNNEL_RANGE, unitEvents } from "../../testing/funnel-arbitraries.ts";
import { passes, textOf } from "../../testing/reference-filter.ts";
import { referenceAttempt } from "../../testing/reference-funnel.ts";
import { storeEvents, type TestEvent } from "../../testing/test-events.ts";
import type { FunnelInput } from "../domain/funnel/funnel-input.ts";
import { funnelMarks } from "../domain/funnel/funnel-marks.ts";
import { parseFunnel } from "../domain/funnel/parse-funnel.ts";
import { compareAll, compareTwo } from "../domain/statistics.ts";

// Nothing here is about speed: a busy machine may take its time.
jest.setTimeout(300_000);

const PERMISSIONS = ["analytics:read", "analytics:define", "cohorts:manage"] as const;
let world: TestResources;
let analytics: TestAnalytics;
beforeAll(async () => {
  world = openTestResources();
  await world.resources.eventLog.start();
  analytics = buildAnalytics(world.resources, {
    ingest: () => Promise.resolve({ accepted: 0, duplicate: 0, rejected: 0, outcomes: [] }),
  });
});
afterAll(async () => {
  await analytics.close();
  await world.resources.eventLog.stop();
  await world.close();
});

const send = (caller: Caller, source: string, variables: Record<string, unknown>) =>
  askSubgraph(analytics.subgraph, caller, source, variables);
const ask = async (caller: Caller, source: string, variables: Record<string, unknown>) => {
  const { data, errors } = await send(caller, source, variables);
  expect({ variables, errors }).toEqual({ variables, errors: undefined });
  return data;
};

const created = z.object({ createCohort: z.object({ cohort: z.object({ id: z.string() }) }) });
const cohortOf = async (caller: Caller, event: string, of: object = {}): Promise<string> => {
  const source = `mutation ($input: CreateCohortInput!) { createCohort(input: $input) { ... on CohortSaved { cohort { id } } } }`;
  const input = { name: `who did ${event} ${randomUUID()}`, definition: { did: { event: { events: [event] } } } };
  return created.parse(await ask(caller, source, { input: { ...input, ...of } })).createCohort.cohort.id;
};

/** Segments of random events, and what they say by plain reading. */
const SEGMENTS = [
  { name: "web", filter: { field: "source", eq: "web" } },
  { name: "early_letters", filter: { field: "name", in: ["a", "b"] } },
  { name: "anything", filter: { field: "name", exists: true } },
  { name: "nothing", filter: { not: { field: "name", exists: true } } },
] as const;
const define = (caller: Caller, segment: { readonly name: string; readonly filter: unknown }) =>
  ask(caller, "mutation ($input: DefineSegmentInput!) { defineSegment(input: $input) { __typename } }", {
    input: segment,
  });

const group = z.object({
  cohort: z.object({ id: z.string() }).nullable(),
  segment: z.object({ name: z.string(), version: z.number() }).nullable(),
  value: z.null(),
  result: z.object({ steps: z.array(z.object({ reached: z.number() })) }),
  versusRest: z.object({ p: z.number(), test: z.string() }).nullable(),
});
const result = z.object({ steps: z.array(z.object({ reached: z.number() })) });
const answer = z.object({
  funnel: z.object({
    ...{ result, groups: z.array(group), groupCount: z.number(), others: result.nullable() },
    groupsTest: z.object({ chiSquare: z.number(), p: z.number() }).nullable(),
  }),
});
const FUNNEL = `query ($input: FunnelInput!) { funnel(input: $input) {
  result { steps { reached } } groups { value cohort { id } segment { name version } result { steps { reached } } versusRest { p test } }
  groupCount others { steps { reached } } groupsTest { chiSquare p } } }`;

/** A unit's attempt by the reference that tries every way: which steps it reached, and the event of each. */
const attemptsOf = (
  input: FunnelInput,
  unitOf: (event: TestEvent) => string | undefined,
  events: readonly TestEvent[],
) => {
  const funnel = parseFunnel({ ...input, breakdown: null }, { personalData: true });
  const { conditions } = funnelMarks(funnel);
  const marked = (one: TestEvent) =>
    conditions.map((matchers) =>
      matchers.some(
        ({ names, filter }) =>
          (names.length === 0 || names.includes(one.name)) &&
          (filter === null || passes(one, { field: "source", eq: "web" })),
      ),
    );
  const units = [...new Set(events.flatMap((one) => unitOf(one) ?? []))];
  return units.flatMap((unit) => {
    const own = events
      .filter((one) => unitOf(one) === unit)
      .toSorted((a, b) => a.timeMs - b.timeMs)
      .map((event) => ({ event, time: event.timeMs, passes: marked(event) }))
      .filter((one) => funnel.order === "STRICT" || one.passes.includes(true));
    const attempt = referenceAttempt(funnel, own);
    if (attempt === null || (attempt.places[0] ?? -1) < 0) return [];
    return [{ unit, steps: attempt.places.map((place) => own[place]?.event ?? null) }];
  });
};
type Attempted = ReturnType<typeof attemptsOf>[number];

type By = "FIRST" | "LAST" | "STEP";
/** The event of an attempt that tells whether it is of a segment. */
const telling = ({ steps }: Attempted, by: By, step: number): TestEvent | null => {
  const done = steps.flatMap((one) => one ?? []);
  if (by === "STEP") return steps[step - 1] ?? null;
  // In the order of the steps, which is that of time in all but UNORDERED.
  return (by === "FIRST" ? done[0] : done.at(-1)) ?? null;
};

const reachedBy = (attempts: readonly Attempted[], steps: number): readonly number[] =>
  Array.from({ length: steps }, (_, index) => attempts.filter((one) => (one.steps[index] ?? null) !== null).length);
const outcomeOf = (attempts: readonly Attempted[], steps: number) => {
  const reached = reachedBy(attempts, steps);
  return { successes: reached.at(-1) ?? 0, total: reached[0] ?? 0 };
};

const companyOf = (index: number): string => `c${index % 5}`;
const people = fc
  .array(fc.tuple(unitEvents(6), fc.constantFrom("s1", "s2", "s3")), { minLength: 3, maxLength: 8 })
  .map((all) =>
    all
      .flatMap(([events, sessionId], index) =>
        events.map((one): TestEvent => ({
          ...one,
          id: randomUUID(),
          userId: `u${index}`,
          sessionId: `${sessionId}-${index}`,
          // Some of the people act in the name of the same company.
          properties: { groups: { company: companyOf(index) } },
        })),
      )
      .toSorted((a, b) => a.timeMs - b.timeMs),
  );
const attributions = fc.constantFrom<By>("FIRST", "LAST", "STEP");
const questions = fc.array(fc.tuple(anyFunnel, attributions, fc.constantFrom<Kind>("PERSON", "SESSION", "GROUP")), {
  minLength: 6,
  maxLength: 6,
});

type Kind = "PERSON" | "SESSION" | "GROUP";
/** What a question of a kind counts of an event. */
const UNIT_OF: Readonly<Record<Kind, (event: TestEvent) => string | undefined>> = {
  PERSON: ({ userId }) => userId,
  SESSION: ({ sessionId }) => sessionId,
  GROUP: (event) => textOf(event, "properties.groups.company") ?? undefined,
};
/** What the cohorts of a question of a kind are of; sessions are members of none. */
const OF: Readonly<Record<Kind, object | null>> = {
  ...{ PERSON: {}, SESSION: null },
  GROUP: { unit: "ACCOUNTS", group: "company" },
};

/** A tenant with events, the segments, and two cohorts of each kind with their members by plain reading. */
const seeded = async (events: readonly TestEvent[]) => {
  const caller = callerWith(freshTenantId(), PERMISSIONS);
  if (events.length > 0) await storeEvents(world.writer, caller.tenantId, events);
  for (const segment of SEGMENTS) await define(caller, segment);
  const doing = (kind: Kind) =>
    (OF[kind] === null ? [] : ["a", "x"]).map(async (name) => ({
      id: await cohortOf(caller, name, OF[kind] ?? {}),
      who: new Set(events.flatMap((one) => (one.name === name ? (UNIT_OF[kind](one) ?? []) : []))),
    }));
  const [PERSON, GROUP] = [await Promise.all(doing("PERSON")), await Promise.all(doing("GROUP"))];
  return { caller, events, cohorts: { PERSON, GROUP, SESSION: [] } };
};
type Seeded = Awaited<ReturnType<typeof seeded>>;

const inputOf = ({ cohorts }: Seeded, plain: FunnelInput, by: By, kind: Kind) => ({
  ...{ ...plain, unit: { kind, ...(kind === "GROUP" ? { group: "company" } : {}) } },
  breakdown: {
    segments: SEGMENTS.map(({ name }) => ({ name })),
    attribution: by,
    ...(by === "STEP" ? { step: plain.steps.length } : {}),
    cohorts: cohorts[kind].map(({ id }) => id),
  },
});

/** All attempts, and those of each cohort and segment, as the rules say. */
const referenceOf = ({ events, cohorts }: Seeded, plain: FunnelInput, by: By, kind: Kind) => {
  const all = attemptsOf(plain, UNIT_OF[kind], events);
  const told = (one: Attempted) => telling(one, by, plain.steps.length);
  const ofCohorts = cohorts[kind].map(({ who }) => all.filter((one) => told(one) !== null && who.has(one.unit)));
  const ofSegments = SEGMENTS.map(({ filter }) =>
    all.filter((one) => {
      const event = told(one);
      return event !== null && passes(event, filter);
    }),
  );
  return { all, groups: [...ofCohorts, ...ofSegments] };
};

type Told = z.infer<typeof answer>["funnel"];

const checkCounts = (funnel: Told, { all, groups }: ReturnType<typeof referenceOf>, steps: number): void => {
  const none = all.filter((one) => !groups.some((own) => own.includes(one)));
  expect(funnel.groups.map((one) => one.result.steps.map(({ reached }) => reached))).toEqual(
    groups.map((own) => reachedBy(own, steps)),
  );
  expect(funnel.others?.steps.map(({ reached }) => reached) ?? null).toEqual(
    none.length === 0 ? null : reachedBy(none, steps),
  );
};

const checkTests = (funnel: Told, { all, groups }: ReturnType<typeof referenceOf>, steps: number): void => {
  const everyone = outcomeOf(all, steps);
  for (const [index, { versusRest }] of funnel.groups.entries()) {
    const { successes, total } = outcomeOf(groups[index] ?? [], steps);
    const otherSuccesses = everyone.successes - successes;
    const otherFailures = everyone.total - total - otherSuccesses;
    const known = compareTwo({ successes, failures: total - successes, otherSuccesses, otherFailures });
    expect(versusRest?.p ?? null).toEqual(known === null ? null : expect.closeTo(known.p, 9));
  }
  const several = all.some((one) => groups.filter((own) => own.includes(one)).length > 1);
  const tested = several ? null : compareAll(groups.map((own) => outcomeOf(own, steps)));
  expect(funnel.groupsTest?.chiSquare ?? null).toEqual(tested === null ? null : expect.closeTo(tested.chiSquare, 9));
};

describe("a funnel broken down by cohorts and segments", () => {
  test("counts each unit in every group it is of, and in the others when it is of none, as a reference does", async () => {
    await fc.assert(
      fc.asyncProperty(people, questions, async (events, asked) => {
        const own = await seeded(events);
        for (const [plain, by, kind] of asked) {
          const input = inputOf(own, plain, by, kind);
          const { funnel } = answer.parse(await ask(own.caller, FUNNEL, { input }));
          expect(funnel.groups.map(({ cohort, segment }) => cohort?.id ?? segment?.name)).toEqual([
            ...own.cohorts[kind].map(({ id }) => id),
            ...SEGMENTS.map(({ name }) => name),
          ]);
          const known = referenceOf(own, plain, by, kind);
          checkCounts(funnel, known, plain.steps.length);
          checkTests(funnel, known, plain.steps.length);
        }
      }),
      { numRuns: 6, endOnFailure: true },
    );
  });

  test("is refused where it is wrong, and tells the nearest name", async () => {
    const caller = callerWith(freshTenantId(), PERMISSIONS);
    await define(caller, SEGMENTS[0]);
    const [cohort, other] = [
      await cohortOf(caller, "a"),
      await cohortOf(callerWith(freshTenantId(), PERMISSIONS), "a"),
    ];
    const refused = async (breakdown: unknown, more: Record<string, unknown> = {}) => {
      const input = { range: FUNNEL_RANGE, steps: [{ anyOf: [{}] }], breakdown, ...more };
      const { errors } = await send(caller, FUNNEL, { input });
      return errors?.map(({ message, extensions }) => [extensions?.["code"], extensions?.["field"], message]);
    };
    const table: readonly (readonly [unknown, string, string, Record<string, unknown>?])[] = [
      [{}, "input.breakdown", "not by both or by nothing"],
      [{ field: "country", cohorts: [cohort] }, "input.breakdown", "not by both"],
      [{ cohorts: [other] }, "input.breakdown.cohorts.0", "no cohort of this id"],
      [{ cohorts: [cohort, cohort.toUpperCase()] }, "input.breakdown.cohorts", "twice"],
      [{ cohorts: [cohort] }, "input.breakdown.cohorts", "unit PERSON", { unit: { kind: "SESSION" } }],
      [{ cohorts: [cohort], attribution: "LAST" }, "input.breakdown.attribution", "whatever the event"],
      [{ segments: [{ name: "wbe" }] }, "input.breakdown.segments.0", "Did you mean `web`?"],
      [{ segments: [{ name: "web", version: 2 }] }, "input.breakdown.segments.0", "no version 2"],
      [{ segments: [{ name: "web" }], first: 3 }, "input.breakdown.first", "leave `first` out"],
      [
        { segments: Array.from({ length: 11 }, () => ({ name: "web" })) },
        "input.breakdown.segments",
        "At most 10 can be named",
      ],
    ];
    for (const [breakdown, field, message, more] of table)
      expect(await refused(breakdown, more)).toEqual([["BAD_INPUT", field, expect.stringContaining(message)]]);
  });
});
