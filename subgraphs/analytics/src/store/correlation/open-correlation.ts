import type { TenantSql } from "@tessera/platform/db/sql";
import type { EventStore } from "@tessera/platform/store/event-store";
import type { NowMs } from "@tessera/platform/time/clock";
import { uuidOf } from "@tessera/platform/integrity/digest";
import { createCorrelationMatchStore } from "./match-store.ts";
import { createCorrelationRuleStore } from "./rule-store.ts";
import { createCorrelationRunStore } from "./run-store.ts";
import { createSeenStore } from "./seen-store.ts";

/** Opens every store of correlation; `beginning` is the state of a run that is defined at a moment. */
export const openCorrelation = (deps: {
  readonly sql: TenantSql;
  readonly eventStore: Pick<EventStore, "query">;
  readonly nowMs: NowMs;
  readonly beginning: (definedAtMs: number) => object;
}) => ({
  correlationRules: createCorrelationRuleStore(deps),
  correlationMatches: createCorrelationMatchStore(deps),
  runs: createCorrelationRunStore(deps),
  seen: createSeenStore(deps.eventStore),
  idOf: uuidOf,
});
