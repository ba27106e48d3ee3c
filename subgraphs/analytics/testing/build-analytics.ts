import type { IngestPort } from "@tessera/contracts/ingest";
import type { Subgraph } from "@tessera/platform/graphql/subgraph";
import { createQueues } from "@tessera/platform/queue/queues";
import type { Resources } from "@tessera/platform/runtime/resources";
import { everyFeature, noQuotas } from "@tessera/platform/testing/every-feature";
import { createLongQueryStore } from "@tessera/platform/store/long-query-store";
import { testEngines } from "@tessera/platform/testing/engines";
import { TEST_KEY_RING } from "./test-key-ring.ts";
import { createAnalyticsSubgraph, type AnalyticsPorts } from "../src/subgraph.ts";

/** A subgraph over the engines of this test run, with the write path a test gives; `close` ends its queue connections. */
export interface TestAnalytics {
  readonly subgraph: Subgraph;
  close(): Promise<void>;
}

/** Credentials of links, of no room: what a test is not about. */
const noShareLinks: AnalyticsPorts["shareLinks"] = {
  issue: () => Promise.reject(new Error("No links are made here.")),
  end: () => Promise.reject(new Error("No links are ended here.")),
};

/** Executions of nobody: what a test is not about. */
const noExecutions: AnalyticsPorts["askExecutions"] = {
  executionNumbers: () => Promise.reject(new Error("No executions are told here.")),
};

/** Builds the analytics subgraph as the composition root does. */
export const buildAnalytics = (
  resources: Resources,
  ingest: IngestPort,
  shareLinks: AnalyticsPorts["shareLinks"] = noShareLinks,
  accessOfSubject: AnalyticsPorts["accessOfSubject"] = () => Promise.resolve(null),
  askExecutions: AnalyticsPorts["askExecutions"] = noExecutions,
): TestAnalytics => {
  const { postgres, clickhouse } = testEngines();
  const settings = { backend: "postgres", url: postgres.queueUrl } as const;
  const queues = createQueues({ settings, logger: resources.logger });
  const longQueries = createLongQueryStore({
    url: clickhouse.url,
    username: "tessera_jobs",
    password: clickhouse.passwords.tessera_jobs,
  });
  const subgraph = createAnalyticsSubgraph(resources, {
    ingest,
    queues,
    longQueries,
    features: everyFeature,
    quotas: noQuotas,
    shareLinks,
    ...{ accessOfSubject, askExecutions },
    keyRing: TEST_KEY_RING,
  });
  return {
    subgraph,
    close: async () => {
      await Promise.all([queues.stop(), longQueries.close()]);
    },
  };
};
