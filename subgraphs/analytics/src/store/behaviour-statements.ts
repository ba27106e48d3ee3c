import { activeUsersStatement, lifecycleStatement, stickinessStatement } from "./activity-sql.ts";
import { activeLineOf, cohortSizeOf, lifecycleLineOf, storedStartsOf, stickinessLineOf } from "./behaviour-rows.ts";
import { activityBehindSql } from "./behind/activity-behind-sql.ts";
import {
  attributionBehindSql,
  creditsBehindOf,
  creditsBehindStatement,
  journeyBehindOf,
  journeysBehindStatement,
} from "./behind/attribution-behind-sql.ts";
import {
  behindCountsOf,
  behindCountsStatement,
  behindEventsStatement,
  behindPeopleStatement,
  behindPersonOf,
  behindPlaceOf,
  eventsBehindSql,
  olapBehindSql,
} from "./behind/behind-sql.ts";
import {
  behindSliceCountsOf,
  behindSliceCountsStatement,
  behindSlicePeopleStatement,
  behindSlicePersonOf,
  personIdsOf,
  personIdsStatement,
} from "./behind/behind-slices-sql.ts";
import { cohortSizesBehindSql } from "./behind/cohort-behind-sql.ts";
import { driftBehindSql } from "./behind/drift-behind-sql.ts";
import { ringsBehindSql, velocityBehindSql } from "./behind/fraud-behind-sql.ts";
import { qualityBehindSql } from "./behind/quality-behind-sql.ts";
import { retentionBehindSql } from "./behind/retention-behind-sql.ts";
import { sessionsBehindSql } from "./behind/sessions-behind-sql.ts";
import {
  accountMembersStatement,
  accountSql,
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
import { sizeOf as eventsSizeOf, sizeStatement as eventsSizeStatement } from "./quality/quality-sql.ts";
import { retentionStatement } from "./retention-sql.ts";
import { personsCount, rowsEstimate } from "./rows-estimate.ts";
import { sessionSizeOf, sessionSizeStatement } from "./sessions-statements.ts";

/** How questions about retention, activity and cohorts, and about what is behind a number, are written to the event store, and how its rows are read. */
export const behaviourStatements = {
  ...{ activeUsersStatement, lifecycleStatement, stickinessStatement, retentionStatement },
  ...{ activeLineOf, lifecycleLineOf, stickinessLineOf, storedStartsOf, cohortSizeOf },
  ...{ cohortSizeStatement, cohortSql, recordedMembersSql, personSql, isMemberStatement, recordedStatement },
  ...{ rowsEstimate, personsCount },
  ...{ olapBehindSql, eventsBehindSql, retentionBehindSql, activityBehindSql, sessionsBehindSql, qualityBehindSql },
  ...{ velocityBehindSql, ringsBehindSql, driftBehindSql, cohortSizesBehindSql },
  ...{ attributionBehindSql, creditsBehindStatement, creditsBehindOf, journeysBehindStatement, journeyBehindOf },
  ...{ sessionSizeStatement, sessionSizeOf, eventsSizeStatement, eventsSizeOf },
  ...{ behindCountsStatement, behindEventsStatement, behindPeopleStatement },
  ...{ behindSliceCountsStatement, behindSliceCountsOf, behindSlicePeopleStatement, behindSlicePersonOf },
  ...{ personIdsStatement, personIdsOf },
  ...{ behindCountsOf, behindPlaceOf, behindPersonOf },
  ...{ accountMembersStatement, accountSql, membersStatement, listedStatement, computeStatement, countStatement },
};

/** What operations are handed to write and read such questions. */
export type BehaviourStatements = typeof behaviourStatements;
