import { refuse } from "@tessera/platform/errors/refusal";
import type { SliceCondition } from "../../domain/change/slice-filter.ts";
import type { FunnelBreakdownInput, FunnelInput } from "../../domain/funnel/funnel-input.ts";
import { readBreakdown } from "../../domain/watched/read-funnel-bucket.ts";

/** Groups of a funnel that are no fields of an event. */
export const FUNNEL_GROUPS: readonly string[] = ["cohort", "segment"];

/** The breakdown by the one cohort or segment that a change of a funnel is held to, as its series name it; null where it is held to none. Refuses with BAD_INPUT one that the breakdown has not. */
export const heldGroup = (
  breakdown: FunnelInput["breakdown"],
  held: readonly SliceCondition[],
): FunnelBreakdownInput | null => {
  const at = held.findIndex(({ dimension }) => FUNNEL_GROUPS.includes(dimension));
  const condition = held[at];
  if (condition === undefined) return null;
  const bad = (part: string, detail: string): Error =>
    refuse("BAD_INPUT", detail, { field: `input.where.${at}.${part}` });
  const { dimension, values } = condition;
  const named =
    dimension === "cohort" ? (breakdown?.cohorts ?? []) : (readBreakdown(breakdown ?? null)?.segments ?? []);
  if (named.length === 0)
    throw bad("dimension", `The funnel is not broken down by ${dimension}s: hold it to fields of the entry.`);
  const place = named.findIndex((one) => one.toLowerCase() === values[0]?.toLowerCase());
  if (values.length !== 1 || place < 0)
    throw bad("values", `Hold the funnel to one of its ${dimension}s: ${named.join(", ")}.`);
  if (held.filter((one) => FUNNEL_GROUPS.includes(one.dimension)).length > 1)
    throw bad("dimension", "A funnel is held to one cohort or segment.");
  // A cohort holds a person whatever the event.
  if (dimension === "cohort") return { cohorts: named.slice(place, place + 1) };
  const { attribution, step, segments } = breakdown ?? {};
  return { attribution, step, segments: (segments ?? []).slice(place, place + 1) };
};
