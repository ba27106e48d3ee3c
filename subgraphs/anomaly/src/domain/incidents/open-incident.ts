import type { Subject } from "@tessera/contracts/caller";
import type { IncidentId } from "@tessera/contracts/ids";
import { beginningOf } from "@tessera/platform/text/whole-characters";
import type { Severity } from "../alerts/alert.ts";
import { putIncident, say, type OpenBook } from "./incident-book.ts";
import type { IncidentPolicy, Placed } from "./incident-policy.ts";
import { INCIDENT_LIMITS, type Incident } from "./incident.ts";

/** Characters of a title. */
export const MAX_TITLE_CHARACTERS = 300;
/** How long an incident that somebody declared can be begun again after its end. */
const REOPEN_DECLARED_MS = 3_600_000;

/** What makes incidents differ when they are opened. */
type Opened = Pick<
  Incident,
  | "groupKey"
  | "policy"
  | "labels"
  | "title"
  | "severity"
  | "worstAlert"
  | "status"
  | "beganAtMs"
  | "resolveAfterMs"
  | "reopenWithinMs"
>;

const add = (book: OpenBook, id: IncidentId, opened: Opened, policy: IncidentPolicy | null): boolean => {
  const live = [...book.incidents.values()].filter(({ state }) => state !== "CLOSED");
  if (live.length >= INCIDENT_LIMITS.live) return false;
  book.lastNumber += 1;
  putIncident(book, {
    ...{ tenantId: book.tenantId, id, number: book.lastNumber, state: "TRIGGERED", roles: [], ...opened },
    ...{ openedAtMs: book.nowMs, acknowledgedAtMs: null, mitigatedAtMs: null, resolvedAtMs: null, closedAtMs: null },
    ...{ quietSinceMs: null, timesReopened: 0, entries: 0, dropped: 0 },
  });
  book.opened.push({ incident: id, policy });
  return true;
};

const titleOf = ({ policy, labels }: Placed, ruleName: string): string => {
  const values = Object.entries(labels).map(([label, value]) => `${label} ${value === "" ? "none" : value}`);
  return beginningOf(`${policy.name}: ${values.length === 0 ? ruleName : values.join(", ")}`, MAX_TITLE_CHARACTERS);
};

/** Opens an incident of a cause; null when the tenant has as many as it may have that are not closed. */
export const openPlaced = (
  book: OpenBook,
  placed: Placed,
  first: {
    readonly severity: Severity;
    readonly beganAtMs: number;
    readonly ruleName: string;
    readonly alerts: number;
  },
): IncidentId | null => {
  const { policy, groupKey, labels } = placed;
  const id = book.newId();
  const { severity, beganAtMs } = first;
  const opened: Opened = {
    ...{ groupKey, policy: policy.name, labels, title: titleOf(placed, first.ruleName), severity },
    ...{ worstAlert: severity, status: null, beganAtMs },
    ...{ resolveAfterMs: policy.resolveAfterMs, reopenWithinMs: policy.reopenWithinMs },
  };
  if (!add(book, id, opened, policy)) return null;
  const why = first.alerts === 1 ? "an alert fires" : `${first.alerts} alerts of one cause fire`;
  say(book, id, { kind: "OPENED", text: `${policy.name}: ${why}.`, atMs: book.nowMs });
  return id;
};

/** Opens an incident that somebody declares: no alert is of its cause; null as for {@link openPlaced}. */
export const declareIncident = (
  book: OpenBook,
  { by, title, severity, status }: { readonly by: Subject } & Pick<Incident, "title" | "severity" | "status">,
): IncidentId | null => {
  const id = book.newId();
  const opened: Opened = {
    ...{ groupKey: `declared:${id}`, policy: null, labels: {}, title, severity, worstAlert: null, status },
    ...{ beganAtMs: book.nowMs, resolveAfterMs: 0, reopenWithinMs: REOPEN_DECLARED_MS },
  };
  if (!add(book, id, opened, null)) return null;
  say(book, id, { kind: "OPENED", by, text: status ?? title, atMs: book.nowMs });
  return id;
};
