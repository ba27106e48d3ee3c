import type { Subject } from "@tessera/contracts/caller";
import type { IncidentId, TenantId } from "@tessera/contracts/ids";
import type { Inhibition } from "../silences/inhibition.ts";
import { stepIncident, type IncidentSignal } from "./incident-machine.ts";
import { createFindPolicy, type FindPolicy, type IncidentPolicy } from "./incident-policy.ts";
import {
  INCIDENT_LIMITS,
  type Incident,
  type IncidentEntry,
  type IncidentEntryKind,
  type IncidentLink,
  type Sign,
} from "./incident.ts";

/** What of a tenant decides what becomes of an alert. */
export interface StoredBook {
  readonly policies: readonly IncidentPolicy[];
  readonly inhibitions: readonly Inhibition[];
  /** Those that are not closed. */
  readonly incidents: readonly Incident[];
  /** Every open one, and those that are about to be told of, whatever became of them. */
  readonly signs: readonly Sign[];
  /** Number of the newest incident. */
  readonly lastNumber: number;
}

/** What is to be written of a tenant in one transaction. */
export interface BookChanges {
  readonly incidents: readonly Incident[];
  readonly signs: readonly Sign[];
  readonly entries: readonly IncidentEntry[];
  readonly links: readonly IncidentLink[];
  /** Incidents that were opened, with the policy that opened each. */
  readonly opened: readonly { readonly incident: IncidentId; readonly policy: IncidentPolicy | null }[];
}

/** A tenant's incidents while something is told to them: read from the store, changed, and written back. */
export interface OpenBook {
  readonly tenantId: TenantId;
  readonly nowMs: number;
  readonly newId: () => IncidentId;
  readonly findPolicy: FindPolicy;
  readonly inhibitions: readonly Inhibition[];
  readonly incidents: Map<IncidentId, Incident>;
  readonly signs: Map<string, Sign>;
  readonly changedIncidents: Set<IncidentId>;
  readonly changedSigns: Set<string>;
  readonly entries: IncidentEntry[];
  readonly links: IncidentLink[];
  readonly opened: { incident: IncidentId; policy: IncidentPolicy | null }[];
  lastNumber: number;
}

/** Opens a tenant's book at a moment of the wall clock. */
export const openBook = (
  tenantId: TenantId,
  stored: StoredBook,
  { nowMs, newId }: { readonly nowMs: number; readonly newId: () => IncidentId },
): OpenBook => ({
  ...{ tenantId, nowMs, newId, findPolicy: createFindPolicy(stored.policies), inhibitions: stored.inhibitions },
  incidents: new Map(stored.incidents.map((incident) => [incident.id, incident])),
  signs: new Map(stored.signs.map((sign) => [sign.anomalyId, sign])),
  ...{ changedIncidents: new Set(), changedSigns: new Set(), entries: [], links: [], opened: [] },
  lastNumber: stored.lastNumber,
});

/** What is to be written back. */
export const changesOf = (book: OpenBook): BookChanges => ({
  incidents: [...book.changedIncidents].flatMap((id) => book.incidents.get(id) ?? []),
  signs: [...book.changedSigns].flatMap((id) => book.signs.get(id) ?? []),
  ...{ entries: book.entries, links: book.links, opened: book.opened },
});

/** Keeps an incident as it is now. */
export const putIncident = (book: OpenBook, incident: Incident): void => {
  book.incidents.set(incident.id, incident);
  book.changedIncidents.add(incident.id);
};

/** Keeps an alert as it is now. */
export const putSign = (book: OpenBook, sign: Sign): void => {
  book.signs.set(sign.anomalyId, sign);
  book.changedSigns.add(sign.anomalyId);
};

/** What an entry says beside where its incident stands. */
export interface Said {
  readonly kind: IncidentEntryKind;
  readonly text: string;
  readonly atMs: number;
  readonly by?: Subject | null;
  readonly sign?: Pick<Sign, "anomalyId" | "severity"> | null;
  readonly from?: Incident["state"];
  /** Names the entry where what it tells of may come again; a new id otherwise. */
  readonly id?: string;
}

/** What people write, and where an incident goes, is kept when a timeline has no room for more of its alerts. */
const ALERT_KINDS: ReadonlySet<IncidentEntryKind> = new Set(["ALERT_JOINED", "ALERT_CHANGED", "TOLD"]);

/** Whether a timeline has room for what people write. */
export const hasRoom = ({ entries }: Pick<Incident, "entries">): boolean => entries < INCIDENT_LIMITS.entriesWithPeople;

/** Writes an entry into the timeline of an incident that the book holds; what alerts say beyond its bound is counted alone. */
export const say = (
  book: OpenBook,
  id: IncidentId,
  { kind, text, atMs, by = null, sign = null, from, id: entryId }: Said,
): void => {
  const incident = book.incidents.get(id);
  if (incident === undefined) return;
  if (ALERT_KINDS.has(kind) && incident.entries >= INCIDENT_LIMITS.entries) {
    putIncident(book, { ...incident, dropped: incident.dropped + 1 });
    return;
  }
  putIncident(book, { ...incident, entries: incident.entries + 1 });
  book.entries.push({
    ...{
      id: entryId ?? book.newId(),
      incidentId: id,
      kind,
      from: from ?? incident.state,
      to: incident.state,
      by,
      text,
      atMs,
    },
    ...{ severity: sign?.severity ?? incident.severity, anomalyId: sign?.anomalyId ?? null },
  });
};

const WORDS: Partial<Record<IncidentEntryKind, string>> = {
  ACKNOWLEDGED: "Somebody looks at it.",
  MITIGATED: "Its harm is stopped.",
  RELAPSED: "What stopped its harm did not hold.",
  REOPENED: "It has begun again.",
  CLOSED: "It is over for good.",
};

/** Tells an incident something, and writes the steps that follow into its timeline; false when it led nowhere. */
export const tellIncident = (
  book: OpenBook,
  id: IncidentId,
  signal: IncidentSignal,
  note: string | null = null,
): boolean => {
  const before = book.incidents.get(id);
  if (before === undefined) return false;
  const { incident, steps } = stepIncident(before, signal);
  if (incident === before) return false;
  putIncident(book, incident);
  for (const { kind, from, by, atMs } of steps) {
    const usual =
      kind === "SEVERITY_CHANGED"
        ? `Its severity is ${incident.severity}, after ${before.severity}.`
        : kind === "RESOLVED" && by === null
          ? "None of its alerts has been open for as long as it takes."
          : (WORDS[kind] ?? "It is over.");
    say(book, id, { kind, from, by, atMs, text: note ?? usual });
  }
  return steps.length > 0;
};
