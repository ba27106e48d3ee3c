import type { DataPolicy } from "@tessera/contracts/data-policy";
import { filteredColumns } from "@tessera/platform/store/data-policy";
import { basesOf, EVENT_FIELDS } from "./fields.ts";
import type { Field } from "./field.ts";

/** Tables a behavioural question can be read from. */
export type BehaviourTable = "events_by_person" | "events";

/** Where a behavioural question is read, and why the narrow copy in order of persons could not serve when it did not. */
export interface BehaviourSource {
  readonly table: BehaviourTable;
  readonly rejected: readonly { readonly table: string; readonly reason: string }[];
}

/** Fields of an event that `events_by_person` holds, by their names in the graph. */
const HELD_NAMES: ReadonlySet<string> = new Set([
  "name",
  "time",
  "sessionId",
  "source",
  "utmSource",
  "utmMedium",
  "utmCampaign",
  "revenue",
]);
/** The same as columns of the store, which data policies name. */
const HELD_COLUMNS: readonly string[] = EVENT_FIELDS.filter(({ name }) => HELD_NAMES.has(name)).map(
  ({ column }) => column,
);

/** Whether `events_by_person`, the narrow copy in order of persons, holds a field. */
export const heldByPerson = (field: Field): boolean =>
  basesOf(field).every((base) =>
    base.kind === "PART"
      ? HELD_COLUMNS.includes(base.of)
      : base.kind === "COLUMN" && HELD_COLUMNS.includes(base.column),
  );

const REASON_TABLE = "events_by_person";

const rejectedFor = (reason: string): BehaviourSource => ({
  table: "events",
  rejected: [{ table: REASON_TABLE, reason }],
});

/** Picks the cheapest table that holds every field a behavioural question looks at, for who may see what the policy lets through. */
export const behaviourSource = (fields: readonly Field[], policy: DataPolicy | null): BehaviourSource => {
  const foreign = fields.find((field) => !heldByPerson(field));
  if (foreign !== undefined) return rejectedFor(`It does not hold ${foreign.name}, which is asked about.`);
  const hidden = filteredColumns(policy).find((column) => !HELD_COLUMNS.includes(column));
  if (hidden !== undefined) return rejectedFor(`A data policy filters rows by ${hidden}, which it does not hold.`);
  return { table: "events_by_person", rejected: [] };
};
