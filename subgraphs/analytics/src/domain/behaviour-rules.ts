import type { DataPolicy } from "@tessera/contracts/data-policy";
import type { TenantId } from "@tessera/contracts/ids";
import { ACTIVE_WINDOWS } from "./activity.ts";
import { fieldsOfUnit, type AnalysisUnit } from "./analysis-unit.ts";
import { behaviourSource, type BehaviourSource } from "./behaviour-source.ts";
import { accountsOf, type CohortOf } from "./cohort-unit.ts";
import { EVERYTHING_SINCE_MS, rangeOfWindow, type CohortWindow } from "./cohort-window.ts";
import { fieldsOfMatcher, type EventMatcher } from "./event-matcher.ts";
import { parseField } from "./fields.ts";
import type { Accounts, Condition, Field } from "./field.ts";
import { fieldsOf } from "./filter.ts";
import { ELAPSED_MS, type RetentionQuery } from "./retention.ts";
import { cutsOf, RETENTION_MARKS } from "./retention-cells.ts";
import type { TimeRange } from "./time-range.ts";

/** What a question about behaviour looks at of events. */
export interface LookedAt {
  readonly matchers: readonly EventMatcher[];
  readonly unit?: AnalysisUnit;
  readonly fields?: readonly Field[];
}

/** Decisions by which statements about behaviour are written; the store is handed them with each question. */
export interface BehaviourRules {
  /** Where "any time" begins, milliseconds since the epoch. */
  readonly everythingSinceMs: number;
  /** Days that count as a week and as a month of activity. */
  readonly activeWindows: typeof ACTIVE_WINDOWS;
  sourceOf(looked: LookedAt, policy: DataPolicy | null): BehaviourSource;
  retentionSource(query: RetentionQuery, policy: DataPolicy | null): BehaviourSource;
  rangeOfWindow(window: CohortWindow, asOfMs: number): TimeRange;
  fieldsOf(condition: Condition): readonly Field[];
  /** The accounts that a cohort of a tenant is of; null for one of people. */
  accountsOf(tenantId: TenantId, of: CohortOf): Accounts | null;
  /** Milliseconds of an elapsed period; 0 for one that has no fixed length. */
  elapsedMs(period: RetentionQuery["period"]): number;
  /** What starts are counted under, and where cells of periods begin. */
  readonly retentionMarks: typeof RETENTION_MARKS;
  cutsOf(query: Pick<RetentionQuery, "columns" | "kind">): readonly number[];
}

const sourceOf: BehaviourRules["sourceOf"] = ({ matchers, unit, fields = [] }, policy) =>
  behaviourSource(
    [...matchers.flatMap(fieldsOfMatcher), ...(unit === undefined ? [] : fieldsOfUnit(unit)), ...fields],
    policy,
  );

/** The rules of questions about retention, activity and cohorts. */
export const behaviourRules: BehaviourRules = {
  everythingSinceMs: EVERYTHING_SINCE_MS,
  activeWindows: ACTIVE_WINDOWS,
  sourceOf,
  retentionSource: ({ start, returning, unit, splitBy, value }, policy) => {
    const currency = value === null || value.currency === null ? [] : [parseField("currency", "value")];
    const fields = [...splitBy, ...(value === null ? [] : [value.field]), ...currency];
    return sourceOf({ matchers: [start, returning], unit, fields }, policy);
  },
  rangeOfWindow,
  fieldsOf,
  accountsOf,
  elapsedMs: (period) => (period === "MONTH" ? 0 : ELAPSED_MS[period]),
  retentionMarks: RETENTION_MARKS,
  cutsOf,
};
