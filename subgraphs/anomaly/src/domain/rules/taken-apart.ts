import { z } from "zod";
import type { WatchedQuestionRule } from "./watch.ts";

/** Questions whose numbers the analytics room can take apart. */
const TAKEN_APART: ReadonlySet<string> = new Set([
  ...["olap", "timeSeries", "savedQuery", "funnel", "retention", "stickiness", "lifecycle", "activeUsers"],
  ...["sessionMetrics", "velocity", "rings", "eventQuality", "apiExecutions", "cohortSizes", "drift", "attribution"],
  "paths",
]);

/** Models whose credit for a conversion depends on all other journeys, so that it is no slice's own. */
const LEARNT_MODELS: ReadonlySet<unknown> = new Set(["MARKOV", "UPLIFT"]);
const attributionSchema = z.object({ models: z.array(z.object({ kind: z.string(), game: z.string().nullish() })) });

/** Whether credits of attribution add up over conversions: by the model that is watched, the first when none is named. */
const addsUp = (input: unknown, value: WatchedQuestionRule["value"]): boolean => {
  if (value?.name === "conversions") return true;
  const { data } = attributionSchema.safeParse(input);
  const model = data?.models.find(({ kind }) => kind === (value?.model ?? kind));
  return model !== undefined && !LEARNT_MODELS.has(model.kind) && (model.game ?? "CONVERSIONS") === "CONVERSIONS";
};

/** Whether the number that a rule watches of a question can be taken apart. */
export const isTakenApart = ({ question, value }: WatchedQuestionRule): boolean => {
  const [field = "", input] = Object.entries(question)[0] ?? [];
  // What other tenants had reported before is not known.
  if (field === "velocity" && (Reflect.get(Object(input), "reported") ?? null) !== null) return false;
  if (field === "attribution" && !addsUp(input, value)) return false;
  return TAKEN_APART.has(field);
};
