import type { Accounts } from "./field.ts";
import type { PeopleStatement } from "./people-statement.ts";

/** Members that a question is held to: people, or the accounts of which each is one. */
export interface Members {
  readonly accounts: Accounts | null;
  readonly sql: PeopleStatement;
}
