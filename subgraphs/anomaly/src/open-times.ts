import type { Background } from "@tessera/platform/graphql/subgraph";
import type { Resources } from "@tessera/platform/runtime/resources";
import { createTimesMender } from "./jobs/mend-times-ahead.ts";
import { createTimesAheadStore } from "./store/times-ahead-store.ts";

/** Opens what puts times right that a clock put down which was ahead, for the worker role. */
export const openTimes = ({
  sql,
  nowMs,
  logger,
}: Pick<Resources, "sql" | "nowMs" | "logger">): readonly Background[] => [
  createTimesMender({ times: createTimesAheadStore(sql), nowMs, logger }),
];
