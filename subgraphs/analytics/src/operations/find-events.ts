import type { Caller } from "@tessera/contracts/caller";
import { parseEventId, type EventId } from "@tessera/contracts/ids";
import { refuse } from "@tessera/platform/errors/refusal";
import type { StoredEvent } from "../domain/event.ts";
import type { AnalyticsStore } from "../store/analytics-store.ts";

/** Finds events by id in one statement, in the order asked; null for ids the tenant has no event of. Needs `analytics:read`. */
export const findEvents =
  (deps: { store: Pick<AnalyticsStore, "eventsById"> }) =>
  async (caller: Caller, ids: readonly string[], signal?: AbortSignal): Promise<readonly (StoredEvent | null)[]> => {
    // Entity references reach this past the rules of the root fields, so the permission is asked for here.
    if (!caller.permissions.has("analytics:read"))
      throw refuse("FORBIDDEN", "`Event` needs the permission analytics:read.", { permission: "analytics:read" });
    const parsed = ids.map(parseEventId);
    const known = [...new Set(parsed.filter((id): id is EventId => id !== null))];
    const events = known.length === 0 ? [] : await deps.store.eventsById(caller, known, signal);
    const byId = new Map(events.map((event) => [event.id, event]));
    return parsed.map((id) => (id === null ? null : (byId.get(id) ?? null)));
  };
