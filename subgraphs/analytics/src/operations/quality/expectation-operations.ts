import {
  deleteExpectation,
  expectationVerdicts,
  expectationVersions,
  listExpectations,
  saveExpectation,
  type KeepExpectationsDeps,
} from "./keep-expectations.ts";

/** Everything that can be asked of kept expectations, bound to its dependencies. */
export const createExpectationOperations = (deps: KeepExpectationsDeps) => ({
  saveExpectation: saveExpectation(deps),
  deleteExpectation: deleteExpectation(deps),
  listExpectations: listExpectations(deps),
  expectationVersions: expectationVersions(deps),
  expectationVerdicts: expectationVerdicts(deps),
});
