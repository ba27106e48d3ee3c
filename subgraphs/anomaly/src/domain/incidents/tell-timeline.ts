import type { AnomalyId, IncidentId } from "@tessera/contracts/ids";
import { uuidOf } from "@tessera/platform/integrity/digest";
import { say, type OpenBook } from "./incident-book.ts";

/** A delivery of a notification that is over: who was told, by what, and what came of it. */
export interface Telling {
  readonly deliveryId: string;
  readonly channelName: string;
  readonly channelKind: string;
  readonly state: "SENT" | "FAILED";
  /** Tries that it took. */
  readonly attempts: number;
  /** The one person it was for; null: whomever the channel names. */
  readonly personId: string | null;
  /** The anomalies whose alerts it told of, of those that were asked about. */
  readonly anomalyIds: readonly AnomalyId[];
  readonly atMs: number;
}

/** A telling within one incident, under the id its entry has in the timeline. */
export interface TimelineTelling {
  readonly entryId: string;
  readonly incidentId: IncidentId;
  readonly anomalyId: AnomalyId;
  readonly telling: Telling;
}

/** What timelines have of tellings: one entry of each delivery in each incident, however many of its alerts it told of. */
export const timelineTellings = (
  book: Pick<OpenBook, "signs" | "incidents">,
  tellings: readonly Telling[],
): readonly TimelineTelling[] => {
  const found = new Map<string, TimelineTelling>();
  for (const telling of tellings)
    for (const anomalyId of telling.anomalyIds) {
      const incidentId = book.signs.get(anomalyId)?.incidentId ?? null;
      if (incidentId === null || !book.incidents.has(incidentId)) continue;
      const entryId = uuidOf(`told ${telling.deliveryId} ${incidentId}`);
      if (!found.has(entryId)) found.set(entryId, { entryId, incidentId, anomalyId, telling });
    }
  return [...found.values()];
};

/** A telling in words. */
const sentenceOf = ({ channelName, channelKind, state, attempts, personId }: Telling): string => {
  const whom = personId === null ? "" : `USER ${personId} `;
  const tries = attempts === 1 ? "at the first try" : `after ${attempts} tries`;
  return state === "SENT"
    ? `Told ${whom}by ${channelName} (${channelKind}), ${tries}.`
    : `Not told ${whom}by ${channelName} (${channelKind}): given up ${tries}.`;
};

/** Writes who was told into the timelines of the incidents it was about; what a timeline has is not written again. */
export const tellTimelines = (book: OpenBook, told: readonly TimelineTelling[], written: ReadonlySet<string>): void => {
  for (const { entryId: id, incidentId, anomalyId, telling } of told) {
    if (written.has(id)) continue;
    const sign = book.signs.get(anomalyId) ?? null;
    say(book, incidentId, { id, kind: "TOLD", text: sentenceOf(telling), atMs: telling.atMs, sign });
  }
};
