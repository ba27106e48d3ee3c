import type { AlertChanged } from "@tessera/contracts/events/alert-changed";
import type { IncidentPolicy } from "../domain/incidents/incident-policy.ts";

/** Something that happens in a story: a step of an alert, or only time passing; at a moment of the wall clock. */
export interface Happening {
  readonly nowMs: number;
  readonly alert: AlertChanged | null;
}

/** An incident as the reference sees it. */
export interface ReferenceIncident {
  readonly cause: string;
  members: string[];
  state: "TRIGGERED" | "ACKNOWLEDGED" | "RESOLVED" | "CLOSED";
  openedAtMs: number;
  acknowledgedAtMs: number | null;
  resolvedAtMs: number | null;
  timesReopened: number;
}

interface Episode {
  readonly id: string;
  readonly firedAtMs: number;
  /** Places in the story: from when on people know of it, and where it ends; Infinity: not in this story. */
  readonly toldAt: number;
  readonly endsAt: number;
  readonly cause: string;
}

const isAck = ({ reason, to }: AlertChanged): boolean => to === "ACKNOWLEDGED" || reason.startsWith("ACKNOWLEDGED_BY");

/** The alerts of a story, each found by looking through all of it; only those people were told of before they ended. */
const episodesOf = (story: readonly Happening[], policies: readonly IncidentPolicy[]): readonly Episode[] => {
  const ids = [...new Set(story.flatMap(({ alert }) => alert?.anomalyId ?? []))];
  return ids.flatMap((id) => {
    const about = story.flatMap(({ alert }, place) => (alert?.anomalyId === id ? [{ place, alert }] : []));
    const endsAt = about.find(({ alert }) => alert.to === "RESOLVED")?.place ?? Infinity;
    for (const { place, alert } of about.filter((one) => one.place < endsAt && one.alert.notify)) {
      const policy = policies.find(({ matchers }) => matchers.every((m) => alert.labels[m.label] === m.values[0]));
      if (policy === undefined) continue;
      const cause = [policy.name, ...policy.groupBy.map((label) => alert.labels[label] ?? "")].join("|");
      return [{ id, firedAtMs: alert.atMs, toldAt: place, endsAt, cause }];
    }
    return [];
  });
};

const isEnough = (waiting: readonly Episode[], { count, withinMs }: IncidentPolicy): boolean =>
  waiting.some(
    ({ firedAtMs }) =>
      waiting.filter((one) => one.firedAtMs >= firedAtMs && one.firedAtMs <= firedAtMs + withinMs).length >= count,
  );

/** Whether somebody begins to look at one of an incident's alerts here: at a member, or before it joined at one that joins. */
const isLookedAt = (
  story: readonly Happening[],
  place: number,
  episodes: readonly Episode[],
  { members, joins }: { readonly members: readonly string[]; readonly joins: readonly string[] },
): boolean =>
  episodes
    .filter(({ id }) => members.includes(id))
    .some(({ id, toldAt, endsAt }) => {
      const first = story.findIndex(
        (one, at) => at >= toldAt && at < endsAt && one.alert?.anomalyId === id && isAck(one.alert),
      );
      return first >= 0 && (joins.includes(id) ? first <= place : first === place);
    });

/** A new incident with these alerts. */
const opened = (cause: string, members: readonly string[], openedAtMs: number): ReferenceIncident => ({
  ...{ cause, members: [...members], state: "TRIGGERED", openedAtMs },
  ...{ acknowledgedAtMs: null, resolvedAtMs: null, timesReopened: 0 },
});

/** What the definition says of one cause, walked through from its beginning; at each place everything is looked for anew in the whole story. */
const ofCause = (
  story: readonly Happening[],
  cause: string,
  all: readonly Episode[],
  policy: IncidentPolicy,
): readonly ReferenceIncident[] => {
  const incidents: ReferenceIncident[] = [];
  const episodes = all.filter((one) => one.cause === cause);
  const quietSince = new Map<ReferenceIncident, number | null>();
  const live = () => incidents.find(({ state }) => state !== "CLOSED");
  const pass = (nowMs: number): void => {
    for (const one of incidents) {
      const quiet = quietSince.get(one) ?? null;
      if (
        (one.state === "TRIGGERED" || one.state === "ACKNOWLEDGED") &&
        quiet !== null &&
        nowMs >= quiet + policy.resolveAfterMs
      )
        Object.assign(one, { state: "RESOLVED", resolvedAtMs: quiet });
      if (one.state === "RESOLVED" && nowMs >= (one.resolvedAtMs ?? 0) + policy.reopenWithinMs) one.state = "CLOSED";
    }
  };
  story.forEach(({ nowMs, alert }, place) => {
    if (alert === null) pass(nowMs);
    const begins = episodes.find(({ toldAt }) => toldAt === place);
    let joins: readonly string[] = [];
    if (begins !== undefined) {
      pass(nowMs);
      const joined = new Set(incidents.flatMap(({ members }) => members));
      const there = live();
      if (there === undefined) {
        const waiting = episodes.filter((one) => one.toldAt <= place && one.endsAt > place && !joined.has(one.id));
        if (isEnough(waiting, policy)) {
          joins = waiting.map(({ id }) => id);
          incidents.push(opened(cause, joins, nowMs));
        }
      } else {
        joins = [begins.id];
        there.members.push(begins.id);
        if (there.state === "RESOLVED")
          Object.assign(there, { state: "TRIGGERED", resolvedAtMs: null, timesReopened: there.timesReopened + 1 });
        quietSince.set(there, null);
      }
    }
    const now = live();
    if (now === undefined) return;
    const isOpen = now.state === "TRIGGERED" || now.state === "ACKNOWLEDGED";
    if (now.state === "TRIGGERED" && isLookedAt(story, place, episodes, { members: now.members, joins }))
      Object.assign(now, { state: "ACKNOWLEDGED", acknowledgedAtMs: now.acknowledgedAtMs ?? nowMs });
    const ends = episodes.find(({ endsAt, id }) => endsAt === place && now.members.includes(id));
    const left = episodes.some(({ id, endsAt }) => now.members.includes(id) && endsAt > place);
    if (!isOpen || ends === undefined || left) return;
    if (alert?.reason === "RESOLVED_BY_CALLER") {
      Object.assign(now, { state: "RESOLVED", resolvedAtMs: nowMs });
      quietSince.set(now, null);
    } else quietSince.set(now, nowMs);
  });
  return incidents;
};

/** What the definition says of a story, cause by cause. */
export const referenceIncidents = (
  story: readonly Happening[],
  policies: readonly IncidentPolicy[],
): readonly ReferenceIncident[] => {
  const episodes = episodesOf(story, policies);
  return [...new Set(episodes.map(({ cause }) => cause))].flatMap((cause) => {
    const policy = policies.find(({ name }) => name === cause.split("|")[0]);
    return policy === undefined ? [] : ofCause(story, cause, episodes, policy);
  });
};
