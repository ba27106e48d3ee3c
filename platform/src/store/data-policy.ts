import { createHash } from "node:crypto";
import {
  FILTER_ORDERED_COLUMNS,
  FILTER_TEXT_COLUMNS,
  MASK_COLUMNS,
  type DataPolicy,
  type Mask,
} from "@tessera/contracts/data-policy";
import type { TenantId } from "@tessera/contracts/ids";
import { z } from "zod";

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

/** Parses a data policy that came from another process; unknown columns and masks are refused. */
export const dataPolicyShape: z.ZodType<DataPolicy> = z.strictObject({
  allow: values,
  deny: values,
  atLeast: bounds,
  lessThan: bounds,
  synthetic: z.boolean().nullable(),
  masks: z.partialRecord(z.enum(MASK_COLUMNS), mask),
  salt: z.string().regex(/^[0-9a-f]{32}$/),
});

const sorted = <Value>(record: Readonly<Record<string, Value | undefined>>): [string, Value][] =>
  Object.entries(record)
    .flatMap(([key, value]): [string, Value][] => (value === undefined ? [] : [[key, value]]))
    .toSorted(([a], [b]) => (a < b ? -1 : 1));

const sortedValues = (record: DataPolicy["allow"]) =>
  Object.fromEntries(sorted(record).map(([column, all]) => [column, [...new Set(all)].toSorted()]));

/** Columns whose values decide whether a row is visible, sorted. */
export const filteredColumns = (policy: DataPolicy | null): readonly string[] => {
  if (policy === null) return [];
  const { allow, deny, atLeast, lessThan, synthetic } = policy;
  const named = [allow, deny, atLeast, lessThan].flatMap((part) => sorted<unknown>(part).map(([column]) => column));
  return [...new Set([...named, ...(synthetic === null ? [] : ["synthetic"])])].toSorted();
};

/** Columns whose values are replaced, sorted. */
export const maskedColumns = (policy: DataPolicy | null): readonly string[] =>
  policy === null ? [] : sorted<Mask>(policy.masks).map(([column]) => column);

const maskText = (one: Mask): readonly string[] => (one.kind === "CONSTANT" ? [one.kind, one.value] : [one.kind]);

const bound = (record: DataPolicy["atLeast"]) =>
  Object.fromEntries(
    sorted(record).map(([column, value]) => [column, column === "time" ? Date.parse(value) : value] as const),
  );

/** The policy in one spelling, in the words the restricted views read. */
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
  };
  return JSON.stringify(parts);
};

/** The policy as the third part of a query id: base64url of JSON. */
export const encodePolicy = (policy: DataPolicy): string =>
  Buffer.from(canonical(policy), "utf8").toString("base64url");

/** A short text that is equal for equal policies alone; empty for none. What is kept or shared between callers is keyed by it. */
export const policyFingerprint = (policy: DataPolicy | null): string =>
  policy === null ? "" : createHash("sha256").update(canonical(policy)).digest("base64url");
