import { expect, test } from "@jest/globals";
import { parseRuleId, type RuleId } from "@tessera/contracts/ids";
import fc from "fast-check";
import { SEVERITIES } from "./alert.ts";
import { checkAlertFilter, type FilteredAlert } from "./alert-filter.ts";

const ids = [1, 2, 3].map((last): RuleId => {
  const id = parseRuleId(`0198c0de-0000-4000-8000-00000000000${last}`);
  if (id === null) throw new Error("This is a UUID.");
  return id;
});

const anyAlert: fc.Arbitrary<FilteredAlert> = fc.record({
  ruleId: fc.constantFrom(...ids),
  severity: fc.constantFrom(...SEVERITIES),
  labels: fc.dictionary(fc.constantFrom("team", "country", "rule"), fc.constantFrom("", "shop", "DE")),
});
const anyFilter = fc.record({
  rules: fc.option(fc.subarray(ids), { nil: null }),
  minSeverity: fc.option(fc.constantFrom(...SEVERITIES), { nil: null }),
  matchers: fc.option(
    fc.array(
      fc.record({
        label: fc.constantFrom("team", "country"),
        operator: fc.constantFrom("IN", "NOT_IN"),
        values: fc.uniqueArray(fc.constantFrom("", "shop", "DE"), { minLength: 1 }),
      }),
      { maxLength: 2 },
    ),
    { nil: null },
  ),
});

test("An alert is told of when all that is asked of it is so: its rule, how bad it is at least, and its labels", () => {
  fc.assert(
    fc.property(anyFilter, anyAlert, (filter, alert) => {
      const checked = checkAlertFilter(filter);
      if (!checked.valid) throw new Error("The filter makes sense.");
      const { rules, minSeverity, matchers } = filter;
      const asked = [
        rules?.includes(alert.ruleId) ?? true,
        minSeverity === null || SEVERITIES.slice(SEVERITIES.indexOf(minSeverity)).includes(alert.severity),
        ...(matchers ?? []).map(
          ({ label, operator, values }) =>
            values.some((value) => value === (alert.labels[label] ?? "")) === (operator === "IN"),
        ),
      ];
      expect(checked.value(alert)).toBe(asked.every((one) => one));
    }),
    { numRuns: 500, endOnFailure: true },
  );
});

test.each([
  [{ rules: ["nonsense"] }, "rules.0"],
  [{ rules: Array.from({ length: 101 }, () => ids[0]) }, "rules"],
  [{ matchers: [{ label: "team", operator: "EQUALS", values: ["a", "b"] }] }, "matchers.0.values"],
  [{ matchers: [{ label: "team", operator: "REGEX", values: ["(?=a)"] }] }, "matchers.0.values.0"],
])("A filter %j is refused at its place", (filter, field) => {
  expect(checkAlertFilter(filter)).toMatchObject({ valid: false, problems: [{ field }] });
});
