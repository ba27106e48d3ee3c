import type { EventLog } from "@tessera/platform/events/event-log";
import { withRange } from "../at-range.ts";
import {
  backtestCorrelationRule,
  type BacktestAnswer,
  type BacktestDeps,
  type BacktestInput,
} from "./backtest-rule.ts";
import {
  defineCorrelationRule,
  pinCorrelationRule,
  retireCorrelationRule,
  type ChangeRulesDeps,
} from "./change-rules.ts";
import { listCorrelationMatches, type MatchDeps } from "./find-matches.ts";
import {
  correlationRuleVersions,
  correlationStanding,
  findCorrelationRule,
  listCorrelationRules,
} from "./find-rules.ts";
import { tellingUses } from "../telling-uses.ts";
import type { StartOutcome, StartQueryDeps } from "../start-query.ts";
import { startBacktest, type StartBacktestInput } from "./start-backtest.ts";
import { watchCorrelationMatches } from "./watch-matches.ts";

/** What correlation needs. */
export interface CorrelationDeps extends ChangeRulesDeps, MatchDeps, BacktestDeps, StartQueryDeps {
  readonly correlationRules: ChangeRulesDeps["correlationRules"];
  readonly eventLog: EventLog;
}

/** Everything that can be asked of correlation rules, bound to its dependencies. */
export const createCorrelationOperations = (deps: CorrelationDeps) => ({
  findCorrelationRule: findCorrelationRule(deps),
  listCorrelationRules: listCorrelationRules(deps),
  correlationRuleVersions: correlationRuleVersions(deps),
  correlationStanding: correlationStanding(deps),
  defineCorrelationRule: defineCorrelationRule(deps),
  retireCorrelationRule: retireCorrelationRule(deps),
  pinCorrelationRule: pinCorrelationRule(deps),
  listCorrelationMatches: listCorrelationMatches(deps),
  watchCorrelationMatches: watchCorrelationMatches(deps),
  startBacktest: withRange<StartBacktestInput, StartOutcome>(deps, startBacktest(deps)),
  backtestCorrelationRule: tellingUses(deps, (of) =>
    withRange<BacktestInput, BacktestAnswer>(of, backtestCorrelationRule(of)),
  ),
});
