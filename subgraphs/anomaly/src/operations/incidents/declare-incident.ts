import type { Caller } from "@tessera/contracts/caller";
import { refuse } from "@tessera/platform/errors/refusal";
import type { Severity } from "../../domain/alerts/alert.ts";
import { changesOf, openBook } from "../../domain/incidents/incident-book.ts";
import { INCIDENT_LIMITS, type Incident } from "../../domain/incidents/incident.ts";
import { declareIncident as declare, MAX_TITLE_CHARACTERS } from "../../domain/incidents/open-incident.ts";
import { checkNote } from "../../domain/note.ts";
import type { ChangeIncidentDeps } from "./change-incident.ts";

/** An incident that somebody declares. */
export interface DeclaredIncident {
  readonly title: string;
  readonly severity?: Severity;
  readonly status?: string | null | undefined;
}

/** Opens an incident by hand; refuses with BAD_INPUT a title that is none, and with CONFLICT when the tenant has too many. */
export const declareIncident =
  (deps: ChangeIncidentDeps) =>
  (caller: Caller, { title, severity = "ERROR", status }: DeclaredIncident): Promise<Incident> => {
    const name = title.trim();
    if (name === "" || name.length > MAX_TITLE_CHARACTERS)
      throw refuse("BAD_INPUT", `A title has 1 to ${MAX_TITLE_CHARACTERS} characters.`, { field: "input.title" });
    const words = checkNote(status);
    return deps.sql.transaction(caller.tenantId, async (transaction) => {
      const store = await deps.bookWithin(transaction, caller.tenantId);
      const stored = await store.load([], null);
      const book = openBook(caller.tenantId, stored, { nowMs: deps.nowMs(), newId: deps.newIncidentId });
      const id = declare(book, { title: name, severity, status: words, by: caller.subject });
      const incident = id === null ? undefined : book.incidents.get(id);
      if (incident === undefined)
        throw refuse(
          "CONFLICT",
          `A tenant has at most ${INCIDENT_LIMITS.live} incidents that are not closed: resolve some.`,
          {
            field: "input",
          },
        );
      await store.save(changesOf(book));
      return incident;
    });
  };
