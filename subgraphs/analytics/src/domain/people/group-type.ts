import { refuse } from "@tessera/platform/errors/refusal";
import { parseField } from "../fields.ts";
import type { Field } from "../field.ts";

/** The object among an event's properties that tells its groups: `properties.groups.<type>` is the group's id. */
const GROUPS = "properties.groups";
/** A type of groups, such as company or project. */
const TYPE = /^[A-Za-z][A-Za-z0-9_]{0,31}$/;
/** Characters of a group's id. */
const MAX_GROUP_ID = 256;

/** Checks a type of groups that stands at `where`; refuses with BAD_INPUT. */
export const parseGroupType = (type: string, where: string): string => {
  if (TYPE.test(type)) return type;
  throw refuse(
    "BAD_INPUT",
    "A type of groups is a word of up to 32 letters, digits and underscores, such as company: the name under `properties.groups`.",
    { field: where },
  );
};

/** Checks the id of a group that stands at `where`; refuses with BAD_INPUT. */
export const parseGroupId = (id: string, where: string): string => {
  if (id.length > 0 && id.length <= MAX_GROUP_ID && !/[\p{Cc}\p{Cs}]/u.test(id)) return id;
  throw refuse("BAD_INPUT", `The id of a group has 1 to ${MAX_GROUP_ID} characters of Unicode text.`, { field: where });
};

/** The field of an event that holds the id of its group of a type. */
export const groupField = (type: string, where: string): Field =>
  parseField(`${GROUPS}.${parseGroupType(type, where)}`, where);
