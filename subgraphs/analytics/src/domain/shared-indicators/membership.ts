import type { Subject } from "@tessera/contracts/caller";
import { refuse } from "@tessera/platform/errors/refusal";
import { parseRevealedField, type FieldAccess } from "../fields.ts";
import type { Field } from "../field.ts";
import { namingField } from "../fraud/velocity.ts";
import { INDICATOR_LIMITS, type IndicatorKind } from "./indicator.ts";

/** A field of events, and what its values identify. */
export interface IndicatorField {
  readonly field: string;
  readonly kind: IndicatorKind;
}

/** What a tenant says when it joins. */
export interface JoinInput {
  readonly fields: readonly IndicatorField[];
}

/** A tenant that shares indicators. */
export interface Membership extends JoinInput {
  readonly joinedAtMs: number;
  readonly joinedBy: Subject;
  /** Identifiers it contributes now, and different ones it asked about today. */
  readonly contributed: number;
  readonly lookedUp: number;
}

/** Hashes of what events carry are compared, so that it must be written alike by everybody. */
const WHY_NO_OWN = "its values are compared across tenants, to which no tenant's own names mean anything";

/** Validates what a tenant says when it joins; refuses with BAD_INPUT, or FORBIDDEN where a field is personal data that the caller may not see. */
export const checkJoin = ({ fields }: JoinInput, caller: FieldAccess): JoinInput => {
  const access: FieldAccess = { ...caller, whyNoOwn: WHY_NO_OWN };
  if (fields.length < 1 || fields.length > INDICATOR_LIMITS.fields)
    throw refuse("BAD_INPUT", `Name 1 to ${INDICATOR_LIMITS.fields} fields that hold identifiers.`, {
      field: "input.fields",
    });
  const parsed = fields.map(({ field, kind }, place) => {
    const where = `input.fields.${place}.field`;
    return { field: namingField(parseRevealedField(field, where, access), where).name, kind };
  });
  const again = parsed.findIndex(({ field }, place) => parsed.findIndex((one) => one.field === field) !== place);
  if (again >= 0)
    throw refuse("BAD_INPUT", `\`${parsed[again]?.field}\` is named twice: a field holds identifiers of one kind.`, {
      field: `input.fields.${again}.field`,
    });
  return { fields: parsed };
};

/** What a field of a member's events identifies; refuses with BAD_INPUT a field it did not join with. */
export const kindOfField = ({ fields }: Pick<JoinInput, "fields">, name: string, where: string): IndicatorKind => {
  const found = fields.find(({ field }) => field === name);
  if (found !== undefined) return found.kind;
  const known = fields.map(({ field }) => `\`${field}\``).join(", ");
  throw refuse(
    "BAD_INPUT",
    `\`${name}\` is none of the fields that hold identifiers, which are ${known}: join with it as well.`,
    {
      field: where,
    },
  );
};

/** A field of a report and its values. */
export interface ReportInput {
  readonly field: string;
  readonly values: readonly string[];
}

/** Validates a report or its withdrawal; refuses with BAD_INPUT, or FORBIDDEN where the field is personal data that the caller may not see. */
export const checkReport = (
  { field, values }: ReportInput,
  caller: FieldAccess,
): { readonly field: Field; readonly values: readonly string[] } => {
  const access: FieldAccess = { ...caller, whyNoOwn: WHY_NO_OWN };
  const parsed = namingField(parseRevealedField(field, "input.field", access), "input.field");
  if (values.length < 1 || values.length > INDICATOR_LIMITS.reported)
    throw refuse("BAD_INPUT", `A report names 1 to ${INDICATOR_LIMITS.reported} identifiers.`, {
      field: "input.values",
    });
  const long = values.findIndex((value) => value.length > INDICATOR_LIMITS.characters);
  if (long >= 0)
    throw refuse(
      "BAD_INPUT",
      `An identifier has at most ${INDICATOR_LIMITS.characters.toLocaleString("en-US")} characters.`,
      {
        field: `input.values.${long}`,
      },
    );
  return { field: parsed, values: [...new Set(values)] };
};
