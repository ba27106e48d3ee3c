import type { FilterInput } from "../filter-input.ts";
import type { ExpectationInput } from "../quality/expectation.ts";
import { TYPE_PATTERNS } from "../quality/value-type.ts";
import type { ChangeMeasure } from "./change-measure.ts";
import type { ExpectationNumber } from "./reading.ts";

/** Columns of the questions that measure what an expectation found. */
const [TESTED, FAILED] = ["change_tested", "change_failed"] as const;

/** Which events an expectation tests of itself (null: all), and which of those pass. */
const testsOf = ({ present, valid, holds }: ExpectationInput): readonly [FilterInput | null, FilterInput] => {
  if (valid !== null && valid !== undefined) {
    const { field, type, ...tests } = valid;
    const typed = type === null || type === undefined ? [] : [{ field, matches: TYPE_PATTERNS[type] }];
    const said = Object.values(tests).some((test) => test !== null && test !== undefined);
    return [{ field, exists: true }, { and: [...typed, ...(said ? [{ field, ...tests }] : [])] }];
  }
  if (holds !== null && holds !== undefined) return [null, holds];
  return [null, { field: present?.field ?? "", exists: true }];
};

/** How a number of an expectation that tests each event by itself is measured of slices; what it counts are the events that failed, but of those that are tested or passed these. */
export const expectationMeasure = (
  input: ExpectationInput,
  name: Exclude<ExpectationNumber, "beyond">,
): ChangeMeasure => {
  const [tested, passes] = testsOf(input);
  const among = tested === null ? [] : [tested];
  const failed = { and: [...among, { not: passes }] };
  const counted = { share: failed, failed, tested, passed: { and: [...among, passes] } }[name];
  return {
    measures: [
      { name: TESTED, function: "COUNT", filter: tested },
      { name: FAILED, function: "COUNT", filter: failed },
    ],
    ...{ scale: 1, counted },
    quantityOf: (cell) => {
      const [all, missed] = [cell(TESTED) ?? 0, cell(FAILED) ?? 0];
      if (name === "share") return { value: all - missed, base: all, units: all };
      const value = { tested: all, passed: all - missed, failed: missed }[name];
      return { value, base: null, units: value, ...(name === "tested" ? {} : { seen: all }) };
    },
  };
};
