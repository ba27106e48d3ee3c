import { TENANT_PERMISSIONS, type Permission } from "@tessera/contracts/permissions";
import { refuse } from "@tessera/platform/errors/refusal";

const grantable: ReadonlySet<string> = new Set(TENANT_PERMISSIONS);
const isGrantable = (text: string): text is Permission => grantable.has(text);

/** Reads the permissions asked for, sorted, each once; refuses with BAD_INPUT what no tenant can hand on, and an empty list. */
export const grantablePermissions = (texts: readonly string[], field: string): readonly Permission[] => {
  if (texts.length === 0) throw refuse("BAD_INPUT", "At least one permission is needed.", { field });
  const unknown = texts.filter((text) => !isGrantable(text));
  if (unknown.length > 0)
    throw refuse(
      "BAD_INPUT",
      `There is no permission ${JSON.stringify(unknown[0]?.slice(0, 60))}; known are ${TENANT_PERMISSIONS.join(", ")}.`,
      { field },
    );
  return [...new Set(texts.filter(isGrantable))].toSorted();
};

/** The permissions of `wanted` that the giver does not hold itself, sorted: nobody hands on more than they have. */
export const permissionsNotHeld = (
  held: ReadonlySet<Permission>,
  wanted: readonly Permission[],
): readonly Permission[] => wanted.filter((permission) => !held.has(permission)).toSorted();
