import { beginningOf } from "@tessera/platform/text/whole-characters";
import { z } from "zod";
import type { CalendarRule } from "./definition-parts.ts";
import type { Detector, Finding, Observation } from "./detector.ts";
import { unjudged, widened } from "./finding.ts";
import { readKept } from "./packed.ts";

/** Labels for which something is learnt apart; the one that was seen longest ago is forgotten for another. */
export const MAX_LABELS = 8;
/** How many times as wide the band of a label is that is not known yet. */
const WIDER = 2;
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
  /** What is found of a labelled bucket; the detector of ordinary ones is asked and not taught. */
  const judgeLabelled = (label: string, observation: Observation): Finding => {
    const found = detectorOf(label).judge(observation);
    if (rule !== "WIDEN" || found.outcome !== "LEARNING") return found;
    const usual = make(structuredClone(ordinary.save())).judge(observation);
    return widened(usual, WIDER, `too little is known of ${label}, and the band is ${WIDER} times as wide for it`);
  };
  return {
    judge: (observation) => {
      const { calendar } = observation;
      if (calendar === null || rule === "AS_USUAL") return ordinary.judge(observation);
      const label = beginningOf(calendar, MAX_LABEL);
      const found = rule === "SKIP" ? null : judgeLabelled(label, observation);
      if (areToOthers === "GAP") ordinary.judge({ ...observation, value: null });
      if (found !== null) return found;
      return unjudged("LEARNING", `the calendar says ${label}, and such times are neither judged nor learnt`);
    },
    save: () => ({
      ordinary: ordinary.save(),
      labels: [...apart].map(([label, detector]) => [label, detector.save()]),
    }),
  };
};
