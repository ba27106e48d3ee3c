import fc from "fast-check";
import type { EventMatcherInput } from "../src/domain/event-matcher.ts";
import type { FunnelInput, FunnelStepInput } from "../src/domain/funnel/funnel-input.ts";
import type { FunnelAnchor, FunnelOrder } from "../src/domain/funnel/funnel.ts";

/** Names of the events random funnels are about; `z` is an event no step asks for. */
export const FUNNEL_NAMES = ["a", "b", "c", "d", "x", "z"] as const;

const ORIGIN = Date.parse("2026-03-02T10:00:00Z");

/** The range of random funnels: all random events lie in it. */
export const FUNNEL_RANGE = { from: "2026-03-01T00:00:00Z", to: "2026-03-04T00:00:00Z" };

const name = fc.constantFrom(...FUNNEL_NAMES);
const matcher = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom("a", "b", "c", "d").map((one) => ({ events: [one] })) },
  {
    weight: 1,
    arbitrary: fc.uniqueArray(fc.constantFrom("a", "b", "c"), { minLength: 2 }).map((events) => ({ events })),
  },
  { weight: 1, arbitrary: fc.constant({ filter: { field: "source", eq: "web" } }) },
);
const window = fc.option(fc.constantFrom("PT1S", "PT2S", "PT4S", "PT8S", "PT0.001S"), { nil: null });

const step = (order: FunnelOrder, place: number, count: number): fc.Arbitrary<FunnelStepInput> => {
  const several = fc.uniqueArray(fc.constantFrom("a", "b", "c", "d"), { minLength: 2, maxLength: 3 }).chain((names) =>
    fc.record({
      anyOf: fc.constant(names.map((one) => ({ events: [one] }))),
      atLeast: fc.integer({ min: 1, max: place > 0 && order === "ORDERED" ? names.length : 1 }),
    }),
  );
  const plain = fc.record({
    anyOf: fc.array(matcher, { minLength: 1, maxLength: 2 }),
    optional: fc.boolean().map((optional) => optional && order === "ORDERED" && place > 0 && place < count - 1),
  });
  return fc
    .tuple(fc.oneof({ weight: 4, arbitrary: plain }, { weight: 1, arbitrary: several }), window)
    .map(([one, within]) => (place === 0 || order === "UNORDERED" ? one : { ...one, within }));
};

const exclusionsOf = (order: FunnelOrder, steps: readonly FunnelStepInput[]) => {
  if (order === "STRICT" || steps.length < 2) return fc.constant([]);
  const web = { field: "source", eq: "web" };
  const event = fc.constantFrom<EventMatcherInput>(
    { events: ["x"] },
    { events: ["b"] },
    { events: ["x"], filter: web },
    { filter: web },
  );
  const required = steps.flatMap(({ optional }, index) => (optional === true ? [] : [index + 1]));
  const between = fc
    .subarray(required, { minLength: 2, maxLength: 2 })
    .map(([fromStep = 1, toStep = steps.length]) => ({ fromStep, toStep }));
  const one =
    order === "UNORDERED"
      ? event.map((given) => ({ event: given }))
      : fc.tuple(event, between).map(([given, span]) => ({ event: given, ...span }));
  return fc.array(one, { maxLength: 2 });
};

/** Random funnels of every kind over {@link FUNNEL_NAMES}. */
export const anyFunnel: fc.Arbitrary<FunnelInput> = fc
  .tuple(
    fc.constantFrom<FunnelOrder>("ORDERED", "ORDERED", "UNORDERED", "STRICT"),
    fc.constantFrom<FunnelAnchor>("FIRST", "ANY"),
    fc.integer({ min: 1, max: 4 }),
  )
  .chain(([order, anchor, count]) =>
    fc
      .tuple(fc.tuple(...Array.from({ length: count }, (_, place) => step(order, place, count))), window)
      .chain(([steps, whole]) =>
        exclusionsOf(order, steps).map((exclusions) => ({
          range: FUNNEL_RANGE,
          order,
          anchor,
          steps,
          window: whole,
          exclusions,
        })),
      ),
  );

/** An event of a unit: its name and source, and when, in seconds; several may fall on one moment. */
export interface FunnelEvent {
  readonly name: string;
  readonly source: string;
  readonly timeMs: number;
}

/** Random events of one unit in order, few enough for a reference that tries everything. */
export const unitEvents = (most: number): fc.Arbitrary<readonly FunnelEvent[]> =>
  fc
    .array(
      fc.record({
        name,
        source: fc.constantFrom("web", "ios"),
        timeMs: fc.integer({ min: 0, max: 12 }).map((seconds) => ORIGIN + seconds * 1_000),
      }),
      { maxLength: most },
    )
    .map((events) => events.toSorted((a, b) => a.timeMs - b.timeMs));
