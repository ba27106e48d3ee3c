import type { DataReader } from "@tessera/platform/store/data-policy";
import type { EventStore, StoreStatement } from "@tessera/platform/store/event-store";
import { z } from "zod";
import type { CataloguedName, CataloguedPath } from "../../domain/semantic/catalogue.ts";
import { createParams, type Params } from "../params.ts";
import { sinceSql } from "../time-sql.ts";

/** A part of a list in order of a key: what begins with a text, after a key; one more than `first` is read. */
export interface CataloguePage {
  readonly prefix: string;
  readonly after: string | null;
  readonly first: number;
}

/** Which events stand for all of them where a reader may not see all: the newest since a moment. */
export interface NewestEvents {
  readonly sinceMs: number;
  readonly events: number;
}

/** What a catalogue is read from: everything there ever was, or what a reader sees of the newest events. */
export type CatalogueSource = "EVER" | NewestEvents;

/** Paths that questions can name: of others nothing is told. */
export interface NameablePaths {
  readonly pattern: string;
  readonly characters: number;
}

/** Reads what was ever sent by a tenant, or what a reader sees of the newest events. */
export interface PropertyCatalogue {
  /** Paths in order, of the events of a name or of all; of each at most `names` names of events. */
  paths(
    reader: DataReader,
    asked: {
      readonly source: CatalogueSource;
      readonly page: CataloguePage;
      readonly event: string | null;
      readonly names: number;
      readonly nameable: NameablePaths;
    },
    signal?: AbortSignal,
  ): Promise<readonly CataloguedPath[]>;
  /** Names of events in order. */
  names(
    reader: DataReader,
    asked: { readonly source: CatalogueSource; readonly page: CataloguePage },
    signal?: AbortSignal,
  ): Promise<readonly CataloguedName[]>;
}

const ONE_OF_EVENT =
  "arrayPushFront(CAST(JSONAllPathsWithTypes(properties), 'Array(Tuple(String, String))'), ('', ''))";

/** Rows as the catalogue's table has them. */
const sourceSql = (source: CatalogueSource, tenantId: string, params: Params): string => {
  const tenant = `tenant_id = ${params.place("String", tenantId)}`;
  if (source === "EVER")
    return `(SELECT path, name, type, events, first_seen, last_seen FROM property_catalogue WHERE ${tenant})`;
  return [
    "(SELECT one.1 AS path, name, one.2 AS type, toUInt64(1) AS events, time AS first_seen, time AS last_seen",
    "FROM (SELECT name, time, properties FROM events",
    `WHERE ${tenant} AND ${sinceSql(source.sinceMs, params)}`,
    `ORDER BY toStartOfHour(time) DESC, time DESC LIMIT ${params.place("UInt64", source.events)})`,
    `ARRAY JOIN ${ONE_OF_EVENT} AS one)`,
  ].join("\n");
};

const pageSql = (key: string, { prefix, after }: CataloguePage, params: Params): string =>
  [
    `startsWith(${key}, ${params.place("String", prefix)})`,
    ...(after === null ? [] : [`${key} > ${params.place("String", after)}`]),
  ].join(" AND ");

const SENT = [
  "toFloat64(sum(events)) AS sent",
  "toUnixTimestamp64Milli(min(first_seen)) AS first_ms",
  "toUnixTimestamp64Milli(max(last_seen)) AS last_ms",
].join(", ");

const pathsStatement = (
  tenantId: string,
  { source, page, event, names, nameable }: Parameters<PropertyCatalogue["paths"]>[1],
): StoreStatement => {
  const params = createParams();
  const most = params.place("UInt64", names);
  const of = event === null ? "" : ` AND name = ${params.place("String", event)}`;
  const lines = [
    `SELECT path, ${SENT},`,
    "sumMap([toString(type)], [toFloat64(events)]) AS types, sumMap([toString(name)], [toFloat64(events)]) AS of_names,",
    "arrayZip(types.1, types.2) AS by_type, length(of_names.1) AS name_count,",
    `arraySlice(arrayReverseSort(one -> one.2, arrayZip(of_names.1, of_names.2)), 1, ${most}) AS by_name`,
    `FROM ${sourceSql(source, tenantId, params)}`,
    `WHERE path != '' AND ${pageSql("path", page, params)}${of}`,
    `AND length(path) <= ${params.place("UInt64", nameable.characters)} AND match(path, ${params.place("String", nameable.pattern)})`,
    `GROUP BY path ORDER BY path LIMIT ${params.place("UInt64", page.first + 1)}`,
  ];
  return { name: "catalogue-paths", text: lines.join("\n"), params: params.values };
};

const namesStatement = (
  tenantId: string,
  { source, page }: Parameters<PropertyCatalogue["names"]>[1],
): StoreStatement => {
  const params = createParams();
  const lines = [
    `SELECT toString(name) AS event_name, ${SENT}`,
    `FROM ${sourceSql(source, tenantId, params)}`,
    `WHERE path = '' AND ${pageSql("name", page, params)}`,
    `GROUP BY name ORDER BY event_name LIMIT ${params.place("UInt64", page.first + 1)}`,
  ];
  return { name: "catalogue-names", text: lines.join("\n"), params: params.values };
};

const counted = z.array(z.tuple([z.string(), z.number()]));
const sent = { sent: z.number(), first_ms: z.coerce.number(), last_ms: z.coerce.number() };
const pathRow = z
  .object({ ...sent, path: z.string(), by_type: counted, by_name: counted, name_count: z.coerce.number() })
  .transform((row) => ({
    ...{ path: row.path, events: row.sent, firstSeenMs: row.first_ms, lastSeenMs: row.last_ms },
    ...{ types: row.by_type, names: row.by_name, nameCount: row.name_count },
  }));
const nameRow = z.object({ ...sent, event_name: z.string() }).transform((row) => ({
  ...{ name: row.event_name, events: row.sent, firstSeenMs: row.first_ms, lastSeenMs: row.last_ms },
}));

/** Builds {@link PropertyCatalogue} over the tenant-bound event store. */
export const createPropertyCatalogue = (store: Pick<EventStore, "query">): PropertyCatalogue => {
  const read = async <Row>(
    reader: DataReader,
    statement: StoreStatement,
    parse: (raw: unknown) => Row,
    signal: AbortSignal | undefined,
  ): Promise<readonly Row[]> =>
    (await store.query(reader, statement, parse, signal === undefined ? {} : { signal })).rows;
  return {
    paths: (reader, asked, signal) =>
      read(reader, pathsStatement(reader.tenantId, asked), (raw) => pathRow.parse(raw), signal),
    names: (reader, asked, signal) =>
      read(reader, namesStatement(reader.tenantId, asked), (raw) => nameRow.parse(raw), signal),
  };
};
