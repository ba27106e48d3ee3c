import { numberRow, numbersStatement } from "./people-sql.ts";

/** How questions about people are written to the event store, and how its rows are read. */
export const peopleStatements = { numbersStatement, numberRow };

/** What operations are handed to write and read such questions. */
export type PeopleStatements = typeof peopleStatements;
