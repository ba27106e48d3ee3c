import type { CohortSizeBehind } from "../../domain/behind/cohort-size-cell.ts";
import type { Accounts } from "../../domain/field.ts";
import type { TimeRange } from "../../domain/time-range.ts";
import { behaviourRange } from "../behaviour-sql.ts";
import { movedMembersSql, recordedMembersSql } from "../cohort-members-sql.ts";
import { memberSql } from "../member-sql.ts";
import type { Params } from "../params.ts";
import type { BehindSql } from "./behind-sql.ts";

/** The cohort whose members are meant, and the range of their events. */
export interface CohortReader {
  readonly tenantId: string;
  readonly cohortId: string;
  readonly accounts: Accounts | null;
  readonly range: TimeRange;
}

/** The members that a number of `cohortSizes` counts, as a statement that gives `person`: their numbers. */
const membersSql = (
  { number, asOfMs, beforeMs }: CohortSizeBehind,
  { tenantId, cohortId }: CohortReader,
  params: Params,
): string => {
  const recorded = { tenantId, cohortId, asOfMs };
  return number === "SIZE"
    ? recordedMembersSql(recorded, params)
    : movedMembersSql({ ...recorded, beforeMs }, number, params);
};

/** A line for each event of the members in the range, and one without an event for each member. */
export const cohortSizesBehindSql =
  (behind: CohortSizeBehind, reader: CohortReader): BehindSql =>
  (params) => {
    const { accounts, range, tenantId } = reader;
    const { key } = memberSql(accounts, params);
    const where = `${behaviourRange("events", range, tenantId, params)} AND ${key} IN (${membersSql(behind, reader, params)})`;
    const events = `SELECT ${key} AS unit, person, toNullable(toUnixTimestamp64Milli(time)) AS at, toNullable(event_id) AS id FROM events WHERE ${where}`;
    const person = accounts === null ? "unit" : "toUInt64(0)";
    const none = "CAST(NULL, 'Nullable(Int64)') AS at, CAST(NULL, 'Nullable(UUID)') AS id";
    const members = `SELECT person AS unit FROM (${membersSql(behind, reader, params)})`;
    return `${events} UNION ALL SELECT unit, ${person} AS person, ${none} FROM (${members})`;
  };
