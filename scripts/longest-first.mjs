import { statSync } from "node:fs";

/**
 * Files that take longest, longest first: begun last, one of them would run alone at the end while other cores have nothing to do. Jest knows how
 * long files took only where they ran before, which a clean clone has not. A file that is not named here comes after these, by its size.
 */
export const LONGEST = [
  "tests/security/tenant-seal.spec.ts",
  "tests/security/permissions.spec.ts",
  "ingest/src/import/real-data.db.test.ts",
  "tests/journeys/embedded-start.spec.ts",
  "tests/faults/kill-nine.spec.ts",
  "tests/faults/evaluating-worker.spec.ts",
  "tests/journeys/roles.spec.ts",
  "tests/security/hostile-input.spec.ts",
  "subgraphs/analytics/src/operations/data-policy.db.test.ts",
  "subgraphs/analytics/src/operations/behind/behind-policies.db.test.ts",
  "tests/security/edge.spec.ts",
  "tests/journeys/costly-queries.spec.ts",
  "tests/security/failing-stores.spec.ts",
  "tests/rules/bounded-series.db.test.ts",
  "tests/rules/explained-questions.db.test.ts",
  "tests/journeys/forwarded-callers.spec.ts",
  "tests/faults/open-subscription.spec.ts",
  "ingest/src/ingest-faults.db.test.ts",
  "subgraphs/analytics/src/operations/cohort-erasure.db.test.ts",
  "ingest/src/store/properties-column.db.test.ts",
  "subgraphs/tenant/src/tenant-life.db.test.ts",
  "platform/src/engines/embedded-engines.db.test.ts",
  "tests/security/authorisation-per-event.spec.ts",
  "subgraphs/analytics/src/reactions/correlation/correlate.db.test.ts",
  "subgraphs/analytics/src/operations/watched/watched-fraud.db.test.ts",
  "subgraphs/analytics/src/operations/bpi2012.db.test.ts",
  "subgraphs/governance/src/lineage.db.test.ts",
  "subgraphs/analytics/src/jobs/reports/reports.db.test.ts",
  "subgraphs/anomaly/src/simulated-as-evaluated.db.test.ts",
  "subgraphs/anomaly/src/jobs/on-call/clock-jumps.db.test.ts",
  "tests/journeys/dependency-down.spec.ts",
  "tests/security/abuse.spec.ts",
  "subgraphs/analytics/src/operations/dashboards/live.db.test.ts",
  "subgraphs/analytics/src/operations/people/erase-person.db.test.ts",
  "subgraphs/governance/src/tampered-audit.db.test.ts",
  "tests/architecture/dead-exports.test.ts",
  "tests/architecture/source-rules.test.ts",
];

/** Place of a file in the list; beyond its end when it is not named there. */
const placeOf = (path) => {
  const place = LONGEST.findIndex((name) => path.endsWith(`/${name}`));
  return place < 0 ? LONGEST.length : place;
};

/** Jest's order of test files; it asks for a default export. */
// oxlint-disable-next-line import/no-default-export -- jest takes a sequencer by no other name
export default class LongestFirst {
  /**
   * The longest first.
   * @template {{ readonly path: string }} Test
   * @param {readonly Test[]} tests
   * @returns {Test[]}
   */
  sort(tests) {
    const known = [...tests].map((test) => ({ test, place: placeOf(test.path), bytes: statSync(test.path).size }));
    return known
      .toSorted((a, b) => a.place - b.place || b.bytes - a.bytes || (a.test.path < b.test.path ? -1 : 1))
      .map(({ test }) => test);
  }

  /**
   * Every so many-th file, in an order that is the same on every machine.
   * @template {{ readonly path: string }} Test
   * @param {readonly Test[]} tests
   * @param {{ readonly shardIndex: number, readonly shardCount: number }} shard
   * @returns {Test[]}
   */
  shard(tests, { shardIndex, shardCount }) {
    const inOrder = [...tests].toSorted((a, b) => (a.path < b.path ? -1 : 1));
    return inOrder.filter((_test, index) => index % shardCount === shardIndex - 1);
  }

  /** What failed before is not kept, so that `--onlyFailures` runs all. */
  allFailedTests(tests) {
    return tests;
  }

  cacheResults() {}
}
