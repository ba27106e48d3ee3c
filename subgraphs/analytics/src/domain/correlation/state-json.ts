import { z } from "zod";
import type { Run } from "./conditions.ts";
import { NO_COUNTS, type CorrelationState } from "./correlator.ts";
import type { Shard } from "./shard.ts";

const value = z.union([z.number(), z.string(), z.null()]);
const bound = z.object({ id: z.string(), timeMs: z.number(), sequence: z.number(), values: z.array(value) });
const run = z.object({ start: bound, bound: z.array(bound.nullable()) });
const shard = z.object({
  pending: z.array(bound.extend({ key: z.string(), mask: z.number() })),
  keys: z.array(z.tuple([z.string(), z.array(run)])),
});

const count = z.number().default(0);
const state = z.object({
  ...{ fromMs: z.number(), watermarkMs: z.number(), minute: z.number(), minuteMatches: z.number() },
  counts: z
    .object({
      ...{ events: count, late: count, overtaken: count, shedKeys: count, shedRuns: count, shedEvents: count },
      ...{ matches: count, shedMatches: count },
    })
    .default(NO_COUNTS),
});

/** A shard as it is kept. */
export const encodeShard = ({ pending, keys }: Shard): object => ({ pending, keys: [...keys] });

/** Reads a shard that was kept; throws when it is none. */
export const decodeShard = (kept: unknown): Shard => {
  const { pending, keys } = shard.parse(kept);
  return { pending, keys: new Map<string, readonly Run[]>(keys) };
};

/** Reads the state of a run that was kept; throws when it is none. */
export const decodeState = (kept: unknown): CorrelationState => state.parse(kept);
