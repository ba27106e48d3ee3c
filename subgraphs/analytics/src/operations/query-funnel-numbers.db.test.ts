import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { benjaminiHochberg } from "@tessera/platform/statistics/multiple-tests";
import { callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { openTestResources, type TestResources } from "@tessera/platform/testing/test-resources";
import fc from "fast-check";
import { countHere } from "../../testing/count-here.ts";
import { anyFunnel, FUNNEL_NAMES, unitEvents } from "../../testing/funnel-arbitraries.ts";
import { textOf } from "../../testing/reference-filter.ts";
import {
  didBetween,
  referenceStepTimes,
  referenceTimes,
  referenceUnits,
  referenceValue,
  type ReferenceUnit,
} from "../../testing/reference-funnel-numbers.ts";
import { storeEvents, type TestEvent } from "../../testing/test-events.ts";
import type { FunnelTimes } from "../domain/funnel/funnel-answer.ts";
import type { FunnelInput } from "../domain/funnel/funnel-input.ts";
import { compareTwo, oddsRatio } from "../domain/statistics.ts";
import { createFunnelStore } from "../store/funnel-store.ts";
import { queryFunnel } from "./query-funnel.ts";

// Nothing here is about speed: a busy machine may take its time.
jest.setTimeout(300_000);

let world: TestResources;
beforeAll(() => {
  world = openTestResources();
});
afterAll(() => world.close());

const MINUTE_MS = 60_000;
const LEVELS = [0.1, 0.5, 0.9];

/** People whose events carry plans that change from one to the next, each some minutes after the one before. */
const people = fc
  .array(
    fc.tuple(
      unitEvents(7),
      fc.array(fc.constantFrom("pro", "free", undefined), { minLength: 7, maxLength: 7 }),
      fc.integer({ min: 0, max: 3 }),
    ),
    { minLength: 2, maxLength: 9 },
  )
  .map((units) =>
    units
      .flatMap(([events, plans, minutes], index) =>
        events.map((one, place): TestEvent => {
          const plan = plans[place];
          const timeMs = one.timeMs + minutes * MINUTE_MS;
          return {
            ...{ ...one, id: randomUUID(), userId: `u${index}`, timeMs },
            properties: plan === undefined ? {} : { plan },
          };
        }),
      )
      .toSorted((a, b) => a.timeMs - b.timeMs),
  );

/** Stores people and compares what each funnel is answered with. */
const eachFunnel = async (
  funnels: fc.Arbitrary<FunnelInput>,
  compare: (input: FunnelInput, known: readonly ReferenceUnit[], ask: typeof asked) => Promise<void>,
): Promise<void> => {
  await fc.assert(
    fc.asyncProperty(people, fc.array(funnels, { minLength: 6, maxLength: 6 }), async (events, inputs) => {
      tenantId = freshTenantId();
      if (events.length > 0) await storeEvents(world.writer, tenantId, events);
      for (const input of inputs) await compare(input, referenceUnits(input, events), asked);
    }),
    { numRuns: 8, endOnFailure: true },
  );
};

let tenantId = freshTenantId();
const asked = (input: FunnelInput) =>
  queryFunnel({ funnels: createFunnelStore(world.resources.eventStore), counting: countHere, nowMs: () => Date.now() })(
    callerWith(tenantId, ["analytics:read"]),
    input,
  );

const toldTimes = ({ count, meanSeconds, quantilesSeconds, histogram }: FunnelTimes) => ({
  ...{ count, meanSeconds: near(meanSeconds), quantilesSeconds: quantilesSeconds.map(near) },
  bins: new Map(histogram.filter((bin) => bin.count > 0).map((bin) => [bin.fromSeconds, bin.count])),
});
const near = (value: number | null): number | null => (value === null ? null : Math.round(value * 1e6) / 1e6);
const nearTimes = ({ meanSeconds, quantilesSeconds, ...rest }: ReturnType<typeof referenceTimes>) => ({
  ...{ ...rest, meanSeconds: near(meanSeconds), quantilesSeconds: quantilesSeconds.map(near) },
});

const countBy = <T>(all: readonly T[], keyOf: (one: T) => string | null): ReadonlyMap<string | null, number> =>
  all.reduce(
    (counts, one) => counts.set(keyOf(one), (counts.get(keyOf(one)) ?? 0) + 1),
    new Map<string | null, number>(),
  );

describe("what a funnel tells beside its counts", () => {
  test("times from step to step and to convert: how many, mean, quantiles and histogram, as listing them says", async () => {
    await eachFunnel(anyFunnel, async (input, known, ask) => {
      const { result } = await ask({ ...input, levels: LEVELS });
      const { between, whole } = referenceStepTimes(input, known);
      const steps = result.steps.map(({ timeFromPrevious }) =>
        timeFromPrevious === null ? null : toldTimes(timeFromPrevious),
      );
      const wanted = between.map((times, step) => (step === 0 ? null : nearTimes(referenceTimes(times, LEVELS))));
      expect({ input, steps, whole: toldTimes(result.timeToConvert) }).toEqual({
        ...{ input, steps: wanted, whole: nearTimes(referenceTimes(whole, LEVELS)) },
      });
    });
  });

  test("the trend, minute by minute: who entered in it and how far they got", async () => {
    await eachFunnel(anyFunnel, async (input, known, ask) => {
      const { trend } = await ask({ ...input, trend: { granularity: "MINUTE" } });
      const minuteOf = (ms: number): string => new Date(Math.floor(ms / MINUTE_MS) * MINUTE_MS).toISOString();
      const told = trend?.steps.map(
        ({ reached }) =>
          new Map(
            reached.flatMap((units, place) =>
              units === 0 ? [] : [[new Date(trend.buckets[place] ?? "").toISOString(), units] as const],
            ),
          ),
      );
      const wanted = input.steps.map((_step, index) =>
        countBy(
          known.filter(({ steps }) => steps[index] !== undefined),
          ({ entry }) => minuteOf(entry.timeMs),
        ),
      );
      expect({ input, told }).toEqual({ input, told: wanted });
    });
  });

  const breakdowns = fc.oneof(
    fc.constantFrom({ attribution: "FIRST" as const, step: 1 }, { attribution: "LAST" as const, step: 1 }),
    fc.integer({ min: 1, max: 4 }).map((step) => ({ attribution: "STEP" as const, step })),
  );
  test("groups by the first, the last, or one step's value: who entered and who converted in each", async () => {
    const broken = fc.tuple(anyFunnel, breakdowns).map(([input, { attribution, step }]): FunnelInput => ({
      ...input,
      breakdown: {
        ...{ field: "properties.plan", first: 100, attribution },
        ...(attribution === "STEP" ? { step: Math.min(step, input.steps.length) } : {}),
      },
    }));
    await eachFunnel(broken, async (input, known, ask) => {
      const { groups } = await ask(input);
      const { attribution, step } = input.breakdown ?? {};
      const valueOf = (unit: ReferenceUnit) =>
        referenceValue(unit, "properties.plan", attribution ?? "FIRST", step ?? 1);
      const converted = known.filter(({ steps }) => steps.at(-1) !== undefined);
      const told = groups.map(({ value, result }) => [value, result.entered, result.converted] as const);
      expect({ input, entered: new Map(told.map(([value, entered]) => [value, entered])) }).toEqual({
        ...{ input, entered: countBy(known, valueOf) },
      });
      expect({
        input,
        converted: new Map(told.flatMap(([value, , all]) => (all === 0 ? [] : [[value, all]]))),
      }).toEqual({
        ...{ input, converted: countBy(converted, valueOf) },
      });
    });
  });
});

describe("what goes with converting", () => {
  const tableOf = (known: readonly ReferenceUnit[], has: (unit: ReferenceUnit) => boolean) => {
    const [converted, not] = [true, false].map((is) =>
      known.filter(({ steps }) => (steps.at(-1) !== undefined) === is),
    );
    const [won = [], lost = []] = [converted, not];
    return {
      ...{ successes: won.filter(has).length, failures: lost.filter(has).length },
      ...{
        otherSuccesses: won.filter((one) => !has(one)).length,
        otherFailures: lost.filter((one) => !has(one)).length,
      },
    };
  };

  test("is every event and value that can be compared, with its counts, odds ratio, and p corrected for all of them", async () => {
    await eachFunnel(anyFunnel, async (input, known, ask) => {
      const { correlation } = await ask({
        ...input,
        correlation: { events: 20, fields: ["properties.plan"], values: 10 },
      });
      const steps = new Set(input.steps.flatMap(({ anyOf }) => anyOf.flatMap(({ events }) => events ?? [])));
      const tried = FUNNEL_NAMES.filter((name) => !steps.has(name)).map(
        (name) => [`EVENT ${name}`, tableOf(known, (unit) => didBetween(input, unit, name))] as const,
      );
      const planOf = ({ steps: [first] }: ReferenceUnit) =>
        first === undefined ? null : textOf(first, "properties.plan");
      const values = [...new Set(known.map(planOf))].map(
        (plan) => [`FIELD ${String(plan)}`, tableOf(known, (unit) => planOf(unit) === plan)] as const,
      );
      const compared = [...tried, ...values].flatMap(([name, table]) => {
        const found = compareTwo(table);
        return found === null ? [] : [{ name, table, ...found, ratio: oddsRatio(table).ratio }];
      });
      const adjusted = benjaminiHochberg(compared.map(({ p }) => p));
      const wanted = compared.map(({ name, table, p, test: kind, ratio }, place) => ({
        ...{ name, ...table, test: kind, p: near(p), ratio: near(ratio), adjusted: near(adjusted[place] ?? null) },
      }));
      const told = correlation.map((one) => ({
        ...{ name: `${one.kind} ${String(one.value)}`, successes: one.convertedWith, failures: one.notConvertedWith },
        ...{ otherSuccesses: one.convertedWithout, otherFailures: one.notConvertedWithout, test: one.test },
        ...{ p: near(one.p), ratio: near(one.oddsRatio), adjusted: near(one.pAdjusted) },
      }));
      const byName = (a: { readonly name: string }, b: { readonly name: string }) => (a.name < b.name ? -1 : 1);
      expect({ input, told: told.toSorted(byName) }).toEqual({ input, told: wanted.toSorted(byName) });
    });
  });
});
