import type { TenantId } from "@tessera/contracts/ids";
import type { FieldPart } from "./field-parts.ts";
import type { PeopleStatement } from "./people-statement.ts";

/** What the values of a field are. TEXT that an event does not carry is stored as the empty text. */
export type FieldType = "TEXT" | "ID" | "BOOLEAN" | "INTEGER" | "DECIMAL" | "TIME" | "LIST";

/** A column of the events table. */
export interface ColumnField {
  readonly kind: "COLUMN";
  /** Name in the graph. */
  readonly name: string;
  /** Name in the store. */
  readonly column: string;
  readonly type: FieldType;
}

/** A part of a column: of an address its host, of a moment the hour of the day. */
export interface PartField {
  readonly kind: "PART";
  /** Name in the graph: that of the column's field, a dot and the part's. */
  readonly name: string;
  /** Name of the column in the store. */
  readonly of: string;
  readonly part: FieldPart;
  readonly type: "TEXT" | "INTEGER";
}

/** A path into an event's own properties. */
export interface PropertyField {
  readonly kind: "PROPERTY";
  /** Name in the graph: `properties.` and the path. */
  readonly name: string;
  /** The path as the store names it, `properties.` included. */
  readonly path: string;
}

/** What every event has or may carry, as it was sent. */
export type BaseField = ColumnField | PartField | PropertyField;

/** A dimension that a tenant has defined over fields. */
export interface OwnField {
  readonly kind: "OWN";
  /** Name in the graph: `dimensions.` and its own, with its version where one was asked for. */
  readonly name: string;
  readonly type: "TEXT";
  readonly value: OwnValue;
  /** Every field it is made of. */
  readonly of: readonly BaseField[];
}

/** Something of an event that can be filtered and grouped by. */
export type Field = BaseField | OwnField;

/** Accounts of one type of a tenant: groups, whose id events carry in a field. */
export interface Accounts {
  readonly tenantId: TenantId;
  readonly type: string;
  readonly field: Field;
}

/** How a number is compared. */
export type Comparison = "gt" | "gte" | "lt" | "lte";

/** A validated filter; values are in the canonical text of their field. */
export type Condition =
  | { readonly kind: "AND" | "OR"; readonly parts: readonly Condition[] }
  | { readonly kind: "NOT"; readonly part: Condition }
  | { readonly kind: "ONE_OF"; readonly field: Field; readonly values: readonly string[] }
  | { readonly kind: "CONTAINS" | "STARTS_WITH" | "MATCHES"; readonly field: Field; readonly text: string }
  | { readonly kind: "COMPARE"; readonly field: Field; readonly comparison: Comparison; readonly value: number }
  | { readonly kind: "EXISTS"; readonly field: Field; readonly exists: boolean }
  | {
      readonly kind: "IN_COHORT";
      readonly cohort: string;
      /** The moment asked about, null for the last computation; with the cohort it tells equal tests from others. */
      readonly asOf: string | null;
      /** Null where nobody has found the members: such a test can be checked, not asked. */
      readonly people: PeopleStatement | null;
      /** The accounts that the members are; null for people. */
      readonly accounts: Accounts | null;
    };

/** Which letters of a text are changed: A to Z to small ones, or a to z to capital ones. */
export type LetterCase = "LOWER" | "UPPER";

/** What a dimension holds of events that none of its cases lets through: a label, a field's text, or nothing. */
export type Otherwise =
  | { readonly kind: "NOTHING" }
  | { readonly kind: "LABEL"; readonly label: string }
  | { readonly kind: "FIELD"; readonly field: BaseField };

/** How a tenant's own dimension makes its text of an event; a text that is empty is missing. */
export type OwnValue =
  | {
      readonly kind: "TEXT";
      readonly of: BaseField;
      /** RE2: the first group's text, else all that was matched; missing where nothing was. */
      readonly extract: string | null;
      /** Whether spaces at both ends are cut off. */
      readonly trim: boolean;
      readonly letters: LetterCase | null;
      readonly otherwise: Otherwise;
    }
  | {
      readonly kind: "CASES";
      /** In order: the first that lets an event through labels it. */
      readonly cases: readonly { readonly when: Condition; readonly label: string }[];
      readonly otherwise: Otherwise;
    };
