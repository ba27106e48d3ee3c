import type { Background } from "@tessera/platform/graphql/subgraph";
import { createRepeatedLook } from "@tessera/platform/runtime/repeated-look";
import type { Logger } from "@tessera/platform/telemetry/logger";

/** Milliseconds between looks for due rules when the last look found few; well under the shortest interval of a rule. */
export const LOOK_MS = 1_000;

/** Runs `evaluateDue` again and again: at once while it finds `full` or more, after a pause otherwise. Stopping waits for the running one. */
export const createEvaluator = (deps: {
  evaluateDue: () => Promise<number>;
  full: number;
  logger: Logger;
}): Background =>
  createRepeatedLook({
    name: "anomaly-evaluator",
    everyMs: LOOK_MS,
    look: async () => (await deps.evaluateDue()) >= deps.full,
    trouble: "Due rules can't be claimed; trying again.",
    logger: deps.logger,
  });
