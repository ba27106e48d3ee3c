import { createHash } from "node:crypto";
import {
  FILTER_ORDERED_COLUMNS,
  FILTER_PREFIX_COLUMNS,
  FILTER_TEXT_COLUMNS,
  MASK_COLUMNS,
  MAX_PROPERTY_CONDITIONS,
  PROPERTY_OPERATORS,
  type DataPolicy,
  type Mask,
  type PropertyCondition,
} from "@tessera/contracts/data-policy";
import type { TenantId } from "@tessera/contracts/ids";
import { z } from "zod";
import { refuse } from "../errors/refusal.ts";
import { parsePropertyPath } from "./property-path.ts";

/**
 * Characters the encoded policy of one caller may have: it travels in a query's id, which the store answers in a header of 16 KB at most, beside
 * everything else.
 */
export const MAX_ENCODED_POLICY = 6_000;

/** Who reads the event store: a tenant, and what of it may be seen. A caller is one; work on nobody's behalf is {@link wholeTenant}. */
export interface DataReader {
  readonly tenantId: TenantId;
  readonly dataPolicy: DataPolicy | null;
}

/**
 * Reads for the tenant itself, past every data policy: for work that is on nobody's behalf, whose answers no caller is shown before its own policy
 * was asked.
 */
export const wholeTenant = (tenantId: TenantId): DataReader => ({ tenantId, dataPolicy: null });

const mask: z.ZodType<Mask> = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("NULL") }),
  z.object({ kind: z.literal("HASH") }),
  z.object({ kind: z.literal("CONSTANT"), value: z.string() }),
]);
const values = z.partialRecord(z.enum(FILTER_TEXT_COLUMNS), z.array(z.string()));
const bounds = z.partialRecord(z.enum(FILTER_ORDERED_COLUMNS), z.string());

const path = z.string().refine((text) => parsePropertyPath(text) !== null);

/** Parses a condition on a property; an unknown type or operator and what is no path are refused. */
export const propertyConditionShape: z.ZodType<PropertyCondition> = z.discriminatedUnion("type", [
  z.strictObject({
    ...{ path, orMissing: z.boolean(), type: z.literal("TEXT") },
    ...{ operator: z.enum(PROPERTY_OPERATORS.TEXT), values: z.array(z.string()) },
  }),
  z.strictObject({
    ...{ path, orMissing: z.boolean(), type: z.literal("NUMBER") },
    ...{ operator: z.enum(PROPERTY_OPERATORS.NUMBER), values: z.array(z.number()) },
  }),
  z.strictObject({
    ...{ path, orMissing: z.boolean(), type: z.literal("BOOLEAN") },
    ...{ operator: z.literal("IS"), values: z.tuple([z.boolean()]) },
  }),
]);

/** Parses a data policy that came from another process; unknown columns and masks are refused. */
export const dataPolicyShape: z.ZodType<DataPolicy> = z.strictObject({
  allow: values,
  deny: values,
  atLeast: bounds,
  lessThan: bounds,
  startsWith: z.partialRecord(z.enum(FILTER_PREFIX_COLUMNS), z.array(z.array(z.string()))).exactOptional(),
  notStartsWith: z.partialRecord(z.enum(FILTER_PREFIX_COLUMNS), z.array(z.string())).exactOptional(),
  properties: z.array(propertyConditionShape).max(MAX_PROPERTY_CONDITIONS).exactOptional(),
  synthetic: z.boolean().nullable(),
  masks: z.partialRecord(z.enum(MASK_COLUMNS), mask),
  salt: z.string().regex(/^[0-9a-f]{32}$/),
});

const sorted = <Value>(record: Readonly<Record<string, Value | undefined>>): [string, Value][] =>
  Object.entries(record)
    .flatMap(([key, value]): [string, Value][] => (value === undefined ? [] : [[key, value]]))
    .toSorted(([a], [b]) => (a < b ? -1 : 1));

const distinct = (all: readonly string[]): readonly string[] => [...new Set(all)].toSorted();

const sortedValues = (record: Readonly<Partial<Record<string, readonly string[]>>>) =>
  Object.fromEntries(sorted(record).map(([column, all]) => [column, distinct(all)]));

type Told = readonly (readonly [string, ...unknown[]])[];

/** Conditions in one spelling: each once, in one order. */
const told = (all: Told): Told =>
  [...new Map(all.map((one) => [JSON.stringify(one), one] as const))]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([, one]) => one);

/** Conditions on beginnings as the views read them: column, texts, whether who begins with one of them is hidden. */
const beginnings = ({ startsWith = {}, notStartsWith = {} }: DataPolicy): Told =>
  told([
    ...sorted(startsWith).flatMap(([column, lists]) => lists.map((list) => [column, distinct(list), false] as const)),
    ...sorted(notStartsWith).map(([column, list]) => [column, distinct(list), true] as const),
  ]);

const PROPERTY_KINDS = {
  TEXT: { IN: "TI", NOT_IN: "TN", STARTS_WITH: "TS", NOT_STARTS_WITH: "TX" },
  NUMBER: { IN: "NI", NOT_IN: "NN", AT_LEAST: "NG", LESS_THAN: "NL" },
} as const;

const propertyKind = (one: PropertyCondition): string => {
  switch (one.type) {
    case "TEXT":
      return PROPERTY_KINDS.TEXT[one.operator];
    case "NUMBER":
      return PROPERTY_KINDS.NUMBER[one.operator];
    case "BOOLEAN":
      return "BI";
  }
};

/** Conditions on properties as the views read them: path, kind, values as texts, whether an event without the property passes. */
const onProperties = ({ properties = [] }: DataPolicy): Told =>
  told(
    properties.map((one) => [one.path, propertyKind(one), distinct(one.values.map(String)), one.orMissing] as const),
  );

/** Columns whose values decide whether a row is visible, sorted; a property is named as `properties.<path>`. */
export const filteredColumns = (policy: DataPolicy | null): readonly string[] => {
  if (policy === null) return [];
  const { allow, deny, atLeast, lessThan, startsWith = {}, notStartsWith = {}, properties = [], synthetic } = policy;
  const named = [allow, deny, atLeast, lessThan, startsWith, notStartsWith].flatMap((part) =>
    sorted<unknown>(part).map(([column]) => column),
  );
  const paths = properties.map((one) => `properties.${one.path}`);
  return distinct([...named, ...paths, ...(synthetic === null ? [] : ["synthetic"])]);
};

/** Columns whose values are replaced, sorted. */
export const maskedColumns = (policy: DataPolicy | null): readonly string[] =>
  policy === null ? [] : sorted<Mask>(policy.masks).map(([column]) => column);

const maskText = (one: Mask): readonly string[] => (one.kind === "CONSTANT" ? [one.kind, one.value] : [one.kind]);

const bound = (record: DataPolicy["atLeast"]) =>
  Object.fromEntries(
    sorted(record).map(([column, value]) => [column, column === "time" ? Date.parse(value) : value] as const),
  );

/** What came after the first policies were encoded: left out where there is none, so that equal policies stay equal between versions. */
const laterParts = (policy: DataPolicy): Record<string, unknown> => {
  const [h, p] = [beginnings(policy), onProperties(policy)];
  if (p.length > MAX_PROPERTY_CONDITIONS)
    throw refuse("FORBIDDEN", "The caller's data policies have more conditions on properties than a query can carry.");
  return { ...(h.length === 0 ? {} : { h }), ...(p.length === 0 ? {} : { p }) };
};

/**
 * The policy in one spelling, in the words the restricted views read. Refused with FORBIDDEN when it has more conditions on properties than they
 * look at: the rest would be left out.
 */
const canonical = (policy: DataPolicy): string => {
  const parts: Record<string, unknown> = {
    a: sortedValues(policy.allow),
    d: sortedValues(policy.deny),
    g: bound(policy.atLeast),
    l: bound(policy.lessThan),
    b: policy.synthetic === null ? {} : { synthetic: policy.synthetic },
    m: Object.fromEntries(sorted<Mask>(policy.masks).map(([column, one]) => [column, maskText(one)])),
    f: filteredColumns(policy),
    s: policy.salt,
    ...laterParts(policy),
  };
  return JSON.stringify(parts);
};

/** The policy as the third part of a query id: base64url of JSON. */
export const encodePolicy = (policy: DataPolicy): string =>
  Buffer.from(canonical(policy), "utf8").toString("base64url");

/** A short text that is equal for equal policies alone; empty for none. What is kept or shared between callers is keyed by it. */
export const policyFingerprint = (policy: DataPolicy | null): string =>
  policy === null ? "" : createHash("sha256").update(canonical(policy)).digest("base64url");
