import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { namedPart, WHOLE } from "../asked-part.ts";
import type { AttributionModel } from "./model.ts";
import { ruleShares } from "./rule-credits.ts";
import { samplingErrors } from "./sampled-credits.ts";

const LABELS = ["a", "b", "c"];
const direct: ReadonlySet<number> = new Set([2]);
const anyPath = fc.array(fc.nat({ max: 2 }), { minLength: 1, maxLength: 5 });
/** Persons as their conversions, each by the path that led to it. */
const anyPersons = fc.array(fc.array(anyPath, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 8 });
const RULES = [{ kind: "FIRST" }, { kind: "LAST" }, { kind: "LAST_NON_DIRECT" }, { kind: "LINEAR" }] as const;

const squaredPaths = (persons: readonly (readonly (readonly number[])[])[]) =>
  persons.flatMap((paths) =>
    paths.map((path) => ({ steps: path.map((step) => LABELS[step] ?? ""), squares: paths.length })),
  );

describe("the error that a sample adds to credits", () => {
  test("is at least that of what persons are credited with together, and just that where each converts once", () => {
    const part = namedPart(0.25);
    fc.assert(
      fc.property(anyPersons, fc.constantFrom(...RULES), (persons, model) => {
        const errors = samplingErrors(part, LABELS, squaredPaths(persons), model, direct) ?? [];
        LABELS.forEach((_label, label) => {
          const squares = persons.reduce((sum, paths) => {
            const own = paths.reduce((total, path) => {
              const shares = ruleShares(path, model, direct);
              return total + path.reduce((of, step, place) => of + (step === label ? (shares[place] ?? 0) : 0), 0);
            }, 0);
            return sum + own * own;
          }, 0);
          const exact = Math.sqrt(0.75 * squares) / 0.25;
          expect(errors[label] ?? 0).toBeGreaterThanOrEqual(exact - 1e-9);
          if (persons.every((paths) => paths.length === 1)) expect(errors[label]).toBeCloseTo(exact, 9);
        });
      }),
      { numRuns: 500, endOnFailure: true },
    );
  });

  test.each<[AttributionModel["kind"], AttributionModel]>([
    ["MARKOV", { kind: "MARKOV", order: 1 }],
    ["UPLIFT", { kind: "UPLIFT", minJourneys: 1 }],
  ])("is not told of %s, which looks at all paths together", (_kind, model) => {
    const paths = squaredPaths([[[0, 1]]]);
    expect(samplingErrors(namedPart(0.5), LABELS, paths, model, direct)).toBeNull();
    expect(samplingErrors(WHOLE, LABELS, paths, { kind: "LINEAR" }, direct)).toBeNull();
  });
});
