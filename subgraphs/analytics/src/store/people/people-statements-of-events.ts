import { parseEventRow } from "../event-rows.ts";
import { groupRow, groupsOfPersonStatement, groupsStatement } from "./groups-sql.ts";
import {
  cohortsOfStatement,
  numbersStatement,
  peopleStatement,
  revenueStatement,
  saidStatement,
  seenPairsStatement,
  seenPeopleStatement,
  timelineStatement,
  traitFactsStatement,
} from "./people-sql.ts";
import { cohortIdRow, factRow, numberRow, pairRow, personRow, revenueRow, saidRow, seenRow } from "./person-rows.ts";

/** How questions about people are written to the event store, and how its rows are read. */
export const peopleStatements = {
  ...{ numbersStatement, seenPeopleStatement, revenueStatement, timelineStatement, cohortsOfStatement },
  ...{ traitFactsStatement, peopleStatement, seenPairsStatement, saidStatement },
  ...{ pairRow, saidRow, groupRow, groupsStatement, groupsOfPersonStatement },
  ...{ numberRow, seenRow, revenueRow, parseEventRow, cohortIdRow, factRow, personRow },
};

/** What operations are handed to write and read such questions. */
export type PeopleStatements = typeof peopleStatements;
