import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { countHere } from "../../testing/count-here.ts";
import { callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { openTestResources, type TestResources } from "@tessera/platform/testing/test-resources";
import fc from "fast-check";
import type { FunnelInput } from "../domain/funnel/funnel-input.ts";
import { parseFunnel } from "../domain/funnel/parse-funnel.ts";
import { createFunnelStore } from "../store/funnel-store.ts";
import { FUNNEL_RANGE, unitEvents, type FunnelEvent } from "../../testing/funnel-arbitraries.ts";
import { referenceAttempt } from "../../testing/reference-funnel.ts";
import { storeEvents } from "../../testing/test-events.ts";
import { queryFunnel } from "./query-funnel.ts";

// Nothing here is about speed: a busy machine may take its time.
jest.setTimeout(300_000);

let world: TestResources;
beforeAll(() => {
  world = openTestResources();
});
afterAll(() => world.close());

const ORDERS = ["ORDERED", "UNORDERED", "STRICT"] as const;
const HALF_LIFE_MS = 2_000;
/** The range begins in the middle of the events, so that touchpoints lie before it. */
const RANGE = { from: "2026-03-02T10:00:04Z", to: FUNNEL_RANGE.to };
const TOUCHES = ["x", "z", "a"];

const inputOf = (order: (typeof ORDERS)[number], lookback: string, maxPathLength: number): FunnelInput => ({
  ...{ range: RANGE, order, window: "PT8S", dropOffs: {} },
  steps: ["a", "b"].map((name) => ({ anyOf: [{ events: [name] }] })),
  attribution: {
    ...{ lookback, maxPathLength, topPaths: 1_000, otherwise: "elsewhere" },
    touchpoints: [{ events: ["x", "z"] }, { events: ["a"] }],
    channels: [{ channel: "on the web", filter: { field: "source", eq: "web" } }],
    models: [{ kind: "LINEAR" }, { kind: "TIME_DECAY", halfLife: "PT2S" }, { kind: "LAST" }],
  },
});

interface Journey {
  readonly steps: readonly string[];
  readonly ages: readonly number[];
  readonly converted: boolean;
}

/** The journey of a unit, by the definition: its attempt by every way there is, then its touchpoints one by one. Null for one that never entered. */
const journeyOf = (input: FunnelInput, events: readonly FunnelEvent[], lookbackMs: number, most: number) => {
  const funnel = parseFunnel(input, { personalData: false });
  const own = events.filter(({ timeMs }) => timeMs >= Date.parse(RANGE.from));
  const seen = own.filter(({ name }) => input.order === "STRICT" || ["a", "b"].includes(name));
  const attempt = referenceAttempt(
    funnel,
    seen.map(({ name, timeMs }) => ({ time: timeMs, passes: [name === "a", name === "b"] })),
  );
  if (attempt === null || (attempt.places[0] ?? -1) < 0) return null;
  const endedAt = seen[Math.max(...attempt.places)]?.timeMs ?? 0;
  const touched = events.filter(
    ({ name, timeMs }) => TOUCHES.includes(name) && timeMs >= endedAt - lookbackMs && timeMs <= endedAt,
  );
  const kept = touched.slice(-most);
  return {
    steps: kept.map(({ source }) => (source === "web" ? "on the web" : "elsewhere")),
    ages: kept.map(({ timeMs }) => endedAt - timeMs),
    converted: attempt.places.every((place) => place >= 0),
    cut: touched.length > most,
  };
};

const credited = (journeys: readonly Journey[], sharesOf: (journey: Journey) => readonly number[]) => {
  const credits = new Map<string, number>();
  for (const journey of journeys.filter(({ converted }) => converted))
    sharesOf(journey).forEach((share, place) => {
      const label = journey.steps[place] ?? "";
      credits.set(label, (credits.get(label) ?? 0) + share);
    });
  return credits;
};

const halved = ({ ages }: Journey): readonly number[] => {
  const weights = ages.map((age) => 2 ** (-age / HALF_LIFE_MS));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
};

const SHARES: readonly ((journey: Journey) => readonly number[])[] = [
  ({ steps }) => steps.map(() => 1 / steps.length),
  halved,
  ({ steps }) => steps.map((_step, place) => (place === steps.length - 1 ? 1 : 0)),
];

/** Events of one moment in one order by every rule: the batch's. */
const units = fc.array(unitEvents(8), { minLength: 1, maxLength: 6 });

describe("the attribution of a funnel's conversions", () => {
  test("is of the touchpoints before each unit's last step, and credits add up to the units that converted with one", async () => {
    await fc.assert(
      fc.asyncProperty(
        units,
        fc.constantFrom(2_000, 6_000, 60_000),
        fc.integer({ min: 1, max: 4 }),
        async (all, lookbackMs, most) => {
          const tenantId = freshTenantId();
          const stored = all
            .flatMap((events, index) =>
              events.map((one) => ({ ...one, id: randomUUID(), userId: `u${index}`, properties: {} })),
            )
            .toSorted((a, b) => a.timeMs - b.timeMs);
          if (stored.length > 0) await storeEvents(world.writer, tenantId, stored);
          const caller = callerWith(tenantId, ["analytics:read"]);
          const ask = queryFunnel({
            funnels: createFunnelStore(world.resources.eventStore),
            counting: countHere,
            nowMs: () => Date.now(),
          });
          for (const order of ORDERS) {
            const input = inputOf(order, `PT${lookbackMs / 1_000}S`, most);
            const { attribution, result } = await ask(caller, input);
            const found = all.flatMap((events) => journeyOf(input, events, lookbackMs, most) ?? []);
            const journeys = found.filter(({ steps }) => steps.length > 0);
            expect({ order, ...attribution, breakdown: null }).toEqual({
              ...{ order, breakdown: null, conversions: result.converted },
              attributedConversions: journeys.filter(({ converted }) => converted).length,
              nonConvertingJourneys: journeys.filter(({ converted }) => !converted).length,
              cutJourneys: found.filter(({ cut }) => cut).length,
            });
            const counts = new Map<string, readonly [number, number]>();
            for (const { steps, converted } of journeys) {
              const [won, lost] = counts.get(steps.join()) ?? [0, 0];
              counts.set(steps.join(), converted ? [won + 1, lost] : [won, lost + 1]);
            }
            const paths = attribution?.breakdown.paths ?? [];
            expect(new Map(paths.map((path) => [path.steps.join(), [path.conversions, path.losses]]))).toEqual(counts);
            SHARES.forEach((sharesOf, model) => {
              const known = credited(journeys, sharesOf);
              const { credits = [], conservation } = attribution?.breakdown.models[model] ?? {};
              for (const { label, conversions } of credits) expect(conversions).toBeCloseTo(known.get(label) ?? 0, 9);
              expect(conservation?.creditedConversions).toBeCloseTo(attribution?.attributedConversions ?? -1, 9);
            });
          }
        },
      ),
      { numRuns: 15, endOnFailure: true },
    );
  });

  test("is refused of a sample, and of what no attribution takes, where it stands", () => {
    const { attribution, ...input } = inputOf("ORDERED", "PT2S", 4);
    const parsed = (more: Partial<FunnelInput>) => () => parseFunnel({ ...input, ...more }, { personalData: false });
    const refused = (field: string) => expect.objectContaining({ extras: { field } });
    expect(parsed({ attribution, sample: 0.5 })).toThrow(refused("input.attribution"));
    const given = attribution ?? { touchpoints: [], models: [] };
    expect(parsed({ attribution: { ...given, touchpoints: [] } })).toThrow(refused("input.attribution.touchpoints"));
    expect(parsed({ attribution: { ...given, models: [] } })).toThrow(refused("input.attribution.models"));
    expect(parsed({ attribution: { ...given, lookback: "P900D" } })).toThrow(refused("input.attribution.lookback"));
  });
});
