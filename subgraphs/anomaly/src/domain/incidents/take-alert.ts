import type { Subject } from "@tessera/contracts/caller";
import type { AlertChanged } from "@tessera/contracts/events/alert-changed";
import type { AnomalyId, IncidentId } from "@tessera/contracts/ids";
import { beginningOf } from "@tessera/platform/text/whole-characters";
import { reasonInWords, silenceInWords, STATE_WORDS } from "../alerts/reason-words.ts";
import { labelOf, labelTest, type Labels } from "../silences/matcher.ts";
import { LINK_SCORE, likenessOf, type Compared } from "./correlation.ts";
import { putSign, say, tellIncident, type OpenBook } from "./incident-book.ts";
import { dueAt, isOpen, isWorse } from "./incident-machine.ts";
import { openPlaced } from "./open-incident.ts";
import { INCIDENT_LIMITS, type Incident, type Sign } from "./incident.ts";
import { WATCHES, type Placed } from "./incident-policy.ts";

/** Who led to a transition, and what they said. */
export interface AlertActor {
  readonly by: Subject | null;
  readonly note: string | null;
}

const NOBODY: AlertActor = { by: null, note: null };

const openSigns = (book: OpenBook): readonly Sign[] => [...book.signs.values()].filter(({ state }) => state === "OPEN");

const signsOf = (book: OpenBook, id: IncidentId): readonly Sign[] =>
  [...book.signs.values()].filter(({ incidentId }) => incidentId === id);

/** Whether no alert that counts is open; what a parent silences does not count. */
const isQuiet = (book: OpenBook, id: IncidentId): boolean =>
  !signsOf(book, id).some(({ state, inhibited }) => state === "OPEN" && !inhibited);

/** Characters of what an alert is called in a timeline: values of events may be of any length. */
const MAX_NAME_CHARACTERS = 500;

/** An alert in words: its rule, and what its series is of. */
const nameOf = ({ ruleName, group }: Pick<AlertChanged, "ruleName" | "group">): string =>
  group.length === 0
    ? ruleName
    : beginningOf(
        `${ruleName} (${group.map(({ name, value }) => `${name} ${value ?? "none"}`).join(", ")})`,
        MAX_NAME_CHARACTERS,
      );

const toldOf = ({ notify, silence }: AlertChanged): string => {
  if (notify) return "People were told.";
  return silence === null ? "" : `People were not told: ${silenceInWords(silence)}.`;
};

/** A step of an alert in words: what it is now, why, whether people were told, and what whoever led to it said. */
const sentenceOf = (alert: AlertChanged, { note }: AlertActor): string => {
  const state = alert.from === alert.to ? "" : ` ${STATE_WORDS[alert.to]}`;
  const step = `${nameOf(alert)}${state}: ${reasonInWords(alert.reason)}.`;
  return [step, toldOf(alert), note ?? ""].filter((part) => part !== "").join(" ");
};

const compared = (book: OpenBook, incident: Incident): Compared => ({ incident, signs: signsOf(book, incident.id) });

/** Links an incident that was opened with those that are like it; they stay what they are. */
const linkAlike = (book: OpenBook, id: IncidentId): void => {
  const incident = book.incidents.get(id);
  if (incident === undefined) return;
  const own = compared(book, incident);
  const alike = [...book.incidents.values()]
    .filter((other) => other.id !== id && other.state !== "CLOSED")
    .map((other) => ({ other, likeness: likenessOf(own, compared(book, other), book.inhibitions) }))
    .filter(({ likeness }) => likeness.score >= LINK_SCORE)
    .toSorted((a, b) => b.likeness.score - a.likeness.score || (a.other.id < b.other.id ? -1 : 1));
  for (const { other, likeness } of alike.slice(0, INCIDENT_LIMITS.links)) {
    book.links.push({ incidentId: id, otherId: other.id, ...likeness, by: null, note: null, atMs: book.nowMs });
    const text = `It is like incident ${other.number}, ${other.title}: ${likeness.score} (${likeness.reasons.join(", ")}).`;
    say(book, id, { kind: "LINKED", text, atMs: book.nowMs });
  }
};

/** The open incident that holds a parent of an alert, by the tenant's inhibitions; null: none does. */
const incidentOfParent = (book: OpenBook, child: Sign): IncidentId | null => {
  for (const { source, target, equal } of book.inhibitions) {
    if (!labelTest(target)(child.labels)) continue;
    const isSource = labelTest(source);
    const parent = openSigns(book).find(
      ({ fingerprint, labels, incidentId }) =>
        incidentId !== null &&
        fingerprint !== child.fingerprint &&
        isSource(labels) &&
        equal.every((label) => labelOf(labels, label) === labelOf(child.labels, label)),
    );
    if (parent !== undefined) return parent.incidentId;
  }
  return null;
};

/** Puts waiting children into the incidents of their parents, and theirs after them. */
const gatherChildren = (book: OpenBook): void => {
  const waiting = openSigns(book).filter(({ inhibited, incidentId }) => inhibited && incidentId === null);
  for (let joined = waiting.length > 0; joined;) {
    joined = false;
    for (const { anomalyId } of waiting) {
      const child = book.signs.get(anomalyId);
      if (child === undefined || child.incidentId !== null) continue;
      const id = incidentOfParent(book, child);
      const incident = id === null ? undefined : book.incidents.get(id);
      if (incident === undefined || !isOpen(incident)) continue;
      putSign(book, { ...child, incidentId: incident.id });
      say(book, incident.id, {
        kind: "ALERT_JOINED",
        sign: child,
        atMs: book.nowMs,
        text: `${child.ruleName}: explained by an alert of this incident, which silences it.`,
      });
      joined = true;
    }
  }
};

const join = (book: OpenBook, id: IncidentId, sign: Sign, text: string): void => {
  putSign(book, { ...sign, incidentId: id });
  say(book, id, { kind: "ALERT_JOINED", sign, atMs: book.nowMs, text });
  tellIncident(book, id, { kind: "FIRED", severity: sign.severity, atMs: book.nowMs });
  if (sign.acknowledged) tellIncident(book, id, { kind: "SEEN", by: null, atMs: book.nowMs });
};

/** The incident of a cause that is not closed; one whose time to begin again is over is closed by that. */
const liveOf = (book: OpenBook, groupKey: string): Incident | null => {
  const live = (): Incident | undefined =>
    [...book.incidents.values()].find((one) => one.groupKey === groupKey && one.state !== "CLOSED");
  const found = live();
  const due = found === undefined ? null : dueAt(found);
  if (found === undefined || due === null || due > book.nowMs) return found ?? null;
  tellIncident(book, found.id, { kind: "TICK", atMs: book.nowMs });
  // What was quiet long enough is over by now, and may be over for good by that.
  return found.state === "RESOLVED" ? null : liveOf(book, groupKey);
};

/** Opens an incident of a cause with the alerts that have waited for it. */
const open = (book: OpenBook, placed: Placed, signs: readonly Sign[], first: Sign): void => {
  const severity = signs.reduce((a, one) => (isWorse(one.severity, a) ? one.severity : a), first.severity);
  const beganAtMs = Math.min(...signs.map(({ firedAtMs }) => firedAtMs));
  const id = openPlaced(book, placed, { severity, beganAtMs, ruleName: first.ruleName, alerts: signs.length });
  if (id === null) return;
  for (const sign of signs) join(book, id, sign, `${sign.ruleName}: it fires.`);
  linkAlike(book, id);
};

/** Whether so many of these moments lie within so long. */
const isEnough = (moments: readonly number[], count: number, withinMs: number): boolean => {
  const sorted = moments.toSorted((a, b) => a - b);
  return sorted.some((ms, place) => (sorted[place + count - 1] ?? Infinity) - ms <= withinMs);
};

/** Puts an alert that people were told of where its cause is: into the incident of it that is not closed, or with others into a new one. */
const place = (book: OpenBook, sign: Sign, placed: Placed, text: string): void => {
  const live = liveOf(book, placed.groupKey);
  if (live !== null) {
    join(book, live.id, sign, text);
    return;
  }
  const waiting = openSigns(book).filter(
    ({ groupKey, incidentId, told }) => groupKey === placed.groupKey && incidentId === null && told,
  );
  const { count, withinMs } = placed.policy;
  if (
    isEnough(
      waiting.map(({ firedAtMs }) => firedAtMs),
      count,
      withinMs,
    )
  )
    open(book, placed, waiting, sign);
};

const endSign = (book: OpenBook, before: Sign, alert: AlertChanged, actor: AlertActor): void => {
  putSign(book, { ...before, state: "OVER", overAtMs: alert.atMs });
  const { incidentId } = before;
  if (incidentId === null) return;
  say(book, incidentId, {
    kind: "ALERT_CHANGED",
    sign: before,
    by: actor.by,
    atMs: book.nowMs,
    text: sentenceOf(alert, actor),
  });
  if (before.inhibited || !isQuiet(book, incidentId)) return;
  const byPerson = alert.reason === "RESOLVED_BY_CALLER";
  tellIncident(
    book,
    incidentId,
    { kind: "OVER", byPerson, by: actor.by, atMs: book.nowMs },
    byPerson ? actor.note : null,
  );
};

const isAcknowledging = ({ to, reason }: AlertChanged): boolean =>
  to === "ACKNOWLEDGED" || reason === "ACKNOWLEDGED_BY_CALLER" || reason === "ACKNOWLEDGED_BY_CHANNEL";

const changeMember = (book: OpenBook, before: Sign, after: Sign, alert: AlertChanged, actor: AlertActor): void => {
  const { incidentId } = before;
  if (incidentId === null) return;
  const atMs = book.nowMs;
  say(book, incidentId, { kind: "ALERT_CHANGED", sign: after, by: actor.by, atMs, text: sentenceOf(alert, actor) });
  if (before.inhibited && !after.inhibited)
    tellIncident(book, incidentId, { kind: "FIRED", severity: after.severity, atMs });
  else if (!after.inhibited && isWorse(after.severity, before.severity))
    tellIncident(book, incidentId, { kind: "WORSE", severity: after.severity, atMs });
  if (after.acknowledged && !before.acknowledged)
    tellIncident(book, incidentId, { kind: "SEEN", by: actor.by, atMs }, actor.note);
};

/** The labels of an alert by which policies find it: of a rule that watches a rate of errors also `watches`, unless the rule says of itself what it watches. */
const causeLabels = ({ errorRate, labels }: AlertChanged): Labels =>
  errorRate === true ? { [WATCHES.label]: WATCHES.errorRate, ...labels } : labels;

const signOf = (alert: AlertChanged, anomalyId: AnomalyId, before: Sign | undefined): Sign => {
  const told = alert.notify || (before?.told ?? false);
  return {
    ...{ anomalyId, ruleId: alert.ruleId, ruleName: alert.ruleName, fingerprint: alert.fingerprint, state: "OPEN" },
    ...{ incidentId: before?.incidentId ?? null, policy: before?.policy ?? null, groupKey: before?.groupKey ?? null },
    ...{ labels: causeLabels(alert), severity: alert.severity, told },
    acknowledged: (before?.acknowledged ?? false) || isAcknowledging(alert),
    inhibited: !told && (alert.silence === "INHIBITED" || (before?.inhibited ?? false)),
    ...{ firedAtMs: before?.firedAtMs ?? alert.atMs, overAtMs: null },
  };
};

const takeOpen = (book: OpenBook, anomalyId: AnomalyId, alert: AlertChanged, actor: AlertActor): void => {
  const before = book.signs.get(anomalyId);
  const sign = signOf(alert, anomalyId, before);
  // What nobody was told of has no part, but for what a parent explains.
  if (!sign.told && !sign.inhibited) return;
  if (before === undefined && openSigns(book).length >= INCIDENT_LIMITS.openSigns) return;
  if (before !== undefined && before.incidentId !== null) {
    putSign(book, sign);
    changeMember(book, before, sign, alert, actor);
    return;
  }
  const placed = sign.told ? book.findPolicy(causeLabels(alert), alert.severity) : null;
  if (sign.told && placed === null) {
    if (before !== undefined) putSign(book, sign);
    return;
  }
  const kept = { ...sign, policy: placed?.policy.name ?? null, groupKey: placed?.groupKey ?? null };
  putSign(book, kept);
  if (placed !== null) place(book, kept, placed, sentenceOf(alert, actor));
};

/** The end of an episode nobody has heard the beginning of: it is kept, so that its beginning opens nothing when it comes after all. */
const overAlready = (alert: AlertChanged, anomalyId: AnomalyId): Sign => ({
  ...signOf(alert, anomalyId, undefined),
  ...{ state: "OVER", told: false, inhibited: false, overAtMs: alert.atMs },
});

/**
 * Takes one step of an alert. An alert takes part from when people were told of it, or when a parent silences it; from then on it stays in the incident it joined. Whatever is read of
 * an episode after its end changes nothing.
 */
export const takeAlert = (book: OpenBook, alert: AlertChanged, actor: AlertActor = NOBODY): void => {
  const { anomalyId } = alert;
  if (anomalyId === null) return;
  const before = book.signs.get(anomalyId);
  if (before?.state === "OVER") return;
  if (alert.to === "RESOLVED") {
    if (before === undefined) putSign(book, overAlready(alert, anomalyId));
    else endSign(book, before, alert, actor);
  } else takeOpen(book, anomalyId, alert, actor);
  gatherChildren(book);
};
