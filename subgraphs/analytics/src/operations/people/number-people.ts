import type { TenantId } from "@tessera/contracts/ids";
import { wholeTenant } from "@tessera/platform/store/data-policy";
import type { EventStore } from "@tessera/platform/store/event-store";
import type { IdentityKey } from "../../domain/people/identity.ts";
import { identityOf } from "../../domain/people/identity.ts";
import type { PeopleStatements } from "../../store/people/people-statements-of-events.ts";
import type { NumberedKey } from "../../store/people/people-store-types.ts";

/** What numbering ids needs. */
export interface NumberDeps {
  readonly eventStore: EventStore;
  readonly peopleStatements: Pick<PeopleStatements, "numbersStatement" | "numberRow">;
}

/** Ids with the numbers that events of them are stored with, in the same order: only the event store can hash as it hashes. */
export const numbered = async (
  { eventStore, peopleStatements }: NumberDeps,
  tenantId: TenantId,
  keys: readonly IdentityKey[],
): Promise<readonly NumberedKey[]> => {
  if (keys.length === 0) return [];
  const statement = peopleStatements.numbersStatement(tenantId, keys.map(identityOf));
  const { rows } = await eventStore.query(wholeTenant(tenantId), statement, peopleStatements.numberRow);
  return keys.map((key, place) => {
    const person = rows[place];
    if (person === undefined) throw new Error("The event store numbers every id.");
    return { key, person };
  });
};
