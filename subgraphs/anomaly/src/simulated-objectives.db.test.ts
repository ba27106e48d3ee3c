import { afterAll, afterEach, beforeAll, expect, jest, test } from "@jest/globals";
import fc from "fast-check";
import { z } from "zod";
import { openObjectiveWorld, START_MS, type OpenedObjectiveWorld, type Traffic } from "./testing/objective-world.ts";
import { evaluatedEpisodes, simulatedEpisodes } from "./testing/told-episodes.ts";

// Both engines are shared with the tests beside this one; nothing here is measured in time.
jest.setTimeout(240_000);

let opened: OpenedObjectiveWorld;
beforeAll(() => {
  opened = openObjectiveWorld();
});
afterEach(() => opened.reset());
afterAll(() => opened.close());

const MINUTE_MS = 60_000;
/** Minutes of a story: an outage burns over the six hours' window and is over in its half hour. */
const MINUTES = 180;
const POLICIES: readonly object[] = [
  {},
  { fire: { k: 2, n: 3 }, clear: { k: 3, n: 3, score: 0.5 }, flapping: null },
  { fire: { minimumDuration: "PT3M" }, clear: { quiet: "PT10M" } },
  { noData: { act: "FIRE", afterBuckets: 4 }, autoResolve: "PT20M" },
];

const story = fc.record({
  outages: fc.array(
    fc.record({
      ...{ country: fc.constantFrom("DE", "FR"), from: fc.integer({ min: -90, max: MINUTES }) },
      ...{ minutes: fc.integer({ min: 2, max: 60 }), badPercent: fc.constantFrom(5, 30, 100, null) },
    }),
    { minLength: 2, maxLength: 6 },
  ),
  percent: fc.constantFrom(98, 99, 99.9),
  policy: fc.constantFrom(...POLICIES),
  /** Minutes between evaluations. */
  turns: fc.array(fc.constantFrom(1, 2, 7, 25), { minLength: 2, maxLength: 5 }),
});
type Story = typeof story extends fc.Arbitrary<infer One> ? One : never;

/** What came in a minute: a hundred, some of them bad; nothing at all in an outage that lets nothing in. */
const trafficOf =
  (country: string, { outages }: Story): Traffic =>
  (minute) => {
    const one = outages.find((at) => at.country === country && minute >= at.from && minute < at.from + at.minutes);
    if (one === undefined) return { total: 100, bad: 0 };
    return one.badPercent === null ? { total: 0, bad: 0 } : { total: 100, bad: one.badPercent };
  };

const OBJECTIVE = `mutation ($input: ObjectiveInput!) { saved: saveObjective(input: $input) { ... on ObjectiveSaved { objective { id } } } }`;
const RULE = `mutation ($input: CreateRuleInput!) { saved: createRule(input: $input) { ... on RuleSaved { rule { id } } } }`;
const objectiveSaved = z.object({ saved: z.object({ objective: z.object({ id: z.string() }) }) });
const ruleSaved = z.object({ saved: z.object({ rule: z.object({ id: z.string() }) }) });

const play = async (one: Story): Promise<void> => {
  const tenant = opened.openTenant();
  for (const country of ["DE", "FR"]) opened.world.traffic.set(country, trafficOf(country, one));
  const indicator = { events: { of: { field: "name", eq: "request" }, good: { field: "properties.status", lt: 500 } } };
  const input = { name: "requests", percent: one.percent, window: "DAYS_7", owner: "shop", indicator };
  const objective = objectiveSaved.parse(
    (await tenant.ask(OBJECTIVE, { input: { ...input, groupBy: "country" } })).data,
  ).saved.objective;
  const draft = { name: "burn", objective, alerting: one.policy };
  const rule = ruleSaved.parse((await tenant.ask(RULE, { input: draft })).data).saved.rule.id;
  await opened.turn(0);
  for (let minute = 0, turn = 0; minute < MINUTES; turn += 1) {
    const minutes = one.turns[turn % one.turns.length] ?? 1;
    await opened.turn(minutes);
    minute += minutes;
  }
  const was = await evaluatedEpisodes(opened.room, tenant.tenantId, "burn");
  // The first bucket that counts is the last that had ended when the rule was made.
  const range = { fromMs: START_MS - MINUTE_MS, toMs: opened.room.clock.ms };
  expect(await simulatedEpisodes(tenant, rule, range)).toEqual(was);
};

test("What a simulation says of how a budget burnt, the evaluator has said of it, whatever came, by whatever policy and however late", async () => {
  await fc.assert(
    fc.asyncProperty(story, async (one) => {
      await play(one);
      await opened.reset();
    }),
    { numRuns: 4, endOnFailure: true },
  );
});
