import type { DataPolicy, Mask, PropertyCondition } from "@tessera/contracts/data-policy";
import type { ColumnMask, KeptPolicy, RowCondition } from "../domain/data-policy.ts";
import type { PropertyInput } from "../domain/property-input.ts";
import type {
  ColumnMask as MaskShape,
  ColumnMaskInput,
  FilterPropertyInput,
  PolicyColumn,
  RowFilter as FilterShape,
  RowFilterInput,
} from "../generated/resolvers.ts";
import { timeText } from "./time-text.ts";

const COLUMNS = {
  ...{ name: "NAME", time: "TIME", user_id: "USER_ID", anonymous_id: "ANONYMOUS_ID", session_id: "SESSION_ID" },
  ...{ source: "SOURCE", country: "COUNTRY", region: "REGION", city: "CITY", device: "DEVICE", os: "OS" },
  ...{ browser: "BROWSER", url: "URL", referrer: "REFERRER", utm_source: "UTM_SOURCE", utm_medium: "UTM_MEDIUM" },
  ...{ utm_campaign: "UTM_CAMPAIGN", utm_term: "UTM_TERM", utm_content: "UTM_CONTENT", revenue: "REVENUE" },
  ...{ currency: "CURRENCY", correlation_id: "CORRELATION_ID", trace_id: "TRACE_ID", synthetic: "SYNTHETIC" },
  properties: "PROPERTIES",
} as const satisfies Record<string, PolicyColumn>;
type Column = keyof typeof COLUMNS;

const isColumn = (text: string): text is Column => Object.hasOwn(COLUMNS, text);
const columnOf = (text: string): PolicyColumn => {
  if (!isColumn(text)) throw new Error(`${text} is no column policies speak of.`);
  return COLUMNS[text];
};

/** The column of the store that a column of the graph names. */
const storeColumnOf = (column: PolicyColumn): string => column.toLowerCase();

/** The property a filter names, with the schema's defaults. */
const propertyOf = (input: FilterPropertyInput | null | undefined): PropertyInput | null =>
  input === null || input === undefined
    ? null
    : { path: input.path, type: input.type ?? "TEXT", orMissing: input.orMissing ?? false };

const propertyFilter = ({ path, type, orMissing, operator, values }: PropertyCondition): FilterShape => ({
  column: "PROPERTIES",
  operator,
  values: values.map(String),
  property: { path, type, orMissing },
});

const onColumn = (
  column: string,
  operator: FilterShape["operator"],
  values: readonly (string | boolean)[],
): FilterShape => ({ column: columnOf(column), operator, values: values.map(String), property: null });

const filterShape = (row: RowCondition): FilterShape => {
  switch (row.kind) {
    case "TEXT":
    case "PREFIX":
      return onColumn(row.column, row.operator, row.values);
    case "ORDERED":
      return onColumn(row.column, row.operator, [row.value]);
    case "PROPERTY":
      return propertyFilter(row.condition);
    case "SYNTHETIC":
      return onColumn("synthetic", "IS", [row.value]);
  }
};

const maskShape = (column: string, mask: Mask): MaskShape => ({
  column: columnOf(column),
  mask: mask.kind,
  value: mask.kind === "CONSTANT" ? mask.value : null,
});

const values = (
  record: Readonly<Record<string, readonly string[] | undefined>>,
  operator: FilterShape["operator"],
): FilterShape[] =>
  Object.entries(record).flatMap(([column, all]) => (all === undefined ? [] : [onColumn(column, operator, all)]));
const bound = (record: Readonly<Record<string, string | undefined>>, operator: "AT_LEAST" | "LESS_THAN") =>
  Object.entries(record).flatMap(([column, value]) =>
    value === undefined ? [] : [onColumn(column, operator, [value])],
  );
const beginnings = (record: NonNullable<DataPolicy["startsWith"]>) =>
  Object.entries(record).flatMap(([column, lists]) => lists.map((list) => onColumn(column, "STARTS_WITH", list)));

/** What a caller's policy lets through, as filters. */
export const filtersOf = (policy: DataPolicy | null): FilterShape[] =>
  policy === null
    ? []
    : [
        ...values(policy.allow, "IN"),
        ...values(policy.deny, "NOT_IN"),
        ...bound(policy.atLeast, "AT_LEAST"),
        ...bound(policy.lessThan, "LESS_THAN"),
        ...beginnings(policy.startsWith ?? {}),
        ...values(policy.notStartsWith ?? {}, "NOT_STARTS_WITH"),
        ...(policy.properties ?? []).map(propertyFilter),
        ...(policy.synthetic === null ? [] : [onColumn("synthetic", "IS", [policy.synthetic])]),
      ];

/** What a caller's policy replaces. */
export const masksOf = (policy: DataPolicy | null): MaskShape[] =>
  policy === null
    ? []
    : Object.entries(policy.masks).flatMap(([column, mask]) => (mask === undefined ? [] : [maskShape(column, mask)]));

const SUBJECT_KINDS = ["USER", "API_KEY", "CLIENT"] as const;
const subjectOf = (text: string) => {
  const kind = SUBJECT_KINDS.find((one) => text.startsWith(`${one}:`));
  if (kind === undefined) throw new Error("A kept policy names a subject of no kind.");
  return { kind, id: text.slice(kind.length + 1) };
};

/** A kept policy as the graph shows it. */
export const policyShape = ({ rows, masks, subjects, createdAtMs, updatedAtMs, roles, ...rest }: KeptPolicy) => ({
  ...rest,
  roles: [...roles],
  subjects: subjects.map(subjectOf),
  rowFilters: rows.map(filterShape),
  masks: masks.map(({ column, mask }: ColumnMask) => maskShape(column, mask)),
  createdAt: timeText(createdAtMs),
  updatedAt: timeText(updatedAtMs),
});

/** What a policy takes away, as the graph delivers it, in the store's names. */
export const rulesOf = ({
  rowFilters,
  masks,
}: {
  readonly rowFilters?: readonly RowFilterInput[];
  readonly masks?: readonly ColumnMaskInput[];
}) => ({
  rowFilters: (rowFilters ?? []).map((one) => ({
    ...{ column: storeColumnOf(one.column), operator: one.operator, values: one.values },
    property: propertyOf(one.property),
  })),
  masks: (masks ?? []).map((one) => ({ ...one, column: storeColumnOf(one.column) })),
});
