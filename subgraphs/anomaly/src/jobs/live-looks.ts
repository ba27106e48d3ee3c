import { BATCH_STORED } from "@tessera/contracts/events/batch-stored";
import type { TenantId } from "@tessera/contracts/ids";
import { errorMessage } from "@tessera/platform/errors/error-message";
import type { EventLog, LogFollower } from "@tessera/platform/events/event-log";
import type { Background } from "@tessera/platform/graphql/subgraph";
import type { Logger } from "@tessera/platform/telemetry/logger";
import type { LiveLooker } from "../operations/look-at-live-rules.ts";

/** Looks that are under way in one process at the same time, so that callers find the stores free. */
const MAX_LOOKS_AT_ONCE = 4;
/** Milliseconds until rules that somebody held, or that rested, are asked for again. */
const AGAIN_MS = 100;
/** Tenants asked for in one statement; the others follow at once. */
const MAX_TENANTS_AT_ONCE = 1_000;
/** Milliseconds before the log is followed again when that ended. */
const FOLLOW_AGAIN_MS = 1_000;

/** Tenants of whom events were stored since their rules were last asked for, and a bell that rings when there is something to do. */
const createNews = () => {
  const tenants = new Set<TenantId>();
  let rung = false;
  let ring = (): void => {
    rung = true;
  };
  return {
    tenants,
    ring: (): void => ring(),
    /** Waits until the bell rings; what rang since the last wait counts. */
    wait: async (): Promise<void> => {
      if (!rung)
        await new Promise<void>((resolve) => {
          ring = resolve;
        });
      rung = false;
      ring = () => {
        rung = true;
      };
    },
  };
};

type News = ReturnType<typeof createNews>;

/** Follows the log, again and again, and takes down whose events it tells of. */
const createFollower = (eventLog: Pick<EventLog, "followAcrossTenants">, news: News, logger: Logger) => {
  const state = { stopping: false };
  let follower: LogFollower | null = null;
  return {
    run: async (): Promise<void> => {
      state.stopping = false;
      while (!state.stopping) {
        try {
          follower = eventLog.followAcrossTenants(BATCH_STORED);
          for await (const { tenantId } of follower) {
            news.tenants.add(tenantId);
            news.ring();
          }
        } catch (error) {
          logger.warn({ error: errorMessage(error) }, "Live rules don't follow the event log; trying again.");
        }
        if (!state.stopping) await new Promise((resolve) => setTimeout(resolve, FOLLOW_AGAIN_MS));
      }
    },
    stop: (): void => {
      state.stopping = true;
      void follower?.return();
    },
  };
};

/**
 * Looks at the live rules of every tenant of whom events are stored, as the event log tells it: at once, and those that rest or that somebody holds again and again until they were
 * looked at. What is missed, by a log that could not be followed or a process that died, is found at the rules' turns.
 */
export const createLiveLooks = (deps: {
  eventLog: Pick<EventLog, "followAcrossTenants">;
  looker: LiveLooker;
  logger: Logger;
}): Background => {
  const { looker, logger } = deps;
  const news = createNews();
  const follower = createFollower(deps.eventLog, news, logger);
  const underWay = new Set<Promise<void>>();
  const state = { stopping: false };
  let running: Promise<unknown> = Promise.resolve();

  /** Claims what may be looked at, and looks; true when some of it has to be asked for again. */
  const look = async (): Promise<boolean> => {
    const tenants = [...news.tenants].slice(0, MAX_TENANTS_AT_ONCE);
    for (const tenantId of tenants) news.tenants.delete(tenantId);
    const free = MAX_LOOKS_AT_ONCE - underWay.size;
    const { claims, waiting } = await looker.claim(tenants, free).catch((error: unknown) => {
      logger.warn({ error: errorMessage(error) }, "Live rules can't be claimed; trying again.");
      return { claims: [], waiting: tenants };
    });
    for (const tenantId of waiting) news.tenants.add(tenantId);
    for (const claim of claims) {
      const work = looker.look(claim).then((again) => {
        if (again) news.tenants.add(claim.tenantId);
        underWay.delete(work);
        news.ring();
      });
      underWay.add(work);
    }
    return waiting.length > 0;
  };
  const loop = async (): Promise<void> => {
    while (!state.stopping) {
      if (news.tenants.size === 0 || underWay.size >= MAX_LOOKS_AT_ONCE) await news.wait();
      else if (await look()) await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  };
  return {
    name: "anomaly-live-looks",
    start: () => {
      state.stopping = false;
      running = Promise.all([follower.run(), loop()]);
      return Promise.resolve();
    },
    stop: async () => {
      state.stopping = true;
      follower.stop();
      news.ring();
      await running;
      await Promise.all(underWay);
    },
  };
};
