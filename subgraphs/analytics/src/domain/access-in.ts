import { Refusal, refuse } from "@tessera/platform/errors/refusal";
import type { FieldAccess } from "./fields.ts";
import type { Field } from "./field.ts";
import type { Meaning, Meanings, WithMeanings } from "./semantic/dimension-expression.ts";
import { parseExpression } from "./semantic/parse-expression.ts";

/** The field that a definition is; what is refused of it is told where it was named. */
const meantField = ({ expression, written }: Meaning, where: string, access: FieldAccess): Field => {
  try {
    return parseExpression(expression, written, where, access);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw refuse(error.code, error.message, { ...error.extras, field: where }, error);
  }
};

const ownFields =
  ({ found, unknown }: Meanings, access: FieldAccess) =>
  (name: string, where: string): Field => {
    const meant = found.find(({ written }) => written === name);
    if (meant !== undefined) return meantField(meant, where, access);
    const why = unknown.find(({ written }) => written === name)?.why;
    throw refuse("BAD_INPUT", why ?? "A dimension of the tenant's own is `dimensions.<name>`, or with `@<version>`.", {
      field: where,
    });
  };

/** How the fields of a question are read: parts of moments are of its own zone's clock, the tenant's own dimensions mean what stands beside it. */
export const accessIn = (
  access: FieldAccess,
  { timeZone, meanings }: WithMeanings & { readonly timeZone?: string | null | undefined },
): FieldAccess => {
  const own: FieldAccess = { ...access, timeZone: timeZone ?? "UTC" };
  return meanings === undefined ? own : { ...own, ownField: ownFields(meanings, own) };
};
