import type { DataReader } from "@tessera/platform/store/data-policy";
import type { EventStore, StoreStatement } from "@tessera/platform/store/event-store";
import { z } from "zod";
import { createParams } from "../params.ts";
import { sinceSql } from "../time-sql.ts";

/** A path into the properties, and what the store found there. */
export interface PropertyPath {
  readonly path: string;
  /** Types in the store's words. */
  readonly types: readonly string[];
}

/** Which events are looked at, and how many paths are told. */
export interface PropertySample {
  readonly sinceMs: number;
  readonly events: number;
  readonly paths: number;
}

/** Paths in the properties of a tenant's newest events with their types, by path; one more than asked for. */
const propertyPathsStatement = (sample: PropertySample, tenantId: string): StoreStatement => {
  const params = createParams();
  const text = [
    "SELECT one.1 AS path, one.2 AS types",
    "FROM (SELECT arrayJoin(CAST(distinctJSONPathsAndTypes(properties), 'Array(Tuple(String, Array(String)))')) AS one",
    "FROM (SELECT properties FROM events",
    `WHERE tenant_id = ${params.place("String", tenantId)} AND ${sinceSql(sample.sinceMs, params)}`,
    `ORDER BY toStartOfHour(time) DESC, time DESC LIMIT ${params.place("UInt64", sample.events)}))`,
    `ORDER BY path LIMIT ${params.place("UInt64", sample.paths + 1)}`,
  ].join("\n");
  return { name: "property-paths", text, params: params.values };
};

const row = z.object({ path: z.string(), types: z.array(z.string()) });

/** Reads the paths in the properties of the newest events that a reader may see, by path; one more than asked for tells that there are more. */
export type PropertyPathStore = (
  reader: DataReader,
  sample: PropertySample,
  signal?: AbortSignal,
) => Promise<readonly PropertyPath[]>;

/** Builds {@link PropertyPathStore} over the tenant-bound event store. */
export const createPropertyPathStore =
  (store: Pick<EventStore, "query">): PropertyPathStore =>
  async (reader, sample, signal) => {
    const statement = propertyPathsStatement(sample, reader.tenantId);
    const options = signal === undefined ? {} : { signal };
    return (await store.query(reader, statement, (raw) => row.parse(raw), options)).rows;
  };
