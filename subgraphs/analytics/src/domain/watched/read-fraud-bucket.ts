import { z } from "zod";
import type { ReadPoint } from "./read-watched.ts";
import type { VALUE_NAMES } from "./watched-value.ts";

const velocityShape = z.object({
  entities: z.number(),
  hasMore: z.boolean(),
  top: z.array(z.object({ entity: z.string(), events: z.number(), peak: z.number() })),
});

/** Reads of one bucket how many entities were beyond the bound, or the peak of each that was. */
export const readVelocityBucket = (
  answer: unknown,
  name: (typeof VALUE_NAMES)["VELOCITY"][number],
  { field, atMs }: { readonly field: string; readonly atMs: number },
): { readonly points: readonly ReadPoint[]; readonly more: boolean; readonly fewest: number } => {
  const { entities, hasMore, top } = velocityShape.parse(answer);
  if (name === "entities")
    return {
      points: [{ group: [], atMs, complete: true, point: { value: entities, samples: null } }],
      more: false,
      fewest: 1,
    };
  const points = top.map(({ entity, peak, events }) => ({
    ...{ group: [{ name: field, value: entity }], atMs, complete: true },
    point: { value: peak, samples: events },
  }));
  return { points, more: hasMore, fewest: entities };
};

const ringsShape = z.object({ ringCount: z.number(), memberCount: z.number(), largest: z.number() });

/** Reads of one bucket how many rings its events make, and of how many. */
export const readRingsBucket = (
  answer: unknown,
  name: (typeof VALUE_NAMES)["RINGS"][number],
  atMs: number,
): readonly ReadPoint[] => {
  const { ringCount, memberCount, largest } = ringsShape.parse(answer);
  const value = { rings: ringCount, members: memberCount, largest }[name];
  return [{ group: [], atMs, complete: true, point: { value, samples: null } }];
};
