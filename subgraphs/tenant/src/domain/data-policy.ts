import {
  FILTER_ORDERED_COLUMNS,
  FILTER_TEXT_COLUMNS,
  type DataPolicy,
  type FilterOrderedColumn,
  type FilterPrefixColumn,
  type FilterTextColumn,
  type Mask,
  type MaskColumn,
  type PropertyCondition,
} from "@tessera/contracts/data-policy";

/** One condition every visible row passes. */
export type RowCondition =
  | {
      readonly kind: "TEXT";
      readonly column: FilterTextColumn;
      readonly operator: "IN" | "NOT_IN";
      readonly values: readonly string[];
    }
  | {
      readonly kind: "ORDERED";
      readonly column: FilterOrderedColumn;
      readonly operator: "AT_LEAST" | "LESS_THAN";
      readonly value: string;
    }
  | {
      readonly kind: "PREFIX";
      readonly column: FilterPrefixColumn;
      readonly operator: "STARTS_WITH" | "NOT_STARTS_WITH";
      readonly values: readonly string[];
    }
  | { readonly kind: "PROPERTY"; readonly condition: PropertyCondition }
  | { readonly kind: "SYNTHETIC"; readonly value: boolean };

/** A column whose values are replaced. */
export interface ColumnMask {
  readonly column: MaskColumn;
  readonly mask: Mask;
}

/** What one policy takes away. */
export interface PolicyRules {
  readonly name: string;
  readonly rows: readonly RowCondition[];
  readonly masks: readonly ColumnMask[];
}

/** A data policy as it is kept: what it takes away, and from whom. Subjects are named `KIND:id`; times are milliseconds since the epoch. */
export interface KeptPolicy extends PolicyRules {
  readonly description: string;
  readonly everyone: boolean;
  readonly roles: readonly string[];
  readonly subjects: readonly string[];
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

/** Data policies a tenant may have. */
export const MAX_DATA_POLICIES = 50;

const ofColumn = (all: readonly RowCondition[], column: FilterTextColumn, operator: "IN" | "NOT_IN") =>
  all.flatMap((one) => (one.kind === "TEXT" && one.column === column && one.operator === operator ? [one.values] : []));

const allowed = (lists: readonly (readonly string[])[]): readonly string[] => {
  const [first = [], ...rest] = lists;
  return [...new Set(first)].filter((value) => rest.every((list) => list.includes(value))).toSorted();
};

const isLater = (column: FilterOrderedColumn, a: string, b: string): boolean =>
  column === "time" ? Date.parse(a) > Date.parse(b) : Number(a) > Number(b);

const bounds = (all: readonly RowCondition[], operator: "AT_LEAST" | "LESS_THAN") =>
  Object.fromEntries(
    FILTER_ORDERED_COLUMNS.flatMap((column) => {
      const values = all.flatMap((one) =>
        one.kind === "ORDERED" && one.column === column && one.operator === operator ? [one.value] : [],
      );
      const [first, ...rest] = values;
      if (first === undefined) return [];
      const narrowest = rest.reduce(
        (best, value) => (isLater(column, value, best) === (operator === "AT_LEAST") ? value : best),
        first,
      );
      return [[column, narrowest] as const];
    }),
  );

/** Beginnings by column: of every list that lets through a value has one, of what hides a value has none. */
const prefixes = (all: readonly RowCondition[]): Pick<DataPolicy, "startsWith" | "notStartsWith"> => {
  const of = (wanted: "STARTS_WITH" | "NOT_STARTS_WITH") => {
    const lists = new Map<FilterPrefixColumn, readonly (readonly string[])[]>();
    for (const one of all)
      if (one.kind === "PREFIX" && one.operator === wanted)
        lists.set(one.column, [...(lists.get(one.column) ?? []), one.values]);
    return [...lists];
  };
  const [shown, hidden] = [of("STARTS_WITH"), of("NOT_STARTS_WITH")];
  const flat = hidden.map(([column, lists]) => [column, [...new Set(lists.flat())].toSorted()] as const);
  return {
    ...(shown.length === 0 ? {} : { startsWith: Object.fromEntries(shown) }),
    ...(flat.length === 0 ? {} : { notStartsWith: Object.fromEntries(flat) }),
  };
};

/** Conditions on properties, each once. */
export const propertyConditions = (all: readonly RowCondition[]): readonly PropertyCondition[] => {
  const conditions = all.flatMap((one) => (one.kind === "PROPERTY" ? [one.condition] : []));
  return [...new Map(conditions.map((one) => [JSON.stringify(one), one] as const)).values()];
};

const STRICTNESS = { HASH: 0, CONSTANT: 1, NULL: 2 } as const satisfies Record<Mask["kind"], number>;

const strictest = (masks: readonly ColumnMask[]): DataPolicy["masks"] => {
  const kept = new Map<MaskColumn, Mask>();
  for (const { column, mask } of masks) {
    const before = kept.get(column);
    if (before === undefined || STRICTNESS[mask.kind] > STRICTNESS[before.kind]) kept.set(column, mask);
  }
  return Object.fromEntries(kept);
};

/** Synthetic rows alone and real rows alone together leave none, which no name being allowed says. */
const synthetics = (all: readonly RowCondition[]): { readonly value: boolean | null; readonly none: boolean } => {
  const wanted = new Set(all.flatMap((one) => (one.kind === "SYNTHETIC" ? [one.value] : [])));
  const [value = null] = wanted;
  return wanted.size > 1 ? { value: null, none: true } : { value, none: false };
};

/**
 * The sum of policies: a row is visible when it passes every condition of every policy, and a column masked by several is masked by the strictest
 * (nothing before one text for all before a hash; among equals the first by name of the policy). Null when there is nothing to take away.
 */
export const combinePolicies = (policies: readonly PolicyRules[], salt: string): DataPolicy | null => {
  const rows = policies.flatMap((policy) => policy.rows);
  const masks = policies.flatMap((policy) => policy.masks);
  if (rows.length === 0 && masks.length === 0) return null;
  const { value: synthetic, none } = synthetics(rows);
  const properties = propertyConditions(rows);
  const columns = FILTER_TEXT_COLUMNS.map(
    (column) => [column, ofColumn(rows, column, "IN"), ofColumn(rows, column, "NOT_IN")] as const,
  );
  const allow = columns.flatMap(([column, lists]) => (lists.length === 0 ? [] : [[column, allowed(lists)] as const]));
  const deny = columns.flatMap(([column, , lists]) =>
    lists.length === 0 ? [] : [[column, [...new Set(lists.flat())].toSorted()] as const],
  );
  return {
    allow: { ...Object.fromEntries(allow), ...(none ? { name: [] } : {}) },
    deny: Object.fromEntries(deny),
    atLeast: bounds(rows, "AT_LEAST"),
    lessThan: bounds(rows, "LESS_THAN"),
    ...prefixes(rows),
    ...(properties.length === 0 ? {} : { properties }),
    synthetic,
    masks: strictest(masks),
    salt,
  };
};
