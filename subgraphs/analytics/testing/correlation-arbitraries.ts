import fc from "fast-check";
import type {
  CorrelationConditionInput,
  CorrelationKind,
  CorrelationPartInput,
  CorrelationPatternInput,
} from "../src/domain/correlation/rule.ts";
import type { PlacedEvent } from "./reference-correlation.ts";

const SECOND_MS = 1_000;

const name = fc.constantFrom("a", "b", "c");

/** Parts named p0, p1 ...; the second key of a pair is called otherwise under every other part. */
const parts = (kind: CorrelationKind): fc.Arbitrary<readonly CorrelationPartInput[]> =>
  fc
    .record({
      count: kind === "COUNT" ? fc.constant(1) : fc.integer({ min: 2, max: 4 }),
      matchers: fc.array(
        fc.record({
          events: fc.option(fc.uniqueArray(name, { minLength: 1, maxLength: 2 }), { freq: 4 }),
          filter: fc.oneof(
            { weight: 3, arbitrary: fc.constant(null) },
            {
              weight: 1,
              arbitrary: fc.record({ field: fc.constant("properties.n"), gte: fc.integer({ min: 0, max: 2 }) }),
            },
          ),
          absent: fc.boolean(),
        }),
        { minLength: 4, maxLength: 4 },
      ),
      key: fc.constantFrom<readonly (readonly [string, string])[]>(
        [["sessionId", "sessionId"]],
        [["sessionId", "sessionId"]],
        [["properties.orderId", "properties.order.id"]],
        [
          ["sessionId", "sessionId"],
          ["properties.orderId", "properties.order.id"],
        ],
      ),
    })
    .map(({ count, matchers, key }) =>
      matchers.slice(0, count).map(({ absent, ...matcher }, index) => ({
        ...matcher,
        name: `p${index}`,
        key: key.map(([even, odd]) => (index % 2 === 0 ? even : odd)),
        absent:
          kind === "ABSENCE" && index === count - 1
            ? true
            : (kind === "ABSENCE" || kind === "SEQUENCE") && index > 0 && index < count - 1 && absent,
      })),
    );

const conditionOf = (among: readonly CorrelationPartInput[]): fc.Arbitrary<CorrelationConditionInput> => {
  const side = (indexes: readonly number[]) =>
    fc.record({
      part: fc.constantFrom(...indexes.map((index) => `p${index}`)),
      field: fc.constantFrom("properties.n", "properties.m"),
    });
  const positives = among.flatMap(({ absent }, index) => (absent === true ? [] : [index]));
  return fc.constantFrom(...among.map((_part, index) => index)).chain((index) => {
    const earlier = positives.filter((other) => other < index);
    const others = among[index]?.absent === true ? (earlier.length === 0 ? [index] : earlier) : positives;
    return fc.record({
      left: side([index]),
      comparison: fc.constantFrom("EQ", "NE", "GT", "GTE", "LT", "LTE"),
      right: side(others),
      times: fc.constantFrom(1, 1, 2),
    });
  });
};

/** Any pattern over {@link anyCorrelated} events. */
export const anyPattern: fc.Arbitrary<CorrelationPatternInput> = fc
  .constantFrom<CorrelationKind>("SEQUENCE", "ABSENCE", "COUNT", "ALL", "ANY")
  .chain((kind) =>
    parts(kind).chain((chosen) =>
      fc.record({
        kind: fc.constant(kind),
        parts: fc.constant(chosen),
        conditions: kind === "COUNT" ? fc.constant([]) : fc.array(conditionOf(chosen), { maxLength: 2 }),
        atLeast:
          kind === "COUNT"
            ? fc.integer({ min: 2, max: 4 })
            : kind === "ANY"
              ? fc.integer({ min: 1, max: chosen.length })
              : fc.constant(null),
        distinct: kind === "COUNT" ? fc.option(fc.constant("properties.m")) : fc.constant(null),
        window: fc.constantFrom("PT5S", "PT20S"),
        lateness: fc.constantFrom("PT0S", "PT10S", "PT30S", "PT30S"),
        skip: fc.constantFrom("PAST_LAST_EVENT", "TO_NEXT_EVENT"),
      }),
    ),
  );

const small = fc.integer({ min: 0, max: 3 });

/** Events of half a minute, with ties, of few keys; each with how long after it happened it is sent. */
export const anyCorrelated = (
  startMs: number,
  maxDelayMs: number,
): fc.Arbitrary<readonly (PlacedEvent & { readonly delayMs: number })[]> =>
  fc.array(
    fc
      .record({
        id: fc.uuid(),
        name,
        at: fc.integer({ min: 0, max: 30 }),
        sequence: fc.integer({ min: 0, max: 2 }),
        sessionId: fc.constantFrom("s1", "s1", "s2"),
        orderId: fc.option(fc.constantFrom("o1", "o2"), { nil: undefined }),
        otherId: fc.option(fc.constantFrom("o1", "o2"), { nil: undefined }),
        n: fc.option(small, { nil: undefined }),
        m: fc.option(small, { nil: undefined }),
        delayMs: fc.integer({ min: 0, max: maxDelayMs }),
      })
      .map(({ at, orderId, otherId, n, m, ...event }) => ({
        ...event,
        timeMs: startMs + at * SECOND_MS,
        properties: {
          ...(orderId === undefined ? {} : { orderId }),
          ...(otherId === undefined ? {} : { order: { id: otherId } }),
          ...(n === undefined ? {} : { n }),
          ...(m === undefined ? {} : { m }),
        },
      })),
    { minLength: 5, maxLength: 10, size: "max" },
  );
