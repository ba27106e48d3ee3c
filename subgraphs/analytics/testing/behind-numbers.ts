import type fc from "fast-check";
import type { BehindInput } from "../src/operations/behind/behind-question.ts";
import { orders, QUALITY_START_MS } from "./quality-world.ts";
import type { TestEvent } from "./test-events.ts";

/** A number of each kind about random events; places that depend on the answer are the first of it. */
export type BehindNumbers = fc.Arbitrary<{
  readonly events: readonly TestEvent[];
  readonly of: readonly BehindInput[];
}>;

/** Numbers of expectations. */
export const qualityNumbers: BehindNumbers = orders.map((events) => {
  const ends = [0, 3_600_000].map((ms) => new Date(QUALITY_START_MS + ms).toISOString());
  const [from = "", to = ""] = ends;
  const expect_ = [
    { name: "known", valid: { field: "country", in: ["DE", "US"] } },
    { name: "once", unique: { fields: ["properties.order", "country"] } },
  ];
  return {
    events,
    of: expect_.map(({ name }) => ({
      eventQuality: { input: { range: { from, to }, expect: expect_ }, cell: { expectation: name } },
    })),
  };
});

/** Numbers of velocity and of rings. */
export const fraudNumbers: BehindNumbers = orders.map((events) => {
  const [from, to] = [-1_800_000, 4_200_000].map((ms) => new Date(QUALITY_START_MS + ms).toISOString());
  const range = { from: from ?? "", to: to ?? "" };
  const fast = { range, event: {}, by: "country", within: "PT30M", moreThan: 1 };
  const rings = { range, of: "properties.order", through: ["country", "name"], minMembers: 2 };
  return {
    events,
    of: [
      { velocity: { input: fast, cell: {} } },
      { velocity: { input: { ...fast, distinct: "properties.order" }, cell: { entity: "DE" } } },
      { rings: { input: rings, cell: {} } },
      { rings: { input: rings, cell: { member: "a", number: "LINKS" } } },
    ],
  };
});

/** Numbers of drift. */
export const driftNumbers: BehindNumbers = orders.map((events) => {
  const [from, to] = [0, 3_600_000].map((ms) => new Date(QUALITY_START_MS + ms).toISOString());
  const input = { range: { from: from ?? "", to: to ?? "" }, reference: { trailing: "PT20M" }, bins: 2 };
  const countries = { ...input, field: "country", kind: "CATEGORICAL" } as const;
  return {
    events,
    of: [
      { drift: { input: countries, cell: { bin: 0 } } },
      { drift: { input: countries, cell: { side: "REFERENCE", missing: true } } },
      { drift: { input: { ...input, field: "properties.amount", kind: "NUMERIC" }, cell: { side: "REFERENCE" } } },
    ],
  };
});
