/** Text columns of an event by which rows may be filtered. */
export const FILTER_TEXT_COLUMNS = [
  ...(["name", "source", "country", "region", "city", "device", "os", "browser"] as const),
  ...(["utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content", "currency"] as const),
  ...(["user_id", "anonymous_id", "session_id"] as const),
] as const;

/** Text columns of an event by whose beginning rows may be filtered. */
export const FILTER_PREFIX_COLUMNS = [...FILTER_TEXT_COLUMNS, "url", "referrer"] as const;

/** Ordered columns of an event by which rows may be filtered: `time` as RFC 3339 text, `revenue` as decimal text. */
export const FILTER_ORDERED_COLUMNS = ["time", "revenue"] as const;

/** Columns of an event that can be masked; the last two are not texts and can be left out only. */
export const MASK_COLUMNS = [
  ...(["user_id", "anonymous_id", "session_id", "source", "country", "region", "city", "device", "os"] as const),
  ...(["browser", "url", "referrer", "utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content"] as const),
  ...(["currency", "correlation_id", "trace_id", "revenue", "properties"] as const),
] as const;

/** One of {@link FILTER_TEXT_COLUMNS}. */
export type FilterTextColumn = (typeof FILTER_TEXT_COLUMNS)[number];
/** One of {@link FILTER_PREFIX_COLUMNS}. */
export type FilterPrefixColumn = (typeof FILTER_PREFIX_COLUMNS)[number];
/** One of {@link FILTER_ORDERED_COLUMNS}. */
export type FilterOrderedColumn = (typeof FILTER_ORDERED_COLUMNS)[number];
/** One of {@link MASK_COLUMNS}. */
export type MaskColumn = (typeof MASK_COLUMNS)[number];

/** What stands in the place of a masked value: nothing, a keyed hash (equal values stay equal), or one text for all. */
export type Mask =
  { readonly kind: "NULL" } | { readonly kind: "HASH" } | { readonly kind: "CONSTANT"; readonly value: string };

/** How a property of each type can be held against values: texts and numbers against some, the others against one. */
export const PROPERTY_OPERATORS = {
  TEXT: ["IN", "NOT_IN", "STARTS_WITH", "NOT_STARTS_WITH"],
  NUMBER: ["IN", "NOT_IN", "AT_LEAST", "LESS_THAN"],
  BOOLEAN: ["IS"],
} as const;

/** Conditions on properties that may apply to one caller: each is a column of its own that a query reads beside what it asks for. */
export const MAX_PROPERTY_CONDITIONS = 8;

/**
 * A condition on a property of events: `path` is its names joined by dots. An event whose property is of another type is not visible; one that
 * carries none (an object is no value) is visible when `orMissing` says so alone.
 */
export type PropertyCondition = { readonly path: string; readonly orMissing: boolean } & (
  | {
      readonly type: "TEXT";
      readonly operator: (typeof PROPERTY_OPERATORS)["TEXT"][number];
      readonly values: readonly string[];
    }
  | {
      readonly type: "NUMBER";
      readonly operator: (typeof PROPERTY_OPERATORS)["NUMBER"][number];
      readonly values: readonly number[];
    }
  | { readonly type: "BOOLEAN"; readonly operator: "IS"; readonly values: readonly [boolean] }
);

/**
 * What of its tenant's events a caller may see: the rows that pass every part, with the masked columns replaced. It is the sum of all policies
 * that apply to the caller, each of which can only take away.
 */
export interface DataPolicy {
  /** A row is visible when its value is among these. */
  readonly allow: Readonly<Partial<Record<FilterTextColumn, readonly string[]>>>;
  /** A row is hidden when its value is among these. */
  readonly deny: Readonly<Partial<Record<FilterTextColumn, readonly string[]>>>;
  /** A row is visible when it has a value that is at least this. */
  readonly atLeast: Readonly<Partial<Record<FilterOrderedColumn, string>>>;
  /** A row is visible when it has a value that is less than this. */
  readonly lessThan: Readonly<Partial<Record<FilterOrderedColumn, string>>>;
  /** A row is visible when its value begins with one text of each of these lists. */
  readonly startsWith?: Readonly<Partial<Record<FilterPrefixColumn, readonly (readonly string[])[]>>>;
  /** A row is hidden when its value begins with one of these. */
  readonly notStartsWith?: Readonly<Partial<Record<FilterPrefixColumn, readonly string[]>>>;
  /** A row is visible when it passes each of these; at most {@link MAX_PROPERTY_CONDITIONS}. */
  readonly properties?: readonly PropertyCondition[];
  /** Synthetic rows alone, real rows alone, or (null) both. */
  readonly synthetic: boolean | null;
  readonly masks: Readonly<Partial<Record<MaskColumn, Mask>>>;
  /** Makes hashes of this tenant unlike those of any other; 32 hexadecimal digits. */
  readonly salt: string;
}
