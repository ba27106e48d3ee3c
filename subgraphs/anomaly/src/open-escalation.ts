import type { Background } from "@tessera/platform/graphql/subgraph";
import type { Resources } from "@tessera/platform/runtime/resources";
import { CHANNEL_LIMITS } from "./domain/notify/channel.ts";
import { NO_ROUTES } from "./domain/notify/route.ts";
import { escalationCodec } from "./domain/on-call/check-escalation.ts";
import { onCallCodec } from "./domain/on-call/saved-schedule.ts";
import { createPager, type TellPagesDeps } from "./jobs/on-call/tell-pages.ts";
import { createEscalationOperations, type EscalationOperations } from "./operations/on-call/escalation-operations.ts";
import { createPageMaker, type MakePagesDeps } from "./reactions/on-call/make-pages.ts";
import { createChannelStore, routesWithin } from "./store/notify/channel-store.ts";
import { noticesWithin } from "./store/notify/gather-notices.ts";
import { parseAlertChanged } from "./store/notify/notify-rows.ts";
import { createEscalationStore, escalationsWithin } from "./store/on-call/escalation-store.ts";
import { createOnCallStore } from "./store/on-call/on-call-store.ts";
import { createPageStore, pagesWithin } from "./store/on-call/page-store.ts";

/** Everything there is about whom escalations tell. */
export interface OpenEscalation {
  readonly operations: EscalationOperations;
  /** What makes pages, and what tells them; for tests, which run them step by step. */
  readonly making: MakePagesDeps;
  readonly telling: TellPagesDeps;
  readonly background: readonly Background[];
}

/** Opens escalation policies, contacts and pages, with the pager for the worker role. */
export const openEscalation = (resources: Pick<Resources, "sql" | "logger" | "nowMs" | "newId">): OpenEscalation => {
  const { sql, logger, nowMs, newId } = resources;
  const escalations = createEscalationStore({ sql, codec: escalationCodec });
  const channels = createChannelStore({ sql, nowMs, limits: CHANNEL_LIMITS, noRoutes: NO_ROUTES });
  const onCall = createOnCallStore({ sql, codec: onCallCodec });
  const [pages, within] = [createPageStore(sql), pagesWithin(onCallCodec)];
  const making: MakePagesDeps = {
    ...{ sql, logger, nowMs, pagesWithin: within, routesWithin, parseAlert: parseAlertChanged },
    escalationsWithin: (transaction, tenantId) => escalationsWithin(transaction, tenantId, escalationCodec),
  };
  const telling: TellPagesDeps = { sql, pages, pagesWithin: within, noticesWithin, logger, nowMs, newId };
  return {
    operations: createEscalationOperations({ escalations, channels, onCall, pages, nowMs, newId }),
    ...{ making, telling },
    background: [createPageMaker(making), createPager(telling)],
  };
};
