import { isoTime } from "../domain/zone.ts";
import type {
  CataloguedEventNameConnectionResolvers,
  CataloguedEventNameResolvers,
  CataloguedPropertyConnectionResolvers,
  CataloguedPropertyResolvers,
  DimensionsResolvers,
} from "../generated/resolvers.ts";
import { pageInfo } from "./page-info.ts";

/** Resolvers of `Dimensions`. */
export const Dimensions: DimensionsResolvers = {
  catalogue: (_dimensions, asked, { caller, operations, signal }) => operations.listProperties(caller, asked, signal),
  eventNames: (_dimensions, asked, { caller, operations, signal }) => operations.listEventNames(caller, asked, signal),
};

const seen = {
  firstSeen: ({ firstSeenMs }: { readonly firstSeenMs: number }) => isoTime(firstSeenMs),
  lastSeen: ({ lastSeenMs }: { readonly lastSeenMs: number }) => isoTime(lastSeenMs),
};

/** Resolvers of `CataloguedProperty`. */
export const CataloguedProperty: CataloguedPropertyResolvers = seen;
/** Resolvers of `CataloguedEventName`. */
export const CataloguedEventName: CataloguedEventNameResolvers = seen;
/** Resolvers of `CataloguedPropertyConnection`. */
export const CataloguedPropertyConnection: CataloguedPropertyConnectionResolvers = { pageInfo };
/** Resolvers of `CataloguedEventNameConnection`. */
export const CataloguedEventNameConnection: CataloguedEventNameConnectionResolvers = { pageInfo };
