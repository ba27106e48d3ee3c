import type { Definition, DefinitionUse } from "../../domain/semantic/definition.ts";
import type { DefinitionReader, DefinitionStore } from "../../store/semantic/definition-store-types.ts";

const keyOf = ({ kind, name }: { readonly kind: string; readonly name: string }): string => `${kind} ${name}`;

/**
 * The tenant's definitions as they stood when some were pinned: where no version is asked for, a pinned one is as if it were the newest there is and had never been
 * archived. What asks by names needs to know nothing of pins.
 */
export const pinnedDefinitions = <Definitions extends Pick<DefinitionStore, "reader">>(
  definitions: Definitions,
  pins: readonly DefinitionUse[],
): Definitions => {
  if (pins.length === 0) return definitions;
  const pinned = new Map(pins.map((pin) => [keyOf(pin), pin.version]));
  const reader: DefinitionStore["reader"] = (tenantId): DefinitionReader => {
    const now = definitions.reader(tenantId);
    return {
      names: (kind) => now.names(kind),
      find: async (wanted) => {
        const held = wanted.map((one) => ({ ...one, version: one.version ?? pinned.get(keyOf(one)) ?? null }));
        return (await now.find(held)).map((one): Definition =>
          pinned.get(keyOf(one)) === one.version ? { ...one, latestVersion: one.version, archived: false } : one,
        );
      },
    };
  };
  return { ...definitions, reader };
};
