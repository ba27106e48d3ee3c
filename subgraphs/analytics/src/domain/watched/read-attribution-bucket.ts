import { z } from "zod";
import { refuse } from "@tessera/platform/errors/refusal";
import type { ReadPoint } from "./read-watched.ts";
import type { VALUE_NAMES } from "./watched-value.ts";

/** Label of what a breakdown does not tell apart. */
const OTHER = "(other)";

const attributionShape = z.object({
  ...{ conversions: z.number(), attributedConversions: z.number() },
  breakdowns: z.tuple([
    z.object({
      dimension: z.string(),
      models: z.array(
        z.object({
          kind: z.string(),
          credits: z.array(
            z.object({ label: z.string(), conversions: z.number(), value: z.number(), share: z.number().nullable() }),
          ),
        }),
      ),
    }),
  ]),
});

/** The place of the model that is meant among those a question has; the first when none is named. Refuses with BAD_INPUT one that is not there, or there twice. */
export const chooseModel = (named: string | null | undefined, kinds: readonly string[]): number => {
  if (named === null || named === undefined) return 0;
  if (kinds.filter((kind) => kind === named).length === 1) return kinds.indexOf(named);
  throw refuse("BAD_INPUT", `The question has not exactly one model ${named}: its models are ${kinds.join(", ")}.`, {
    field: "input.value.model",
  });
};

/** Reads what a model gives to each label for the conversions of one bucket, or how many there were. */
export const readAttributionBucket = (
  answer: unknown,
  name: (typeof VALUE_NAMES)["ATTRIBUTION"][number],
  { place, atMs }: { readonly place: number; readonly atMs: number },
): { readonly points: readonly ReadPoint[]; readonly more: boolean } => {
  const { conversions, attributedConversions, breakdowns } = attributionShape.parse(answer);
  if (name === "conversions") {
    const point = { value: conversions, samples: conversions };
    return { points: [{ group: [], atMs, complete: true, point }], more: false };
  }
  const [{ dimension, models }] = breakdowns;
  const credits = models[place]?.credits ?? [];
  const points = credits.map(({ label, ...credit }) => ({
    ...{ group: [{ name: dimension, value: label }], atMs, complete: true, weight: credit.conversions },
    point: {
      value: name === "credit" ? credit.conversions : credit[name],
      samples: name === "share" ? attributedConversions : null,
    },
  }));
  return { points, more: credits.some(({ label }) => label === OTHER) };
};
