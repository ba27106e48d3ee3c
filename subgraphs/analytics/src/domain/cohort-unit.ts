import type { TenantId } from "@tessera/contracts/ids";
import { refuse } from "@tessera/platform/errors/refusal";
import type { AnalysisUnit, AnalysisUnitInput } from "./analysis-unit.ts";
import type { Accounts } from "./field.ts";
import { groupField, parseGroupType } from "./people/group-type.ts";

/** What the members of a cohort are, as in the SDL. */
export type CohortUnit = "PEOPLE" | "ACCOUNTS";

/** What the members of a cohort are, and of accounts the type of groups they are; null for people. */
export interface CohortOf {
  readonly unit: CohortUnit;
  readonly group: string | null;
}

/** A cohort of people, as each is that says nothing else. */
export const OF_PEOPLE: CohortOf = { unit: "PEOPLE", group: null };

const bad = (field: string, detail: string): Error => refuse("BAD_INPUT", detail, { field });

/** Reads what a cohort's members are to be, said in the input at `where`; people when left out. Refuses with BAD_INPUT. */
export const parseCohortOf = (
  input: { readonly unit?: CohortUnit | null | undefined; readonly group?: string | null | undefined },
  where: string,
): CohortOf => {
  const [unit, group] = [input.unit ?? "PEOPLE", input.group ?? null];
  if (unit === "PEOPLE") {
    if (group === null) return OF_PEOPLE;
    throw bad(`${where}.group`, "`group` has no meaning for PEOPLE; take the unit ACCOUNTS.");
  }
  if (group === null)
    throw bad(`${where}.group`, "ACCOUNTS needs the type of groups that the accounts are: `group`, such as company.");
  return { unit, group: parseGroupType(group, `${where}.group`) };
};

/** The accounts that a cohort is of; null for one of people. */
export const accountsOf = (tenantId: TenantId, { group }: CohortOf): Accounts | null =>
  group === null ? null : { tenantId, type: group, field: groupField(group, "group") };

/** The unit of analysis whose units are a cohort's members. */
export const unitOf = ({ group }: CohortOf): AnalysisUnitInput =>
  group === null ? { kind: "PERSON" } : { kind: "GROUP", group };

/** What members are called, for sentences. */
export const membersName = ({ group }: Pick<CohortOf, "group">): string =>
  group === null ? "people" : `accounts of the type ${group}`;

/** The field of a group's id, as a unit of analysis reads it. */
const GROUP_FIELD = /^properties\.groups\.[A-Za-z][A-Za-z0-9_]{0,31}$/;

/** Refuses with BAD_INPUT, at `where`, cohorts of a question whose units no cohort has as members. */
export const requireMembersUnit = (unit: AnalysisUnit, where: string): void => {
  if (unit.kind === "PERSON" || (unit.kind === "FIELD" && GROUP_FIELD.test(unit.field.name))) return;
  throw bad(where, "Cohorts are of people or of accounts: take the unit PERSON or GROUP.");
};

/**
 * Refuses with BAD_INPUT, at `where`, to tell the units of a question apart by a cohort of something else: a cohort of people tells persons apart, one of
 * accounts the groups of its type. Whose events count is another question, which `inCohort` asks of any unit.
 */
export const requireUnitOf = (cohort: CohortOf, unit: AnalysisUnit, where: string): void => {
  if (cohort.group === null) {
    if (unit.kind === "PERSON") return;
    throw bad(where, "The cohort is of people: take the unit PERSON, or filter events by `inCohort`.");
  }
  const { name } = groupField(cohort.group, where);
  if (unit.kind === "FIELD" && unit.field.name === name) return;
  throw bad(
    where,
    `The cohort is of ${membersName(cohort)}: take the unit { kind: GROUP, group: "${cohort.group}" }, or filter events by \`inCohort\`.`,
  );
};
