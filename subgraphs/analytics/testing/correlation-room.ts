import { randomUUID } from "node:crypto";
import type { Caller } from "@tessera/contracts/caller";
import type { TenantId } from "@tessera/contracts/ids";
import type { SqlTransaction, TenantSql } from "@tessera/platform/db/sql";
import { callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import type { TestResources } from "@tessera/platform/testing/test-resources";
import { STATE_LIMITS, type CorrelationPatternInput } from "../src/domain/correlation/rule.ts";
import { beginningOf, SETTLE_MS } from "../src/domain/correlation/settle.ts";
import { backtestCorrelationRule } from "../src/operations/correlation/backtest-rule.ts";
import { defineCorrelationRule } from "../src/operations/correlation/change-rules.ts";
import { defineDimension } from "../src/operations/semantic/define.ts";
import { createCorrelationConsumer } from "../src/reactions/correlation/correlate-batches.ts";
import { correlateByClock } from "../src/reactions/correlation/correlate-by-clock.ts";
import { uuidOf } from "@tessera/platform/integrity/digest";
import { createCorrelationMatchStore } from "../src/store/correlation/match-store.ts";
import { createCorrelationRuleStore } from "../src/store/correlation/rule-store.ts";
import { createCorrelationRunStore } from "../src/store/correlation/run-store.ts";
import { createSeenStore } from "../src/store/correlation/seen-store.ts";
import { createDefinitionStore } from "../src/store/semantic/definition-store.ts";

/** The moment at which rules of these tests are defined. */
export const DEFINED = Date.UTC(2026, 2, 1, 12);
/** The first moment whose events a rule looks at that was defined at {@link DEFINED}. */
export const BEGINNING = DEFINED + SETTLE_MS;

const MAY = ["analytics:read", "analytics:define", "analytics:personal-data"] as const;

/** Correlation over a test's engines with a consumer of its own, a clock that a test sets, and transactions that a test may break. */
export const openCorrelationRoom = ({ resources }: TestResources) => {
  const clock = { nowMs: DEFINED };
  const nowMs = () => clock.nowMs;
  const { eventStore, eventLog, logger } = resources;
  /** Called before each statement of a transaction of a tenant; may throw, which rolls it back as the end of the process would. */
  const fault = { before: (_statement: string): void => undefined };
  const breaking = (transaction: SqlTransaction): SqlTransaction => ({
    run: (statement, parse) => {
      fault.before(statement.name);
      return transaction.run(statement, parse);
    },
  });
  const sql: TenantSql = {
    ...resources.sql,
    transaction: (tenantId, work) =>
      resources.sql.transaction(tenantId, async (transaction) => {
        const result = await work(breaking(transaction));
        fault.before("commit");
        return result;
      }),
  };
  const rules = createCorrelationRuleStore({
    sql: resources.sql,
    nowMs,
    beginning: beginningOf,
  });
  const definitions = createDefinitionStore({ sql: resources.sql, nowMs });
  const seen = createSeenStore(eventStore);
  const deps = {
    ...{ sql, runs: createCorrelationRunStore({ sql }), eventLog, limits: STATE_LIMITS },
    ...{ idOf: uuidOf, nowMs, seen, logger, eventStore },
  };
  const name = `test.correlation.${randomUUID()}`;
  const consumer = createCorrelationConsumer(deps, name);
  return {
    ...{ clock, fault, rules, seen, consumer, definitions, consumerName: name },
    look: correlateByClock(deps, name),
    matches: createCorrelationMatchStore({ sql: resources.sql }),
    caller: (tenantId: TenantId = freshTenantId()): Caller => callerWith(tenantId, MAY),
    /** What a rule finds in stored events of a range. */
    backtest: (caller: Caller, rule: string, fromMs: number, toMs: number) =>
      backtestCorrelationRule({ ...{ correlationRules: rules, definitions, seen, nowMs }, idOf: uuidOf })(caller, {
        range: { from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() },
        ...{ rule, first: 1_000 },
      }),
    dimension: defineDimension({ definitions, newId: randomUUID }),
    define: async (caller: Caller, ruleName: string, pattern: CorrelationPatternInput) => {
      const define = defineCorrelationRule({ correlationRules: rules, definitions, newId: randomUUID });
      const outcome = await define(caller, { name: ruleName, pattern });
      if (outcome.kind !== "DEFINED") throw new Error(`The rule was not kept: ${outcome.kind}.`);
      return outcome.rule;
    },
  };
};
