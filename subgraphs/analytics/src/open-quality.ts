import type { Resources } from "@tessera/platform/runtime/resources";
import { MAX_VERDICTS } from "./domain/quality/verdict.ts";
import { createExpectationTester } from "./jobs/test-expectations.ts";
import { testExpectation } from "./operations/quality/test-expectation.ts";
import { createExpectationStore } from "./store/quality/expectation-store.ts";
import { createQualityStore } from "./store/quality/quality-store.ts";
import { createVerdictStore } from "./store/quality/verdict-store.ts";

/** Opens what is expected of events: what questions ask, what tenants keep, and what tests it. */
export const openQuality = (resources: Resources, { eventStore }: Pick<Resources, "eventStore">) => {
  const quality = createQualityStore(eventStore);
  const verdicts = createVerdictStore({ ...resources, kept: MAX_VERDICTS });
  return {
    ...{ quality, verdicts, expectations: createExpectationStore(resources) },
    background: [createExpectationTester({ ...resources, verdicts, testExpectation: testExpectation({ quality }) })],
  };
};
