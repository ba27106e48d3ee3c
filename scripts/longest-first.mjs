import { statSync } from "node:fs";

/**
 * Files that take longest, longest first: begun last, one of them would run alone at the end while other cores have nothing to do. Jest knows how
 * long files took only where they ran before, which a clean clone has not. A file that is not named here comes after these, by its size.
 */
export const LONGEST = [
  "tests/security/tenant-seal.spec.ts",
  "tests/faults/evaluating-worker.spec.ts",
  "tests/security/permissions.spec.ts",
  "tests/faults/kill-nine.spec.ts",
  "subgraphs/analytics/src/operations/behind/behind-policies.db.test.ts",
  "tests/journeys/roles.spec.ts",
  "tests/journeys/embedded-start.spec.ts",
  "subgraphs/analytics/src/operations/behind/read-behind.db.test.ts",
  "subgraphs/analytics/src/operations/data-policy.db.test.ts",
  "tests/security/hostile-input.spec.ts",
  "tests/rules/explained-questions.db.test.ts",
  "subgraphs/analytics/src/operations/delivery/olap-pages-anew.db.test.ts",
  "subgraphs/analytics/src/operations/delivery/olap-pages-cohorts.db.test.ts",
  "subgraphs/analytics/src/operations/delivery/olap-pages-steady.db.test.ts",
  "subgraphs/analytics/src/operations/semantic/catalogue-life.db.test.ts",
  "tests/journeys/costly-queries.spec.ts",
  "subgraphs/analytics/src/operations/behind/read-fraud-behind.db.test.ts",
  "tests/faults/open-subscription.spec.ts",
  "subgraphs/analytics/src/operations/query-slices.db.test.ts",
  "tests/security/edge.spec.ts",
  "tests/journeys/forwarded-callers.spec.ts",
  "tests/security/failing-stores.spec.ts",
  "tests/journeys/followed-alerts.spec.ts",
  "subgraphs/analytics/src/operations/behind/read-quality-behind.db.test.ts",
  "subgraphs/analytics/src/operations/behind/read-funnel-findings.db.test.ts",
  "server/src/every-consumer.db.test.ts",
  "subgraphs/analytics/src/operations/behind/read-session-behind.db.test.ts",
  "subgraphs/analytics/src/operations/semantic/own-dimension-places.db.test.ts",
  "tests/security/authorisation-per-event.spec.ts",
  "subgraphs/analytics/src/operations/days-of-hours.db.test.ts",
  "subgraphs/analytics/src/reactions/correlation/correlate.db.test.ts",
  "tests/journeys/every-execution.spec.ts",
  "tests/journeys/dependency-down.spec.ts",
  "subgraphs/analytics/src/operations/in-cohort.db.test.ts",
  "subgraphs/analytics/src/jobs/long-queries.db.test.ts",
  "tests/security/abuse.spec.ts",
  "tests/security/share-links.spec.ts",
  "subgraphs/analytics/src/operations/rollups/rollup-life.db.test.ts",
  "tests/rules/bounded-series.db.test.ts",
  "subgraphs/analytics/src/operations/query-retention.db.test.ts",
  "ingest/src/ingest-faults.db.test.ts",
  "subgraphs/anomaly/src/evaluator-faults.db.test.ts",
  "subgraphs/analytics/src/operations/query-funnel-numbers.db.test.ts",
  "subgraphs/analytics/src/operations/people/erase-person.db.test.ts",
  "subgraphs/anomaly/src/jobs/notify/clock-jumps.db.test.ts",
  "subgraphs/governance/src/lineage.db.test.ts",
  "subgraphs/analytics/src/operations/olap-parts.db.test.ts",
  "ingest/src/import/real-data.db.test.ts",
  "subgraphs/analytics/src/operations/change/explain-sessions.db.test.ts",
  "subgraphs/analytics/src/operations/rollups/rollups.db.test.ts",
  "tests/rest/rest-equals-graphql.spec.ts",
  "tests/security/owasp.spec.ts",
  "subgraphs/analytics/src/operations/behind/read-journeys.db.test.ts",
  "subgraphs/analytics/src/operations/query-paths.db.test.ts",
  "subgraphs/analytics/src/operations/change/explain-quality.db.test.ts",
  "subgraphs/analytics/src/store/cohort-sql.db.test.ts",
  "subgraphs/analytics/src/operations/change/explain-attribution.db.test.ts",
  "subgraphs/analytics/src/operations/behind/read-others-behind.db.test.ts",
  "subgraphs/analytics/src/operations/delivery/olap-pages.db.test.ts",
  "subgraphs/tenant/src/tenant-life.db.test.ts",
  "subgraphs/analytics/src/jobs/reports/reports.db.test.ts",
  "platform/src/engines/embedded-engines.db.test.ts",
  "tests/architecture/dead-exports.test.ts",
  "subgraphs/analytics/src/operations/dashboards/live.db.test.ts",
  "subgraphs/analytics/src/operations/bpi2012.db.test.ts",
  "subgraphs/anomaly/src/simulated-as-evaluated.db.test.ts",
  "subgraphs/analytics/src/operations/cohort-erasure.db.test.ts",
  "subgraphs/governance/src/tampered-audit.db.test.ts",
  "tests/architecture/source-rules.test.ts",
  "ingest/src/store/properties-column.db.test.ts",
  "subgraphs/analytics/src/operations/watched/watched-fraud.db.test.ts",
  "subgraphs/anomaly/src/jobs/on-call/clock-jumps.db.test.ts",
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
