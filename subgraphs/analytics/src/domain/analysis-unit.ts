import { refuse } from "@tessera/platform/errors/refusal";
import { parseField, type FieldMeanings } from "./fields.ts";
import type { Field } from "./field.ts";
import { groupField } from "./people/group-type.ts";

/** What a behavioural question counts. */
export type AnalysisUnitKind = "PERSON" | "SESSION" | "FIELD" | "GROUP";

/** What a behavioural question counts, and by which its events are put together; events that have none are left out. */
export type AnalysisUnit =
  { readonly kind: "PERSON" } | { readonly kind: "SESSION" } | { readonly kind: "FIELD"; readonly field: Field };

/** A unit as the graph delivers it. */
export interface AnalysisUnitInput {
  readonly kind?: AnalysisUnitKind | null | undefined;
  readonly field?: string | null | undefined;
  readonly group?: string | null | undefined;
}

const ID_TYPES: readonly string[] = ["TEXT", "ID", "INTEGER"];

const bad = (field: string, detail: string): Error => refuse("BAD_INPUT", detail, { field });

/**
 * Validates a unit that stands at `where`; a person when left out. A group is the id its events carry for its type. A field is text, an id or a whole number, a property, or a dimension of the tenant's
 * own. Units are counted and never shown, so that personal fields may be counted by everyone; a dimension made of them is read as everywhere. Refuses with BAD_INPUT.
 */
export const parseAnalysisUnit = (
  input: AnalysisUnitInput | null | undefined,
  where: string,
  meanings: FieldMeanings = {},
): AnalysisUnit => {
  const kind = input?.kind ?? "PERSON";
  const [name, type] = [input?.field ?? null, input?.group ?? null];
  if (type !== null && kind !== "GROUP")
    throw bad(`${where}.group`, `\`group\` has no meaning for ${kind}; take the kind GROUP.`);
  if (kind !== "FIELD") {
    if (name !== null) throw bad(`${where}.field`, `\`field\` has no meaning for ${kind}; take the kind FIELD.`);
    if (kind !== "GROUP") return { kind };
    if (type === null) throw bad(`${where}.group`, "GROUP needs the type of the groups: `group`, such as company.");
    return { kind: "FIELD", field: groupField(type, `${where}.group`) };
  }
  if (name === null) throw bad(`${where}.field`, "FIELD needs the `field` whose values are counted.");
  const field = parseField(name, `${where}.field`, meanings);
  if (field.kind !== "PROPERTY" && !ID_TYPES.includes(field.type))
    throw bad(`${where}.field`, `\`${field.name}\` is ${field.type} and names nothing that could be counted.`);
  return { kind, field };
};

/** The fields of an event a unit is read from; none for a person, which every table of events holds. */
export const fieldsOfUnit = (unit: AnalysisUnit): readonly Field[] => {
  if (unit.kind === "FIELD") return [unit.field];
  return unit.kind === "SESSION" ? [parseField("sessionId", "unit")] : [];
};
