import type { Reading } from "../evaluation.ts";
import type { SeriesBucket } from "./series.ts";
import { hourOfWeek } from "./watch-plan.ts";

/** A reading of a rule's own metric as the bucket it is judged as. */
export const bucketOfReading = ({ value, samples, window }: Reading): SeriesBucket => {
  const { fromMs: atMs, toMs: untilMs } = window;
  const observation = { atMs, untilMs, value, samples, hourOfWeek: hourOfWeek("UTC", atMs), calendar: null };
  return { kind: "HELD", observation };
};
