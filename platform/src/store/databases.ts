import type { ClickHouseClient } from "@clickhouse/client";
import {
  EVENT_DATABASE,
  PEOPLE_DATABASE,
  RESTRICTED_DATABASE,
  RESTRICTED_PEOPLE_DATABASE,
} from "../engines/clickhouse-users.ts";
import type { DataReader } from "./data-policy.ts";

const DATABASES = [EVENT_DATABASE, RESTRICTED_DATABASE, PEOPLE_DATABASE, RESTRICTED_PEOPLE_DATABASE] as const;

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

/** The database whose tables show a reader what it may see, with the persons it asks for. */
export const databaseFor = (
  { dataPolicy }: Pick<DataReader, "dataPolicy">,
  persons: Persons | undefined,
): (typeof DATABASES)[number] => {
  if (persons === "RESOLVED") return dataPolicy === null ? PEOPLE_DATABASE : RESTRICTED_PEOPLE_DATABASE;
  return dataPolicy === null ? EVENT_DATABASE : RESTRICTED_DATABASE;
};

/** Opens a client for each database; nothing is connected yet. */
export const openDatabases = (open: (database: string) => ClickHouseClient): Databases => {
  const clients = new Map(DATABASES.map((database) => [database, open(database)]));
  const clientOf = (database: (typeof DATABASES)[number]): ClickHouseClient => {
    const client = clients.get(database);
    if (client === undefined) throw new Error("There is a client for each database.");
    return client;
  };
  return {
    main: clientOf(EVENT_DATABASE),
    all: [...clients.values()],
    of: (reader, persons) => clientOf(databaseFor(reader, persons)),
  };
};
