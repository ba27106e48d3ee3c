import type { Caller } from "@tessera/contracts/caller";
import { isUuid, parseIncidentId, type IncidentId } from "@tessera/contracts/ids";
import type { TenantSql } from "@tessera/platform/db/sql";
import { refuse } from "@tessera/platform/errors/refusal";
import type { NowMs } from "@tessera/platform/time/clock";
import { SEVERITIES, type Severity } from "../../domain/alerts/alert.ts";
import {
  changesOf,
  hasRoom,
  openBook,
  putIncident,
  say,
  tellIncident,
  type OpenBook,
} from "../../domain/incidents/incident-book.ts";
import { isOpen } from "../../domain/incidents/incident-machine.ts";
import { INCIDENT_LIMITS, type Incident, type IncidentRole } from "../../domain/incidents/incident.ts";
import { MAX_TITLE_CHARACTERS } from "../../domain/incidents/open-incident.ts";
import { checkNote } from "../../domain/note.ts";
import type { OpenBookWithin } from "../../store/incidents/book-store.ts";

/** What became of what somebody wanted of an incident; `incident` is as it stands afterwards. */
export type ChangedIncident =
  | { readonly kind: "SAVED" | "REFUSED"; readonly incident: Incident }
  | { readonly kind: "NOT_FOUND"; readonly id: string };

/** What changing incidents needs. */
export interface ChangeIncidentDeps {
  readonly sql: TenantSql;
  readonly bookWithin: OpenBookWithin;
  /** Who is on call by a schedule; null where nobody is, or there is none. */
  readonly onCallNow: (tenantId: Caller["tenantId"], scheduleId: string) => Promise<string | null>;
  readonly nowMs: NowMs;
  readonly newIncidentId: () => IncidentId;
}

/** What is done to an incident within its tenant's book; false: it leads nowhere from where the incident stands; or the id of another that is not there. */
type Change = (book: OpenBook, incident: Incident) => boolean | { readonly missing: string };

const changed =
  (deps: ChangeIncidentDeps) =>
  async (caller: Caller, text: string, change: Change): Promise<ChangedIncident> => {
    const { tenantId } = caller;
    const id = parseIncidentId(text);
    if (id === null) return { kind: "NOT_FOUND", id: text };
    return deps.sql.transaction(tenantId, async (transaction): Promise<ChangedIncident> => {
      const store = await deps.bookWithin(transaction, tenantId);
      const stored = await store.load([], id);
      const book = openBook(tenantId, stored, { nowMs: deps.nowMs(), newId: deps.newIncidentId });
      const before = book.incidents.get(id);
      if (before === undefined) return { kind: "NOT_FOUND", id: text };
      if (!hasRoom(before))
        throw refuse(
          "CONFLICT",
          `The incident's timeline has ${INCIDENT_LIMITS.entriesWithPeople.toLocaleString("en")} entries, and no room for more: link it with another one.`,
          { field: "id" },
        );
      const done = change(book, before);
      if (typeof done === "object") return { kind: "NOT_FOUND", id: done.missing };
      if (!done) return { kind: "REFUSED", incident: before };
      await store.save(changesOf(book));
      return { kind: "SAVED", incident: book.incidents.get(id) ?? before };
    });
  };

/** A text that must say something. */
const wordsOf = (text: string, field: string): string => {
  const words = checkNote(text);
  if (words === null) throw refuse("BAD_INPUT", "Say something: it is what the timeline tells.", { field });
  return words;
};

/** What is said of an incident anew. */
export interface IncidentUpdate {
  readonly status: string;
  readonly mitigated?: boolean | null | undefined;
  readonly severity?: Severity | null | undefined;
  readonly title?: string | null | undefined;
}

const updated = (caller: Caller, { mitigated, severity, title, status }: IncidentUpdate): Change => {
  const words = wordsOf(status, "input.status");
  const name = title?.trim() ?? null;
  if (name !== null && (name === "" || name.length > MAX_TITLE_CHARACTERS))
    throw refuse("BAD_INPUT", `A title has 1 to ${MAX_TITLE_CHARACTERS} characters.`, { field: "input.title" });
  return (book, incident) => {
    if (!isOpen(incident)) return false;
    const by = caller.subject;
    const atMs = book.nowMs;
    putIncident(book, { ...incident, status: words, title: name ?? incident.title });
    say(book, incident.id, { kind: "STATUS_UPDATED", by, atMs, text: words });
    if (severity !== null && severity !== undefined && SEVERITIES.includes(severity))
      tellIncident(
        book,
        incident.id,
        { kind: "SET_SEVERITY", severity, by, atMs },
        `${incident.severity} to ${severity}: ${words}`,
      );
    if (mitigated === true) tellIncident(book, incident.id, { kind: "MITIGATE", by, atMs }, words);
    return true;
  };
};

/** Who is to have a role: somebody, whoever is on call by a schedule, or nobody any more. */
export interface RoleAsked {
  readonly role: IncidentRole;
  readonly person?: string | null | undefined;
  readonly schedule?: string | null | undefined;
}

const assigned =
  (caller: Caller, role: IncidentRole, personId: string | null, scheduleId: string | null): Change =>
  (book, incident) => {
    if (!isOpen(incident)) return false;
    const others = incident.roles.filter((one) =>
      one.role !== role ? true : role === "RESPONDER" && personId !== null && one.personId !== personId,
    );
    if (personId !== null && others.length >= INCIDENT_LIMITS.roles)
      throw refuse("BAD_INPUT", `An incident has at most ${INCIDENT_LIMITS.roles} holders of roles.`, {
        field: "input.role",
      });
    const holder = personId === null ? [] : [{ role, personId, scheduleId, atMs: book.nowMs }];
    putIncident(book, { ...incident, roles: [...others, ...holder] });
    const why = scheduleId === null ? "" : `, on call by schedule ${scheduleId}`;
    const text = personId === null ? `Nobody is ${role} any more.` : `${personId} is ${role}${why}.`;
    say(book, incident.id, { kind: "ROLE_ASSIGNED", by: caller.subject, atMs: book.nowMs, text });
    return true;
  };

const assignRole =
  (deps: ChangeIncidentDeps) =>
  async (caller: Caller, id: string, { role, person, schedule }: RoleAsked): Promise<ChangedIncident> => {
    const [personId, scheduleId] = [person?.toLowerCase() ?? null, schedule?.toLowerCase() ?? null];
    if (personId !== null && scheduleId !== null)
      throw refuse("BAD_INPUT", "Name a person or a schedule, or neither to take the role away.", {
        field: "input.schedule",
      });
    for (const [field, value] of [
      ["person", personId],
      ["schedule", scheduleId],
    ] as const)
      if (value !== null && !isUuid(value))
        throw refuse("BAD_INPUT", `A ${field}'s id is a UUID.`, { field: `input.${field}` });
    const onCall = scheduleId === null ? personId : await deps.onCallNow(caller.tenantId, scheduleId);
    if (scheduleId !== null && onCall === null)
      throw refuse("BAD_INPUT", "Nobody is on call by this schedule, or there is none of this id.", {
        field: "input.schedule",
      });
    return changed(deps)(caller, id, assigned(caller, role, onCall, scheduleId));
  };

const linked = (caller: Caller, other: string, reason: string): Change => {
  const note = wordsOf(reason, "reason");
  const otherId = parseIncidentId(other);
  return (book, incident) => {
    const second = otherId === null ? undefined : book.incidents.get(otherId);
    if (second === undefined) return { missing: other };
    if (second.id === incident.id)
      throw refuse("BAD_INPUT", "An incident is linked with another one, not with itself.", { field: "other" });
    const atMs = book.nowMs;
    book.links.push({
      incidentId: incident.id,
      otherId: second.id,
      score: 1,
      reasons: ["BY_HAND"],
      by: caller.subject,
      note,
      atMs,
    });
    for (const [at, to] of [
      [incident, second],
      [second, incident],
    ] as const)
      say(book, at.id, {
        kind: "LINKED",
        by: caller.subject,
        atMs,
        text: `Incident ${to.number}, ${to.title}: ${note}`,
      });
    return true;
  };
};

/** Everything people do to incidents, ready to be called. */
export const createIncidentChanges = (deps: ChangeIncidentDeps) => {
  const change = changed(deps);
  const tell =
    (kind: "ACKNOWLEDGE" | "RESOLVE" | "REOPEN") => (caller: Caller, id: string, note: string | null | undefined) => {
      const words = checkNote(note);
      return change(caller, id, (book, incident) =>
        tellIncident(book, incident.id, { kind, by: caller.subject, atMs: book.nowMs }, words),
      );
    };
  return {
    acknowledgeIncident: tell("ACKNOWLEDGE"),
    resolveIncident: tell("RESOLVE"),
    reopenIncident: (caller: Caller, id: string, reason: string) =>
      tell("REOPEN")(caller, id, wordsOf(reason, "reason")),
    updateIncident: (caller: Caller, id: string, input: IncidentUpdate) => change(caller, id, updated(caller, input)),
    noteIncident: (caller: Caller, id: string, text: string) => {
      const words = wordsOf(text, "text");
      return change(caller, id, (book, incident) => {
        say(book, incident.id, { kind: "NOTED", by: caller.subject, atMs: book.nowMs, text: words });
        return true;
      });
    },
    assignIncidentRole: assignRole(deps),
    linkIncidents: (caller: Caller, id: string, other: string, reason: string) =>
      change(caller, id, linked(caller, other, reason)),
  };
};
