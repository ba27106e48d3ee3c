import { errorMessage } from "@tessera/platform/errors/error-message";
import type { Resources } from "@tessera/platform/runtime/resources";
import { z } from "zod";
import type { Part } from "./lifecycle.ts";

/** Hours an entry of the event log can be resumed from; a client that was away longer starts from a fresh snapshot. */
export const KEEP_LOG_HOURS = 24;
/** Milliseconds between rounds of pruning, and entries dropped in one statement. */
const ROUND_MS = 60_000;
const PRUNE_BATCH = 5_000;

const prune = {
  name: "prune-event-log-across-tenants",
  text: "SELECT prune_event_log_across_tenants(make_interval(hours => $1), $2) AS pruned",
  params: [KEEP_LOG_HOURS, PRUNE_BATCH],
};
const prunedRow = z.object({ pruned: z.number() });

/** Keeps the event log to its retention; run by workers, several of them do no harm. */
export const createLogRetention = ({ sql, logger }: Pick<Resources, "sql" | "logger">): Part => {
  let timer: NodeJS.Timeout | undefined;
  const round = async (): Promise<void> => {
    for (let pruned = PRUNE_BATCH; pruned === PRUNE_BATCH;) {
      const [row] = await sql.runAcrossTenants(prune, (raw) => prunedRow.parse(raw));
      pruned = row?.pruned ?? 0;
    }
  };
  return {
    name: "event log retention",
    start: async () => {
      await round();
      timer = setInterval(
        () =>
          void round().catch((error: unknown) =>
            logger.warn({ error: errorMessage(error) }, "The event log could not be pruned."),
          ),
        ROUND_MS,
      );
    },
    stop: () => {
      clearInterval(timer);
      return Promise.resolve();
    },
  };
};
