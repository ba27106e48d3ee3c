import { afterAll, afterEach, beforeAll, expect, jest, test } from "@jest/globals";
import fc from "fast-check";
import { HOUR_MS, openQuestionWorld, START_MS, QUESTION, type QuestionWorld } from "./testing/question-world.ts";
import { evaluatedEpisodes, simulatedEpisodes } from "./testing/told-episodes.ts";

// Both engines are shared with the tests beside this one; nothing here is measured in time.
jest.setTimeout(240_000);

let opened: QuestionWorld;
beforeAll(() => {
  opened = openQuestionWorld();
});
afterEach(() => opened.reset());
afterAll(() => opened.room.close());

/** The hour of the first bucket that counts, and how many hours of a story follow. */
const [FIRST, HOURS] = [9, 24];
/** Every kind of detector a rule on a question may have, by each way it may be judged, sensitive enough that stories lead to something. */
const KINDS: Readonly<Record<string, object>> = {
  static: { side: "ABOVE", high: 250 },
  change: { since: "DAY_AGO", unit: "PERCENT", by: 100 },
  robustZ: { window: 30, calendar: "AS_USUAL" },
  ewma: { baseline: 30 },
  automatic: {},
  seasonalBand: { seasons: "DAY" },
  fittedBand: { seasons: "DAY", method: "MSTL" },
  forecast: { high: 400, horizonHours: 4 },
  changepoint: { confirm: 2 },
  missingData: { buckets: 2 },
  isolationForest: { window: 64, sample: 32, trees: 10, dimensions: 1, rarity: 2 },
  halfSpaceTrees: { window: 60, trees: 10, rarity: 2 },
  peers: { minimumDeviation: 10 },
  multivariate: {},
  ensemble: { members: [{ detector: { robustZ: {} } }, { detector: { ewma: {} } }] },
};
const inputOf = (kind: string): string => (kind === "fittedBand" ? "seasonalBand" : kind);
/** Policies that differ in what they count; nothing of them goes by the wall clock, which evaluations see late. */
const POLICIES: readonly object[] = [
  {},
  { fire: { k: 2, n: 3 }, clear: { k: 2, n: 2, score: 0.5 }, flapping: null },
  { fire: { minimumDuration: "PT2H" }, clear: { quiet: "PT2H" }, flapping: { changes: 3, window: "PT6H" } },
  { noData: { act: "FIRE", afterBuckets: 2 }, autoResolve: "PT5H" },
];

const noise = (seed: number, hour: number): number =>
  Math.abs(Math.sin(seed * 12.9898 + hour * 78.233) * 43_758.5453) % 1;
const usual = (seed: number, hour: number): number =>
  Math.round(100 + 40 * Math.sin((hour * Math.PI) / 12) + 10 * noise(99, hour) + 6 * noise(seed, hour));

/** Stretches of hours of a series that are not as usual: so many times as much, or nothing known. */
const story = fc.record({
  strange: fc.array(
    fc.record({
      ...{
        series: fc.nat(6),
        from: fc.integer({ min: FIRST - 4, max: FIRST + HOURS }),
        length: fc.integer({ min: 1, max: 5 }),
      },
      times: fc.constantFrom(0, 0.2, 4, 8, null),
    }),
    { minLength: 2, maxLength: 8 },
  ),
  policy: fc.constantFrom(...POLICIES),
  /** Hours between evaluations. */
  turns: fc.array(fc.constantFrom(1, 1, 1, 4), { minLength: 3, maxLength: 6 }),
});
type Story = typeof story extends fc.Arbitrary<infer One> ? One : never;

const lay = ({ strange }: Story): void => {
  for (let series = 0; series < 7; series += 1)
    opened.world.counts.set(`s${series}`, (hour) => {
      const one = strange.find((at) => at.series === series && hour >= at.from && hour < at.from + at.length);
      if (one === undefined) return usual(series, hour);
      return one.times === null ? null : Math.round(one.times * usual(series, hour));
    });
};

const play = async (one: Story): Promise<number> => {
  const tenant = opened.openTenant();
  lay(one);
  const question = { ...QUESTION, maxSeries: 20 };
  const rules = new Map<string, string>();
  for (const [kind, settings] of Object.entries(KINDS))
    rules.set(
      kind,
      await opened.makeRule(tenant, {
        name: kind,
        question,
        detector: { [inputOf(kind)]: settings },
        alerting: one.policy,
      }),
    );
  // AUTOMATIC is shown 2,016 hours, a hundred a turn.
  for (let turn = 0; turn < 22; turn += 1) await opened.turn(0);
  for (let hour = 0, turn = 0; hour < HOURS; turn += 1) {
    const hours = one.turns[turn % one.turns.length] ?? 1;
    await opened.turn(hours);
    hour += hours;
  }
  const toMs = Math.floor(opened.room.clock.ms / HOUR_MS) * HOUR_MS;
  let episodes = 0;
  for (const [kind, rule] of rules) {
    const was = await evaluatedEpisodes(opened.room, tenant.tenantId, kind);
    const range = { fromMs: START_MS + FIRST * HOUR_MS, toMs };
    expect([kind, await simulatedEpisodes(tenant, rule, range)]).toEqual([kind, was]);
    episodes += was.length;
  }
  return episodes;
};

test("What a simulation says of a past time, the evaluator has said of it, with every kind of detector, whatever the policy and however late it came", async () => {
  let episodes = 0;
  await fc.assert(
    fc.asyncProperty(story, async (one) => {
      episodes += await play(one);
      await opened.reset();
    }),
    { numRuns: 2, endOnFailure: true },
  );
  expect(episodes).toBeGreaterThan(0);
});
