import type { Background } from "@tessera/platform/graphql/subgraph";
import { createRepeatedLook } from "@tessera/platform/runtime/repeated-look";
import type { Logger } from "@tessera/platform/telemetry/logger";
import type { QuestionLog } from "../store/rollups/question-log.ts";

/** Milliseconds that what was asked is gathered before it is written. */
const GATHER_MS = 5_000;

/** Writes from time to time which shapes of questions this process was asked. */
export const createQuestionWriter = (deps: {
  readonly questionLog: Pick<QuestionLog, "flush">;
  readonly logger: Logger;
}): Background =>
  createRepeatedLook({
    name: "asked-questions",
    everyMs: GATHER_MS,
    look: async () => {
      await deps.questionLog.flush();
      return false;
    },
    trouble: "Which questions were asked can't be written; what was gathered is lost.",
    logger: deps.logger,
  });
