import { randomUUID } from "node:crypto";
import { describe, expect, jest, test } from "@jest/globals";
import { wrongSlices, type ReferencePart } from "../../../testing/explained.ts";
import { referenceNumberBins, referenceTextBins } from "../../../testing/reference-quality.ts";
import { explainedRoom } from "../../../testing/explained-room.ts";
import type { TestEvent } from "../../../testing/test-events.ts";

// Nothing here is about speed: a busy machine may take its time.
jest.setTimeout(240_000);

const [HOUR_MS, WEEK_MS] = [3_600_000, 7 * 86_400_000];
const FROM_MS = Date.parse("2025-10-15T12:00:00Z");
const iso = (ms: number): string => new Date(ms).toISOString();
const SPAN = { from: iso(FROM_MS), to: iso(FROM_MS + HOUR_MS) };
const [COUNTRIES, DEVICES, PLANS] = [
  ["DE", "US", "FR"],
  ["phone", "desktop"],
  ["free", "pro", "team", "trial"],
];

/** Payments in an hour of six weeks: in the last, phones in Germany pay more, and by another plan; some have no amount. */
const events: readonly TestEvent[] = [0, 1, 2, 3, 4, 5].flatMap((back) =>
  Array.from({ length: 360 }, (_, index): TestEvent => {
    const [country = "", device = ""] = [COUNTRIES[index % 3], DEVICES[Math.floor(index / 3) % 2]];
    const moved = back === 0 && country === "DE" && device === "phone";
    const amount = ((index * 37 + back * 11) % 101) + (moved ? 70 : 0);
    return {
      ...{ id: randomUUID(), name: "pay", country, device, userId: `u${index % 90}` },
      ...{ timeMs: FROM_MS - back * WEEK_MS + index * 9_000, revenue: "2.5", currency: "EUR" },
      properties: { plan: moved ? "team" : PLANS[(index * 5 + back) % 4], ...(index % 12 === 11 ? {} : { amount }) },
    };
  }),
);

type Holds = (event: Readonly<Record<string, unknown>>) => boolean;
interface Bins {
  readonly valueOf: (event: TestEvent) => unknown;
  readonly binOf: (value: unknown) => number;
  readonly count: number;
}
const at = (back: number): readonly TestEvent[] =>
  events.filter(({ timeMs }) => timeMs >= FROM_MS - back * WEEK_MS && timeMs < FROM_MS - back * WEEK_MS + HOUR_MS);

const amountOf = ({ properties }: TestEvent): unknown => properties?.["amount"];
const planOf = ({ properties }: TestEvent): unknown => properties?.["plan"];
const usual = at(5);
const numeric = (): Bins => {
  const bins = referenceNumberBins(
    usual.map(amountOf).filter((one) => typeof one === "number"),
    10,
  );
  return {
    valueOf: amountOf,
    binOf: (value) => bins.findIndex(({ holds }) => holds(Number(value))),
    count: bins.length,
  };
};
const categorical = (): Bins => {
  const bins = referenceTextBins(usual.map(planOf).map(String), 10);
  return { valueOf: planOf, binOf: (value) => bins.findIndex(({ holds }) => holds(String(value))), count: bins.length };
};

/** The index as a mean over values by definition: each adds the logarithm of its bin's smoothed shares, less the reference's mean. */
const psi =
  ({ valueOf, binOf, count }: Bins) =>
  (back: number, holds: Holds): ReferencePart => {
    const having = (own: readonly TestEvent[]) => own.filter((event) => valueOf(event) !== undefined);
    const counts = (own: readonly TestEvent[]): readonly number[] =>
      Array.from({ length: count }, (_, bin) => having(own).filter((event) => binOf(valueOf(event)) === bin).length);
    const [before, now] = [counts(usual), counts(at(0))];
    const held = before.map((one, bin) => one + (now[bin] ?? 0) > 0);
    const halves = held.filter(Boolean).length / 2;
    const shareOf = (own: readonly number[], bin: number) =>
      ((own[bin] ?? 0) + 0.5) / (own.reduce((sum, one) => sum + one, 0) + halves);
    const logs = held.map((is, bin) => (is ? Math.log(shareOf(now, bin) / shareOf(before, bin)) : 0));
    const mean = logs.reduce((sum, log, bin) => sum + (held[bin] === true ? shareOf(before, bin) * log : 0), 0);
    const own = having(at(back)).filter((event) => holds({ ...event }));
    const value = own.reduce((sum, event) => sum + (logs[binOf(valueOf(event))] ?? 0) - mean, 0);
    // The whole counts half a value more in each bin.
    if (!holds({})) return { value, base: own.length };
    const more = logs.reduce((sum, log, bin) => sum + (held[bin] === true ? (log - mean) / 2 : 0), 0);
    return { value: value + more, base: own.length + halves };
  };
const samples =
  ({ valueOf }: Bins) =>
  (back: number, holds: Holds): ReferencePart => ({
    value: at(back).filter((event) => valueOf(event) !== undefined && holds({ ...event })).length,
    base: null,
  });

const opened = explainedRoom(events);

const reference = { from: iso(FROM_MS - 5 * WEEK_MS), to: iso(FROM_MS - 5 * WEEK_MS + HOUR_MS) };
const common = { range: SPAN, event: { events: ["pay"] }, reference };
const amounts = { drift: { ...common, field: "properties.amount", kind: "NUMERIC" } };
const plans = { drift: { ...common, field: "properties.plan", kind: "CATEGORICAL" } };
const dimensions = ["country", "device"];

describe("the change of a drift", () => {
  test.each([
    ["numbers", amounts, numeric()],
    ["texts", plans, categorical()],
  ])(
    "is that of the mean of what values add to the index, and of how many there are: of %s",
    async (_what, question, bins) => {
      const answer = await opened.explain({ question, ...SPAN, dimensions });
      expect(wrongSlices(answer, psi(bins))).toEqual([]);
      expect(answer).toMatchObject({ outcome: "EXPLAINED", value: "psi", rhythm: "WEEKS" });
      expect(new Map(answer.slices[0]?.conditions.map(({ dimension, values }) => [dimension, values]))).toEqual(
        new Map([
          ["country", ["DE"]],
          ["device", ["phone"]],
        ]),
      );
      const counted = await opened.explain({ question, value: { name: "samples" }, ...SPAN, dimensions });
      expect(wrongSlices(counted, samples(bins))).toEqual([]);
    },
  );

  test("is the index that is watched, to which its bins add up", async () => {
    for (const question of [amounts, plans]) {
      const answer = await opened.explain({ question, ...SPAN, dimensions });
      const [[watched] = []] = (await opened.watched({
        question,
        ...SPAN,
        granularity: "HOUR",
      })) as number[][]; // boundary: one series of one bucket
      expect(answer.actual).toBeCloseTo(watched ?? -1, 12);
      const sum = answer.bins.reduce((all, { contribution }) => all + (contribution ?? 0), 0);
      expect(sum).toBeCloseTo(watched ?? -1, 12);
    }
  });

  test("has events of bins that grew behind it, and concerns their people and their revenue", async () => {
    const { impact, events: told } = await opened.behind({ question: plans, ...SPAN });
    const known = new Map(events.map((event) => [event.id, event]));
    expect(told.events.map(({ id }) => planOf(known.get(id) ?? { id, name: "", timeMs: 0 }))).toEqual(
      Array.from({ length: 4 }, () => "team"),
    );
    const teams = at(0).filter((event) => planOf(event) === "team");
    expect(impact?.people.actual).toBe(new Set(teams.map(({ userId }) => userId)).size);
    expect(impact?.revenue.map(({ currency, actual }) => [currency, actual])).toEqual([["EUR", teams.length * 2.5]]);
  });

  test("is that of its index where its distance or its chance is asked about, which follow from the same bins", async () => {
    const of = (name: string) => opened.explain({ question: amounts, value: { name }, ...SPAN, dimensions });
    const byIndex = await of("psi");
    for (const name of ["jensenShannon", "p"]) expect(await of(name)).toEqual(byIndex);
  });

  test("is refused of too few values, at their place", async () => {
    const few = { drift: { ...amounts.drift, minSamples: 1_000 } };
    expect(await opened.refusedAt({ question: few, ...SPAN })).toEqual(["input.from"]);
  });
});
