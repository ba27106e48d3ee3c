import { z } from "zod";
import type { CalendarRule } from "./definition-parts.ts";
import type { Detector } from "./detector.ts";
import { unjudged } from "./finding.ts";
import { readKept } from "./packed.ts";

/** Labels for which something is learnt apart; the one that was seen longest ago is forgotten for another. */
export const MAX_LABELS = 8;
/** Characters of a label that is remembered. */
const MAX_LABEL = 200;

const keptSchema = z.object({
  ordinary: z.unknown(),
  /** By label, the one that was seen last at the end. */
  labels: z.array(z.tuple([z.string().max(MAX_LABEL), z.unknown()])).max(MAX_LABELS),
});

/** What labelled buckets are to the detector of ordinary ones: GAP, they are there and nothing is known of them; NOTHING, they do not exist. */
type AreToOthers = "GAP" | "NOTHING";

/** A detector that goes by the calendar's rule; `make` builds one of what was saved of it. */
export const byCalendar = (
  rule: CalendarRule,
  areToOthers: AreToOthers,
  make: (saved: unknown) => Detector,
  saved: unknown,
): Detector => {
  const kept = readKept(keptSchema, saved);
  const ordinary = make(kept?.ordinary);
  const apart = new Map((kept?.labels ?? []).map(([label, state]) => [label, make(state)]));
  const detectorOf = (label: string): Detector => {
    const detector = apart.get(label) ?? make(undefined);
    apart.delete(label);
    apart.set(label, detector);
    const [oldest] = apart.keys();
    if (apart.size > MAX_LABELS && oldest !== undefined) apart.delete(oldest);
    return detector;
  };
  return {
    judge: (observation) => {
      const { calendar } = observation;
      if (calendar === null || rule === "AS_USUAL") return ordinary.judge(observation);
      if (areToOthers === "GAP") ordinary.judge({ ...observation, value: null });
      const label = calendar.slice(0, MAX_LABEL);
      if (rule === "APART") return detectorOf(label).judge(observation);
      return unjudged("LEARNING", `the calendar says ${label}, and such times are neither judged nor learnt`);
    },
    save: () => ({
      ordinary: ordinary.save(),
      labels: [...apart].map(([label, detector]) => [label, detector.save()]),
    }),
  };
};
