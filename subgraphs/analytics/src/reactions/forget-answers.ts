import { PERSON_ERASED } from "@tessera/contracts/events/person-erasure";
import { TENANT_CHANGED } from "@tessera/contracts/events/tenant-changed";
import { errorMessage } from "@tessera/platform/errors/error-message";
import type { EventLog, LogFollower } from "@tessera/platform/events/event-log";
import type { Background } from "@tessera/platform/graphql/subgraph";
import type { Logger } from "@tessera/platform/telemetry/logger";
import type { Answers } from "../operations/delivery/answers.ts";

/**
 * Forgets what is kept of a tenant's answers when a person of it was erased, and when the tenant is suspended, is to be deleted, or changes otherwise. An entry of the log that is missed leaves
 * answers in memory for an hour at most, to which nobody is let any more.
 */
export const createForgetting = (deps: {
  readonly answers: Answers;
  readonly eventLog: EventLog;
  readonly logger: Logger;
}): Background => {
  let followers: readonly LogFollower[] = [];
  let running: Promise<unknown> = Promise.resolve();
  const follow = async (entries: LogFollower): Promise<void> => {
    try {
      for await (const { tenantId } of entries) deps.answers.kept.forget(tenantId);
    } catch (error) {
      deps.logger.warn({ error: errorMessage(error) }, "Changes of tenants are not followed any more by kept answers.");
    }
  };
  return {
    name: "analytics.forget-answers",
    start: () => {
      followers = [TENANT_CHANGED, PERSON_ERASED].map((topic) => deps.eventLog.followAcrossTenants(topic));
      running = Promise.all(followers.map(follow));
      return Promise.resolve();
    },
    stop: async () => {
      await Promise.all(followers.map((follower) => follower.return()));
      await running;
    },
  };
};
