import { afterAll, afterEach, beforeAll, expect, jest, test } from "@jest/globals";
import { z } from "zod";
import { HOUR_MS, openQuestionWorld, START_MS, QUESTION, type QuestionWorld } from "./testing/question-world.ts";

// Both engines are shared with the tests beside this one; nothing here is measured in time.
jest.setTimeout(240_000);

let opened: QuestionWorld;
beforeAll(() => {
  opened = openQuestionWorld();
});
afterEach(() => opened.reset());
afterAll(() => opened.room.close());

/** The hour in which one series rises and one falls silent, and in how many turns from then on each kind must have told. */
const PLANTED = 12;
const KINDS: Readonly<Record<string, readonly [object, number]>> = {
  static: [{ side: "ABOVE", high: 400 }, 0],
  change: [{ since: "DAY_AGO", unit: "PERCENT", by: 100 }, 0],
  robustZ: [{}, 0],
  ewma: [{}, 0],
  automatic: [{}, 0],
  seasonalBand: [{ seasons: "DAY" }, 0],
  forecast: [{ high: 500, horizonHours: 4 }, 1],
  changepoint: [{}, 6],
  isolationForest: [{ window: 64, sample: 32, trees: 20, dimensions: 1, rarity: 2 }, 2],
  halfSpaceTrees: [{ window: 100, rarity: 2 }, 2],
  peers: [{ minimumDeviation: 10 }, 0],
  multivariate: [{}, 0],
  ensemble: [{ members: [{ detector: { robustZ: {} } }, { detector: { ewma: {} } }] }, 0],
};

const noise = (seed: number, hour: number): number =>
  Math.abs(Math.sin(seed * 12.9898 + hour * 78.233) * 43_758.5453) % 1;
const usual = (seed: number, hour: number): number =>
  Math.round(100 + 40 * Math.sin((hour * Math.PI) / 12) + 10 * noise(99, hour) + 6 * noise(seed, hour));

const changed = z.object({
  payload: z.object({
    ...{ ruleName: z.string(), group: z.array(z.object({ value: z.string() })), to: z.string(), atMs: z.number() },
  }),
});

test("Every kind of detector finds what is planted through the evaluator, and raises nothing of its history, of a gap in it, of silence or of a series it knows too little of", async () => {
  const tenant = opened.openTenant();
  for (let seed = 0; seed < 6; seed += 1) opened.world.counts.set(`steady${seed}`, (hour) => usual(seed, hour));
  opened.world.counts.set("rising", (hour) => {
    if (hour >= -20 && hour < -17) return null;
    return hour === -200 || hour >= PLANTED ? 8 * usual(7, hour) : usual(7, hour);
  });
  opened.world.counts.set("silent", (hour) => (hour >= PLANTED ? null : usual(8, hour)));
  opened.world.counts.set("new", (hour) => (hour < PLANTED - 1 ? null : 20 + 300 * noise(9, hour)));
  const question = { ...QUESTION, maxSeries: 20 };
  for (const [kind, [settings]] of Object.entries(KINDS))
    await opened.makeRule(tenant, { name: kind, question, detector: { [kind]: settings } });
  await opened.makeRule(tenant, { name: "missingData", question, detector: { missingData: { buckets: 3 } } });
  // AUTOMATIC is shown 2,016 hours, a hundred a turn.
  for (let turn = 0; turn < 22; turn += 1) await opened.turn(0);
  for (let hour = 0; hour < PLANTED - 3; hour += 1) await opened.turn();
  const { rows } = await opened.room.engines.owner.query(
    "SELECT payload FROM event_log WHERE tenant_id = $1 AND topic = 'alert.changed' ORDER BY transaction_id, sequence",
    [tenant.tenantId],
  );
  const fired = rows
    .map((row) => changed.parse(row).payload)
    .filter(({ to }) => to === "FIRING")
    .map(({ ruleName, group, atMs }) => ({
      ...{ kind: ruleName, series: group[0]?.value ?? "", turn: Math.floor((atMs - START_MS) / HOUR_MS) - 1 - PLANTED },
    }));
  const late = Object.entries(KINDS).filter(
    ([kind, [, within]]) =>
      !fired.some((one) => one.kind === kind && one.series === "rising" && one.turn >= 0 && one.turn <= within),
  );
  expect(late.map(([kind]) => kind)).toEqual([]);
  expect(fired.filter(({ turn }) => turn < 0)).toEqual([]);
  expect(fired.filter(({ kind, series }) => kind !== "missingData" && series !== "rising")).toEqual([]);
  expect(fired.filter(({ kind }) => kind === "missingData")).toEqual([
    { kind: "missingData", series: "silent", turn: 2 },
  ]);
});
