import { activeUsersStatement, lifecycleStatement, stickinessStatement } from "./activity-sql.ts";
import { activeLineOf, cohortSizeOf, lifecycleLineOf, storedStartsOf, stickinessLineOf } from "./behaviour-rows.ts";
import {
  computeStatement,
  countStatement,
  isMemberStatement,
  listedStatement,
  membersStatement,
  personSql,
  recordedMembersSql,
  recordedStatement,
} from "./cohort-members-sql.ts";
import { cohortSizeStatement, cohortSql } from "./cohort-sql.ts";
import { retentionStatement } from "./retention-sql.ts";
import { personsCount, rowsEstimate } from "./rows-estimate.ts";

/** How questions about retention, activity and cohorts are written to the event store, and how its rows are read. */
export const behaviourStatements = {
  ...{ activeUsersStatement, lifecycleStatement, stickinessStatement, retentionStatement },
  ...{ activeLineOf, lifecycleLineOf, stickinessLineOf, storedStartsOf, cohortSizeOf },
  ...{ cohortSizeStatement, cohortSql, recordedMembersSql, personSql, isMemberStatement, recordedStatement },
  ...{ rowsEstimate, personsCount },
  ...{ membersStatement, listedStatement, computeStatement, countStatement },
};

/** What operations are handed to write and read such questions. */
export type BehaviourStatements = typeof behaviourStatements;
