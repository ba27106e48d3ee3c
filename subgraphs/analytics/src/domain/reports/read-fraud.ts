import { z } from "zod";
import { table } from "./read-behaviour.ts";
import { sourceShape } from "./read-columns.ts";
import type { AnswerParts } from "./section.ts";

const velocityShape = z.object({
  entities: z.number(),
  hasMore: z.boolean(),
  top: z.array(
    z.object({
      ...{ entity: z.string(), events: z.number(), peak: z.number(), stretches: z.number() },
      ...{ peakAt: z.string(), firstAt: z.string() },
    }),
  ),
});

const ENTITY_COLUMNS = [
  ["entity", "TEXT"],
  ["peak", "INTEGER"],
  ["at", "TIME"],
  ["times beyond", "INTEGER"],
  ["first", "TIME"],
  ["events", "INTEGER"],
] as const;

/** Entities whose names a picture has room for. */
const MAX_BARS = 30;

/** Reads an answer of `velocity`: entities by their peaks as bars, all that is told of them in a table. */
export const readVelocity = (answer: unknown): AnswerParts => {
  const { entities, hasMore, top } = velocityShape.parse(answer);
  const bars = top.slice(0, MAX_BARS);
  return {
    tables: [
      table(
        "",
        ENTITY_COLUMNS,
        top.map((one) => [one.entity, one.peak, one.peakAt, one.stretches, one.firstAt, one.events]),
      ),
    ],
    shape: {
      ...{ kind: "SERIES", timed: false, format: null, categories: bars.map(({ entity }) => entity) },
      series: [{ name: "peak", values: bars.map(({ peak }) => peak) }],
    },
    notes: hasMore ? [`Of ${entities} entities those with the highest peaks are told.`] : [],
    source: sourceShape.parse(answer),
  };
};

const ringsShape = z.object({
  ringCount: z.number(),
  hubs: z.number(),
  hasMore: z.boolean(),
  rings: z.array(
    z.object({
      ...{ memberCount: z.number(), members: z.array(z.string()), sharedCount: z.number(), score: z.number() },
      ...{ density: z.number(), newness: z.number(), firstAt: z.string(), lastLinkAt: z.string() },
    }),
  ),
});

const RING_COLUMNS = [
  ["score", "NUMBER"],
  ["members", "INTEGER"],
  ["shared values", "INTEGER"],
  ["density", "SHARE"],
  ["new", "SHARE"],
  ["first", "TIME"],
  ["latest link", "TIME"],
  ["who", "TEXT"],
] as const;

/** Members of a ring that a row names. */
const MAX_NAMED = 10;

const namesOf = (members: readonly string[], count: number): string => {
  const named = members.slice(0, MAX_NAMED).join(", ");
  return count > MAX_NAMED ? `${named} and ${count - MAX_NAMED} more` : named;
};

/** Reads an answer of `rings`: each ring as a row of its numbers. */
export const readRings = (answer: unknown): AnswerParts => {
  const { ringCount, hubs, hasMore, rings } = ringsShape.parse(answer);
  return {
    tables: [
      table(
        "",
        RING_COLUMNS,
        rings.map((ring) => [
          ...[
            ring.score,
            ring.memberCount,
            ring.sharedCount,
            ring.density,
            ring.newness,
            ring.firstAt,
            ring.lastLinkAt,
          ],
          namesOf(ring.members, ring.memberCount),
        ]),
      ),
    ],
    shape: { kind: "NONE" },
    notes: [
      ...(hasMore ? [`Of ${ringCount} rings those with the highest scores are told.`] : []),
      ...(hubs > 0 ? [`${hubs} values that too many share connect nobody.`] : []),
    ],
    source: sourceShape.parse(answer),
  };
};
