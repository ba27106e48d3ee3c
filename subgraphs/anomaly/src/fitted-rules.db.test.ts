import { afterAll, afterEach, beforeAll, expect, jest, test } from "@jest/globals";
import { z } from "zod";
import {
  CREATE_RULE,
  HOUR_MS,
  openQuestionWorld,
  QUESTION,
  START_MS,
  type QuestionWorld,
} from "./testing/question-world.ts";

// Both engines are shared with the tests beside this one; nothing here is measured in time.
jest.setTimeout(120_000);

let opened: QuestionWorld;
beforeAll(() => {
  opened = openQuestionWorld();
});
afterEach(() => opened.reset());
afterAll(() => opened.room.close());

const HISTORY = 336 + 24;
const DETECTOR = { seasonalBand: { seasons: "DAY", method: "MSTL" } };
/** Counts with a day and noise that is the same each time, and one hour in which hardly anything came. */
const counts = (hour: number): number => {
  const noise = Math.abs(Math.sin(hour * 78.233) * 43_758.5453) % 1;
  const usual = Math.round(100 + 60 * Math.sin((hour * Math.PI) / 12) + 10 * noise);
  return hour === 30 ? Math.round(usual / 4) : usual;
};
const hourText = (hour: number): string => new Date(START_MS + hour * HOUR_MS).toISOString();

const judged = z.object({
  anomalies: z.object({
    edges: z.array(
      z.object({
        node: z.object({
          ...{
            raisedAt: z.string(),
            evidence: z.object({ because: z.string(), expected: z.number(), side: z.string() }),
          },
          series: z.array(z.object({ from: z.string(), expected: z.number().nullable(), low: z.number().nullable() })),
        }),
      }),
    ),
  }),
});
const ANOMALIES = `{ anomalies { edges { node { raisedAt evidence { because expected side } series { from expected low } } } } }`;
const SIMULATE = `query ($rule: ID!, $from: DateTime!, $to: DateTime!) {
  result: simulateRule(rule: $rule, from: $from, to: $to) { buckets episodes { from toldAt } } }`;

test("A band that MSTL forecasts raises what is planted through the evaluator, tells the band by which, and a replay over the same time says the same", async () => {
  const tenant = opened.openTenant();
  opened.world.counts.set("DE", counts);
  const rule = await opened.makeRule(tenant, { detector: DETECTOR, question: { ...QUESTION, maxSeries: 200 } });
  for (let turn = 0; turn < 5; turn += 1) await opened.turn(0);
  for (let hour = 0; hour < 30; hour += 1) await opened.turn();
  const { edges } = judged.parse((await tenant.ask(ANOMALIES)).data).anomalies;
  expect(edges).toHaveLength(1);
  const { raisedAt, evidence, series } = edges[0]?.node ?? {};
  expect(evidence).toMatchObject({ because: expect.stringContaining("where MSTL forecasts"), side: "BELOW" });
  expect(Math.abs((evidence?.expected ?? 0) - counts(30 + 24))).toBeLessThan(20);
  expect(raisedAt).toBe(hourText(31));
  expect(series?.find(({ from }) => from === hourText(30))?.low).toBeGreaterThan(counts(30));
  // The rule was shown so much history before its first bucket that counts, which was the ninth hour's; a replay from there is shown the same.
  const replay = { rule, from: hourText(9), to: hourText(40) };
  expect((await tenant.ask(SIMULATE, replay)).data?.["result"]).toEqual({
    ...{ buckets: 31, episodes: [{ from: hourText(30), toldAt: hourText(31) }] },
  });
  const earliest = Math.min(...opened.world.asked.map(({ question: { from } }) => Date.parse(from)));
  expect(Math.ceil((earliest - START_MS) / HOUR_MS)).toBe(9 - HISTORY);
});

test("MSTL is refused where it would be fitted to too many series, or to buckets without such a season, and the refusal says what to take", async () => {
  const tenant = opened.openTenant();
  const refused = async (input: object) =>
    (await tenant.ask(CREATE_RULE, { input: { name: "fitted", detector: DETECTOR, question: QUESTION, ...input } }))
      .data?.["createRule"];
  const members = [DETECTOR, { seasonalBand: { method: "MSTL" } }].map((detector) => ({ detector }));
  expect(await refused({})).toMatchObject({
    problems: [{ field: "question.maxSeries", message: expect.stringContaining("set `maxSeries` to 200 or less") }],
  });
  expect(
    await refused({ detector: { ensemble: { members } }, question: { ...QUESTION, maxSeries: 101 } }),
  ).toMatchObject({ problems: [{ message: expect.stringContaining("set `maxSeries` to 100 or less") }] });
  expect(await refused({ question: { ...QUESTION, granularity: "MINUTE", maxSeries: 5 } })).toMatchObject({
    problems: [{ field: "detector", message: expect.stringContaining("or the method SMOOTHED") }],
  });
});
