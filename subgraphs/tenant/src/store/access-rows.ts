import {
  FILTER_ORDERED_COLUMNS,
  FILTER_PREFIX_COLUMNS,
  FILTER_TEXT_COLUMNS,
  MASK_COLUMNS,
} from "@tessera/contracts/data-policy";
import { propertyConditionShape } from "@tessera/platform/store/data-policy";
import { z } from "zod";
import type { ColumnMask, KeptPolicy, PolicyRules, RowCondition } from "../domain/data-policy.ts";
import type { CustomRole } from "../domain/role.ts";
import { permissionsColumn, timeColumn } from "./stored-row.ts";

const rowCondition: z.ZodType<RowCondition> = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("TEXT"),
    column: z.enum(FILTER_TEXT_COLUMNS),
    operator: z.enum(["IN", "NOT_IN"]),
    values: z.array(z.string()),
  }),
  z.object({
    kind: z.literal("ORDERED"),
    column: z.enum(FILTER_ORDERED_COLUMNS),
    operator: z.enum(["AT_LEAST", "LESS_THAN"]),
    value: z.string(),
  }),
  z.object({
    kind: z.literal("PREFIX"),
    column: z.enum(FILTER_PREFIX_COLUMNS),
    operator: z.enum(["STARTS_WITH", "NOT_STARTS_WITH"]),
    values: z.array(z.string()),
  }),
  z.object({ kind: z.literal("PROPERTY"), condition: propertyConditionShape }),
  z.object({ kind: z.literal("SYNTHETIC"), value: z.boolean() }),
]);

const columnMask: z.ZodType<ColumnMask> = z.object({
  column: z.enum(MASK_COLUMNS),
  mask: z.discriminatedUnion("kind", [
    z.object({ kind: z.literal("NULL") }),
    z.object({ kind: z.literal("HASH") }),
    z.object({ kind: z.literal("CONSTANT"), value: z.string() }),
  ]),
});

/** What a policy takes away. One that this version can't read throws: a policy that is left out would show what it hides. */
export const policyRulesColumn: z.ZodType<PolicyRules> = z.object({
  name: z.string(),
  rows: z.array(rowCondition),
  masks: z.array(columnMask),
});

const keptPolicyRow = z
  .object({
    name: z.string(),
    description: z.string(),
    everyone: z.boolean(),
    roles: z.array(z.string()),
    subjects: z.array(z.string()),
    rows: z.array(rowCondition),
    masks: z.array(columnMask),
    created_at: timeColumn,
    updated_at: timeColumn,
  })
  .transform(({ created_at, updated_at, ...row }): KeptPolicy => ({
    ...row,
    createdAtMs: created_at,
    updatedAtMs: updated_at,
  }));

/** Reads a row of `data_policy`. */
export const parseKeptPolicy = (row: unknown): KeptPolicy => keptPolicyRow.parse(row);

const customRoleRow = z
  .object({
    name: z.string(),
    description: z.string(),
    permissions: permissionsColumn,
    created_at: timeColumn,
    updated_at: timeColumn,
  })
  .transform(({ created_at, updated_at, ...row }): CustomRole => ({
    ...row,
    createdAtMs: created_at,
    updatedAtMs: updated_at,
  }));

/** Reads a row of `custom_role`. */
export const parseCustomRole = (row: unknown): CustomRole => customRoleRow.parse(row);

/** What is kept about roles and a subject, as one row of `access_of`. */
export const accessRow = z.object({ role_permissions: permissionsColumn, policies: z.array(policyRulesColumn) });
