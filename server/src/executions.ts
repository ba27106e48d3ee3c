import { join } from "node:path";
import { v7 as newUuid } from "uuid";
import { createExecutionRecords, type ExecutionRecords } from "@tessera/gateway/execution-records";
import type { EventLog } from "@tessera/platform/events/event-log";
import { openExecutionJournal } from "@tessera/platform/executions/execution-journal";
import { openExecutionCheckpoints } from "@tessera/platform/executions/execution-checkpoints";
import { createExecutionRecorder } from "@tessera/platform/executions/execution-recorder";
import { createOpenExecutionRecorder, type OpenExecutionRecorder } from "@tessera/platform/executions/open-executions";
import { createRemoteExecutions } from "@tessera/platform/executions/remote-executions";
import type { Logger } from "@tessera/platform/telemetry/logger";
import { systemNowMs } from "@tessera/platform/time/clock";
import type { IdentitySigner } from "@tessera/platform/auth/identity";
import { INGEST_AUDIENCE } from "@tessera/ingest/http/routes";
import type { DistributedConfig } from "./config.ts";
import type { Part } from "./lifecycle.ts";
import { platformCaller } from "./platform-caller.ts";

/** How a process records what it executes. */
export interface Executions {
  readonly recorder: OpenExecutionRecorder;
  /** The same for the gateway's operations. */
  readonly records: ExecutionRecords;
  /** Starts with the process and stops after the last answer was given. */
  readonly part: Part;
}

/** Opens the journal of a process; `role` keeps the journals of different processes of one machine apart. */
export const openExecutions = (deps: {
  readonly directory: string;
  readonly role: string;
  readonly eventLog: Pick<EventLog, "append">;
  readonly logger: Logger;
}): Executions => {
  const [directory, { eventLog, logger }] = [join(deps.directory, deps.role), deps];
  const journal = openExecutionJournal(directory, newUuid);
  const recorder = createOpenExecutionRecorder({
    recorder: createExecutionRecorder({ journal, eventLog, logger }),
    checkpoints: openExecutionCheckpoints(directory),
    logger,
  });
  return {
    recorder,
    records: createExecutionRecords({ recorder, newId: newUuid, nowMs: systemNowMs }),
    part: { name: "execution journal", start: () => recorder.start(), stop: () => recorder.stop() },
  };
};

/** The event log of a process that has no stores: the write path's, by a signed call. */
export const remoteExecutionLog = (
  config: Pick<DistributedConfig, "INGEST_URL">,
  role: string,
  sign: IdentitySigner,
): Pick<EventLog, "append"> =>
  createRemoteExecutions({
    url: config.INGEST_URL,
    audience: INGEST_AUDIENCE,
    caller: platformCaller(role, ["platform:record"]),
    sign,
  });
