import type { Caller } from "@tessera/contracts/caller";
import type { NowMs } from "@tessera/platform/time/clock";
import { parseCount } from "../../domain/query.ts";
import {
  cataloguedProperty,
  MAX_CATALOGUED_ON_PAGE,
  MAX_NAMES_OF_PROPERTY,
  NAMEABLE,
  type CataloguedName,
  type CataloguedProperty,
} from "../../domain/semantic/catalogue.ts";
import type { CataloguePage, CatalogueSource, PropertyCatalogue } from "../../store/semantic/property-catalogue.ts";
import { SEEN_BY_READERS } from "./seen-by-readers.ts";

/** What listing the catalogue needs. */
export interface CatalogueDeps {
  readonly catalogue: PropertyCatalogue;
  readonly nowMs: NowMs;
}

/** What is listed: what begins with a text, in pages. */
export interface CatalogueAsked {
  readonly prefix: string;
  readonly first: number;
  readonly after?: string | null | undefined;
}

/** A page in order of a key. */
export interface CatalogueListed<Node> {
  readonly edges: readonly { readonly cursor: string; readonly node: Node }[];
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
}

const PREFIX = "properties.";
const encode = (key: string): string => Buffer.from(key, "utf8").toString("base64url");
const decode = (cursor: string | null | undefined): string | null =>
  cursor === null || cursor === undefined ? null : Buffer.from(cursor, "base64url").toString("utf8");

/** Everything there ever was; for a caller under data policies what it sees of the newest events, so that no name is told of events it may not see. */
const sourceFor = ({ dataPolicy }: Caller, nowMs: NowMs): CatalogueSource =>
  dataPolicy === null ? "EVER" : { sinceMs: nowMs() - SEEN_BY_READERS.ms, events: SEEN_BY_READERS.events };

const pageOf = ({ prefix, first, after }: CatalogueAsked, where: string): CataloguePage => ({
  prefix,
  first: parseCount(first, `${where}.first`, MAX_CATALOGUED_ON_PAGE),
  after: decode(after),
});

const listed = <Row, Node>(
  rows: readonly Row[],
  { first, after }: CataloguePage,
  keyOf: (row: Row) => string,
  nodeOf: (row: Row) => Node,
): CatalogueListed<Node> => ({
  edges: rows.slice(0, first).map((row) => ({ cursor: encode(keyOf(row)), node: nodeOf(row) })),
  hasNextPage: rows.length > first,
  hasPreviousPage: after !== null,
});

/** Lists the properties of events by path, of events of one name or of all. */
export const listProperties =
  ({ catalogue, nowMs }: CatalogueDeps) =>
  async (
    caller: Caller,
    asked: CatalogueAsked & { readonly event?: string | null | undefined },
    signal?: AbortSignal,
  ): Promise<CatalogueListed<CataloguedProperty>> => {
    const page = pageOf(asked, "dimensions.catalogue");
    const prefix = page.prefix.startsWith(PREFIX) ? page.prefix.slice(PREFIX.length) : page.prefix;
    const source = sourceFor(caller, nowMs);
    const told = { names: MAX_NAMES_OF_PROPERTY, nameable: NAMEABLE };
    const what = { source, page: { ...page, prefix }, event: asked.event ?? null, ...told };
    return listed(await catalogue.paths(caller, what, signal), page, ({ path }) => path, cataloguedProperty);
  };

/** Lists the names of events. */
export const listEventNames =
  ({ catalogue, nowMs }: CatalogueDeps) =>
  async (caller: Caller, asked: CatalogueAsked, signal?: AbortSignal): Promise<CatalogueListed<CataloguedName>> => {
    const page = pageOf(asked, "dimensions.eventNames");
    const rows = await catalogue.names(caller, { source: sourceFor(caller, nowMs), page }, signal);
    return listed(
      rows,
      page,
      ({ name }) => name,
      (row) => row,
    );
  };
