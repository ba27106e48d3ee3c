import type { ClickHouseClient } from "@clickhouse/client";
import {
  EVENT_DATABASE,
  PEOPLE_DATABASE,
  RESTRICTED_DATABASE,
  RESTRICTED_PEOPLE_DATABASE,
} from "../engines/clickhouse-users.ts";
import type { DataReader } from "./data-policy.ts";

/** Which person an event has: whom it was stored with, or whom that person counts as by the links between people now. */
export type Persons = "STORED" | "RESOLVED";

/** Clients of the event store, one for each database a query may read. */
export interface Databases {
  /** The tables themselves. */
  readonly main: ClickHouseClient;
  readonly all: readonly ClickHouseClient[];
  /** The client whose tables show a reader what it may see, with the persons it asks for. */
  of(reader: Pick<DataReader, "dataPolicy">, persons: Persons | undefined): ClickHouseClient;
}

/** Opens a client for each database; nothing is connected yet. */
export const openDatabases = (open: (database: string) => ClickHouseClient): Databases => {
  const [main, restricted] = [open(EVENT_DATABASE), open(RESTRICTED_DATABASE)];
  const [people, restrictedPeople] = [open(PEOPLE_DATABASE), open(RESTRICTED_PEOPLE_DATABASE)];
  return {
    main,
    all: [main, restricted, people, restrictedPeople],
    of: ({ dataPolicy }, persons) => {
      if (persons === "RESOLVED") return dataPolicy === null ? people : restrictedPeople;
      return dataPolicy === null ? main : restricted;
    },
  };
};
