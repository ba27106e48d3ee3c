import { z } from "zod";
import type { ReadPoint } from "./read-watched.ts";
import type { VALUE_NAMES } from "./watched-value.ts";

const maybe = z.number().nullable();
const delayShape = z.object({
  ...{ p50Seconds: z.number(), p95Seconds: z.number(), p99Seconds: z.number(), maxSeconds: z.number() },
});
const qualityShape = z.object({
  expectations: z.array(
    z.object({
      ...{ name: z.string(), kind: z.string(), tested: z.number(), passed: z.number(), failed: z.number() },
      ...{ share: maybe, delay: delayShape.nullable() },
    }),
  ),
});

type Expectation = z.infer<typeof qualityShape>["expectations"][number];

const READ: Readonly<Record<(typeof VALUE_NAMES)["EVENT_QUALITY"][number], (one: Expectation) => number | null>> = {
  share: ({ share }) => share,
  tested: ({ tested }) => tested,
  passed: ({ passed }) => passed,
  failed: ({ failed }) => failed,
  delaySecondsP50: ({ delay }) => delay?.p50Seconds ?? null,
  delaySecondsP95: ({ delay }) => delay?.p95Seconds ?? null,
  delaySecondsP99: ({ delay }) => delay?.p99Seconds ?? null,
  delaySecondsMax: ({ delay }) => delay?.maxSeconds ?? null,
};

/** Reads of one bucket what came of each expectation, a series for each; of how late events came, of those alone that measure it. */
export const readQualityBucket = (answer: unknown, name: keyof typeof READ, atMs: number): readonly ReadPoint[] =>
  qualityShape
    .parse(answer)
    .expectations.filter(({ kind }) => kind === "TIMELY" || !name.startsWith("delay"))
    .map((one) => ({
      ...{ group: [{ name: "expectation", value: one.name }], atMs, complete: true },
      point: { value: READ[name](one), samples: one.tested },
    }));

const driftShape = z.object({ psi: maybe, p: maybe, jensenShannon: maybe, samples: z.number() });

/** Reads of one bucket how unlike its values are to those of the reference. */
export const readDriftBucket = (
  answer: unknown,
  name: (typeof VALUE_NAMES)["DRIFT"][number],
  atMs: number,
): readonly ReadPoint[] => {
  const read = driftShape.parse(answer);
  return [{ group: [], atMs, complete: true, point: { value: read[name], samples: read.samples } }];
};
