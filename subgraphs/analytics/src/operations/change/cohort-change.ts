import { refuse } from "@tessera/platform/errors/refusal";
import type { Quantity } from "../../domain/change/slice-measure.ts";
import { sizesInBuckets, type CohortSizesInput } from "../../domain/cohort-sizes.ts";
import { chooseName, refuseUnusedParts, VALUE_NAMES } from "../../domain/watched/watched-value.ts";
import { queryCohortSizes, type CohortSizesDeps } from "../query-cohort-sizes.ts";
import { rangeOf, typed, type BehaviourChange, type BehaviourToExplain } from "./behaviour-change.ts";

/** A number of `cohortSizes`: people of the computations that are kept, of whom no event is kept, so that nothing tells them apart. The age of a computation counts nobody, and leads to the cohort alone. */
export const cohortChange = (
  deps: CohortSizesDeps,
  { caller, input, value, timeZone, held }: BehaviourToExplain,
): Promise<BehaviourChange> => {
  refuseUnusedParts(value, null);
  const name = chooseName(value, VALUE_NAMES.COHORT_SIZES, "size");
  const isAge = name === "ageSeconds";
  if (held.length > 0) throw refuse("BAD_INPUT", "A cohort has one size: leave `where` out.", { field: "input.where" });
  const bare = { ...typed<CohortSizesInput>(input), timeZone };
  return Promise.resolve({
    ...{ kind: "BEHAVIOUR", name, way: null, held, dimensions: [], impact: isAge ? null : "COUNTED" },
    behind: () => Promise.resolve(null),
    read: async ({ span }) => {
      const { completeTo, provenance, ...kept } = await queryCohortSizes(deps)(caller, {
        ...bare,
        range: rangeOf(span),
      });
      const [found] = sizesInBuckets({ ...kept, completeToMs: Date.parse(completeTo) }, [span]);
      const [counted, size] = [found?.[name] ?? null, found?.size ?? 0];
      // A span of which nothing is kept is none to compare with; one in which nobody came or left is.
      const whole: Quantity = {
        ...{ value: counted ?? 0, base: null, units: isAge ? 1 : (counted ?? 0) },
        seen: counted === null ? 0 : isAge ? 1 : size,
      };
      return { whole, values: [], reached: [], provenance };
    },
  });
};
