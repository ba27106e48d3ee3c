import type { AlertChanged } from "@tessera/contracts/events/alert-changed";
import { uuidOf } from "@tessera/platform/integrity/digest";
import { actionOf, newestOfEach, subjectOf } from "./subject.ts";
import { groupKey, type Way } from "./route.ts";

/** Alerts of a channel that are told of in one message: those that go by one route and have equal values of its labels. */
export interface Group {
  /** Names the group: equal for equal routes and values. */
  readonly id: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** The group an alert belongs to; null when it is told of by itself. */
export const groupOf = (way: Way, labels: Readonly<Record<string, string>>): Group | null => {
  const key = groupKey(way, labels);
  if (key === null) return null;
  const own = way.groupBy.flatMap((name) => (Object.hasOwn(labels, name) ? [[name, labels[name] ?? ""] as const] : []));
  return { id: uuidOf(key), labels: Object.fromEntries(own) };
};

/** An alert of a group as the channel was last told of it, or was to be. */
export interface GroupMember {
  /** What stands for it at receivers. */
  readonly subject: string;
  /** Its newest transition that a message told, or failed to. */
  readonly alert: AlertChanged;
  /** Whether a message of the group told that it is open. */
  readonly told: boolean;
  /** Whether the message about its newest transition failed. */
  readonly lost: boolean;
  /** Whether its anomaly is over: nobody is to believe that it is still open, though nobody was told yet. */
  readonly gone: boolean;
}

/** What became of an alert of a group since the group's last message: it is NEW there, CHANGED, OVER, or STILL as it was. */
export type GroupChange = "NEW" | "CHANGED" | "OVER" | "STILL";

/** What a message says of its group: it BEGAN with it, CHANGED, or is OVER. */
export type GroupState = "BEGAN" | "CHANGED" | "OVER";

/** An alert as a message about its group tells it. */
export interface GroupedAlert {
  readonly alert: AlertChanged;
  readonly change: GroupChange;
}

/** A whole group, as one message tells it. */
export interface GroupView extends Group {
  /** Names the time from the group's first open alert until all are over; messages are threaded by it. */
  readonly episode: string;
  readonly state: GroupState;
  /** What is new, changed and over in the order it happened; then what is as it was. */
  readonly alerts: readonly GroupedAlert[];
  /** How many alerts there are of each, with those that are not listed. */
  readonly counts: Readonly<Record<GroupChange, number>>;
}

/** What a message about a group is made of. */
export interface GroupTold extends Group {
  readonly episode: string;
  /** In the order in which the channel was first told of them. */
  readonly members: readonly GroupMember[];
  /** Members that are not in the list. */
  readonly more: number;
}

const isOpen = (alert: AlertChanged): boolean => actionOf(alert) !== "RESOLVE";

const changeOf = (alert: AlertChanged, isNews: boolean, wasTold: boolean): GroupChange => {
  if (!isOpen(alert)) return "OVER";
  if (!wasTold) return "NEW";
  return isNews ? "CHANGED" : "STILL";
};

const stateOf = (members: readonly GroupMember[], counts: GroupView["counts"]): GroupState => {
  if (counts.NEW + counts.CHANGED + counts.STILL === 0) return "OVER";
  return members.some(({ told }) => told) ? "CHANGED" : "BEGAN";
};

/** What one message tells of a group: its news, in the order it happened, and with it what a message that failed was to tell; then what is open as before. */
export const viewOfGroup = (told: GroupTold, news: readonly AlertChanged[]): GroupView => {
  const fresh = newestOfEach(news);
  const named = new Set(fresh.map(subjectOf));
  const before = new Map(told.members.map((member) => [member.subject, member]));
  const others = told.members.filter(({ subject }) => !named.has(subject));
  const changed = [
    ...others.filter(({ lost }) => lost).map(({ alert, told: wasTold }) => ({ alert, wasTold })),
    ...fresh.map((alert) => ({ alert, wasTold: before.get(subjectOf(alert))?.told ?? false })),
  ].map(({ alert, wasTold }): GroupedAlert => ({ alert, change: changeOf(alert, true, wasTold) }));
  const standing = others
    .filter(({ lost, gone, alert }) => !lost && !gone && isOpen(alert))
    .map(({ alert }): GroupedAlert => ({ alert, change: "STILL" }));
  const alerts = [...changed, ...standing];
  const count = (change: GroupChange): number => alerts.filter((one) => one.change === change).length;
  const counts = {
    ...{ NEW: count("NEW"), CHANGED: count("CHANGED"), OVER: count("OVER"), STILL: count("STILL") + told.more },
  };
  const { id, labels, episode } = told;
  return { id, labels, episode, state: stateOf(told.members, counts), alerts, counts };
};
