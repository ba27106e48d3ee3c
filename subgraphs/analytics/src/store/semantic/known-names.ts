import type { DataReader } from "@tessera/platform/store/data-policy";
import type { EventStore, StoreStatement } from "@tessera/platform/store/event-store";
import { z } from "zod";
import type { CatalogueSize } from "../../domain/semantic/catalogue-bound.ts";
import { createParams, type Params } from "../params.ts";
import { propertyText } from "../property-sql.ts";
import { momentSql } from "../time-sql.ts";

/** What a name is of. */
export type NameKind = "PROPERTY" | "EVENT";

/** A name that was sent. */
export interface KnownName {
  readonly kind: NameKind;
  readonly name: string;
  /** Types of the property's values in the store's words; empty for a name of events. */
  readonly types: readonly string[];
  /** The event that had the property as a text last: its name, and when. */
  readonly lastText: { readonly event: string; readonly atMs: number };
}

/** How unlike names may be that are told for an unknown one. */
export interface Likeness {
  /** Names as they are compared. */
  readonly plain: readonly string[];
  /** Letters that may be put in, left out or taken for others. */
  readonly letters: number;
  /** Names of a tenant that are looked through, those of the most events. */
  readonly among: number;
  readonly most: number;
}

/** Looks up what was ever sent by a tenant. */
export interface KnownNames {
  /** Those of some names that were sent. */
  known(reader: DataReader, asked: Readonly<Record<NameKind, readonly string[]>>): Promise<readonly KnownName[]>;
  /** Names that were sent and are like some others, the likest first. */
  like(
    reader: DataReader,
    kind: NameKind,
    likeness: Likeness,
  ): Promise<readonly { readonly name: string; readonly events: number }[]>;
  /** Of the last texts of a property, at most `most`, how many there are and how many of them are numbers. */
  texts(
    reader: DataReader,
    path: string,
    lastText: KnownName["lastText"],
    most: number,
  ): Promise<{ readonly values: number; readonly numbers: number }>;
  /** How much of it there is. */
  size(reader: DataReader): Promise<CatalogueSize>;
}

const tenantSql = (tenantId: string, params: Params): string => `tenant_id = ${params.place("String", tenantId)}`;

const knownStatement = (tenantId: string, asked: Readonly<Record<NameKind, readonly string[]>>): StoreStatement => {
  const params = createParams();
  const lines = [
    "SELECT if(path = '', 'EVENT', 'PROPERTY') AS kind, if(path = '', toString(name), path) AS known,",
    "arrayFilter(one -> one != '', groupUniqArray(toString(type))) AS types,",
    "argMaxIf(toString(name), last_seen, type = 'String') AS text_event,",
    "toUnixTimestamp64Milli(maxIf(last_seen, type = 'String')) AS text_ms",
    `FROM property_catalogue WHERE ${tenantSql(tenantId, params)}`,
    `AND path IN ${params.place("Array(String)", [...asked.PROPERTY, ""])}`,
    `AND (path != '' OR name IN ${params.place("Array(String)", asked.EVENT)})`,
    "GROUP BY kind, known",
  ];
  return { name: "known-names", text: lines.join("\n"), params: params.values };
};

const likeStatement = (tenantId: string, kind: NameKind, likeness: Likeness): StoreStatement => {
  const params = createParams();
  const key = kind === "EVENT" ? "toString(name)" : "path";
  const lines = [
    "SELECT known, toFloat64(sent) AS events, replaceRegexpAll(lowerUTF8(known), '[_ -]', '') AS plain,",
    `arrayMin(arrayMap(one -> editDistanceUTF8(one, plain), ${params.place("Array(String)", likeness.plain)})) AS letters`,
    `FROM (SELECT ${key} AS known, sum(events) AS sent FROM property_catalogue`,
    `WHERE ${tenantSql(tenantId, params)} AND path ${kind === "EVENT" ? "=" : "!="} ''`,
    `GROUP BY known ORDER BY sent DESC LIMIT ${params.place("UInt64", likeness.among)})`,
    `WHERE letters <= ${params.place("UInt64", likeness.letters)}`,
    `ORDER BY letters, events DESC, known LIMIT ${params.place("UInt64", likeness.most)}`,
  ];
  return { name: "names-like", text: lines.join("\n"), params: params.values };
};

const textsStatement = (
  tenantId: string,
  path: string,
  { event, atMs }: KnownName["lastText"],
  most: number,
): StoreStatement => {
  const params = createParams();
  const lines = [
    "SELECT toFloat64(count()) AS all_values, toFloat64(countIf(isFinite(toFloat64OrNull(value)))) AS numbers",
    `FROM (SELECT ${propertyText(`properties.${path}`, params)} AS value FROM events WHERE ${tenantSql(tenantId, params)}`,
    `AND toStartOfHour(time) = toStartOfHour(${momentSql(atMs, params)}) AND name = ${params.place("String", event)}`,
    `AND value IS NOT NULL LIMIT ${params.place("UInt64", most)})`,
  ];
  return { name: "texts-of-property", text: lines.join("\n"), params: params.values };
};

const sizeStatement = (tenantId: string): StoreStatement => {
  const params = createParams();
  const lines = [
    "SELECT toFloat64(uniqExactIf(name, path = '')) AS names, toFloat64(uniqExactIf((path, name, type), path != '')) AS pairs",
    `FROM property_catalogue WHERE ${tenantSql(tenantId, params)}`,
  ];
  return { name: "catalogue-size", text: lines.join("\n"), params: params.values };
};

const sizeRow = z.object({ names: z.number(), pairs: z.number() });
const knownRow = z
  .object({
    ...{ kind: z.enum(["PROPERTY", "EVENT"]), known: z.string(), types: z.array(z.string()) },
    ...{ text_event: z.string(), text_ms: z.coerce.number() },
  })
  .transform(({ kind, known: name, types, text_event: event, text_ms: atMs }) => ({
    ...{ kind, name, types, lastText: { event, atMs } },
  }));
const likeRow = z.object({ known: z.string(), events: z.number() }).transform(({ known: name, events }) => ({
  ...{ name, events },
}));
const textsRow = z.object({ all_values: z.number(), numbers: z.number() }).transform(({ all_values, numbers }) => ({
  ...{ values: all_values, numbers },
}));

/** Builds {@link KnownNames} over the tenant-bound event store. */
export const createKnownNames = (store: Pick<EventStore, "query">): KnownNames => ({
  known: async (reader, asked) =>
    (await store.query(reader, knownStatement(reader.tenantId, asked), (raw) => knownRow.parse(raw))).rows,
  like: async (reader, kind, likeness) =>
    (await store.query(reader, likeStatement(reader.tenantId, kind, likeness), (raw) => likeRow.parse(raw))).rows,
  texts: async (reader, path, lastText, most) => {
    const statement = textsStatement(reader.tenantId, path, lastText, most);
    const { rows } = await store.query(reader, statement, (raw) => textsRow.parse(raw));
    return rows[0] ?? { values: 0, numbers: 0 };
  },
  size: async (reader) => {
    const { rows } = await store.query(reader, sizeStatement(reader.tenantId), (raw) => sizeRow.parse(raw));
    return rows[0] ?? { names: 0, pairs: 0 };
  },
});
