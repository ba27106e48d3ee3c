import type { AlertChanged } from "@tessera/contracts/events/alert-changed";
import type { GroupChange, GroupState } from "../../domain/notify/group.ts";

/** A message about a group that is over: what it was to tell, in order, and whether the channel has it. */
export interface PastMessage {
  readonly news: readonly AlertChanged[];
  readonly isSent: boolean;
}

/** What a message about a group says, by anomaly. */
export interface ReferenceView {
  readonly state: GroupState;
  readonly changes: Readonly<Record<string, GroupChange>>;
}

const isOpen = ({ to }: AlertChanged): boolean => to !== "RESOLVED" && to !== "OK";
const of = (news: readonly AlertChanged[], anomaly: string): readonly AlertChanged[] =>
  news.filter(({ anomalyId }) => anomalyId === anomaly);

/** The newest step of an anomaly among the first so many messages. */
const newestBefore = (past: readonly PastMessage[], until: number, anomaly: string): AlertChanged | undefined =>
  of(
    past.slice(0, until).flatMap(({ news }) => news),
    anomaly,
  ).at(-1);

/** Whether the last message that reached the channel, and told of an anomaly, told that it is open. A message tells of what is new, and of what failed before. */
const wasToldOpen = (past: readonly PastMessage[], anomaly: string): boolean => {
  let open = false;
  for (const [place, { news, isSent }] of past.entries()) {
    const known = newestBefore(past, place + 1, anomaly);
    if (!isSent || known === undefined) continue;
    const isNamed = of(news, anomaly).length > 0 || wasLost(past.slice(0, place), anomaly) || open;
    if (isNamed) open = isOpen(known);
  }
  return open;
};

/** Whether nothing reached the channel since the newest step of an anomaly was to be told. */
const wasLost = (past: readonly PastMessage[], anomaly: string): boolean => {
  const last = past.findLastIndex(({ news }) => of(news, anomaly).length > 0);
  return last >= 0 && past.slice(last).every(({ isSent }) => !isSent);
};

/** What a message about a group says, read off everything that was ever told of it. */
export const referenceView = (past: readonly PastMessage[], news: readonly AlertChanged[]): ReferenceView => {
  const all = [...past.flatMap((message) => message.news), ...news];
  const changes: Record<string, GroupChange> = {};
  let wasAnyTold = false;
  for (const anomaly of new Set(all.map(({ anomalyId }) => anomalyId ?? ""))) {
    const newest = of(all, anomaly).at(-1);
    const told = wasToldOpen(past, anomaly);
    wasAnyTold ||= told;
    const isNews = of(news, anomaly).length > 0 || wasLost(past, anomaly);
    if (newest === undefined || (!isNews && !isOpen(newest))) continue;
    if (!isOpen(newest)) changes[anomaly] = "OVER";
    else if (!told) changes[anomaly] = "NEW";
    else changes[anomaly] = isNews ? "CHANGED" : "STILL";
  }
  const isAnyOpen = Object.values(changes).some((change) => change !== "OVER");
  return { state: !isAnyOpen ? "OVER" : wasAnyTold ? "CHANGED" : "BEGAN", changes };
};
