import type { UsersDeps } from "../semantic/users-of.ts";
import { tellQuality, type TellQualityDeps } from "./tell-quality.ts";
import {
  deleteExpectation,
  expectationVerdicts,
  expectationVersions,
  listExpectations,
  saveExpectation,
  type KeepExpectationsDeps,
} from "./keep-expectations.ts";

/** Everything that can be asked of kept expectations, bound to its dependencies. */
export const createExpectationOperations = (deps: KeepExpectationsDeps & TellQualityDeps & UsersDeps) => ({
  tellQuality: tellQuality(deps),
  saveExpectation: saveExpectation(deps),
  deleteExpectation: deleteExpectation(deps),
  listExpectations: listExpectations(deps),
  expectationVersions: expectationVersions(deps),
  expectationVerdicts: expectationVerdicts(deps),
});
