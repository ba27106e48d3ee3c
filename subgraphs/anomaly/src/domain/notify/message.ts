import type { AlertChanged } from "@tessera/contracts/events/alert-changed";
import { beginningOf } from "@tessera/platform/text/whole-characters";
import type { Severity } from "../alerts/alert.ts";
import type { Channel, ChannelKind } from "./channel.ts";
import type { GroupChange, GroupedAlert, GroupView } from "./group.ts";
import type { Wait } from "./plan.ts";
import { isAtLeast } from "./severity-rank.ts";
import { actionOf, newestOfEach, subjectOf, type Action } from "./subject.ts";
import { render, type View } from "./template.ts";
import { BUILT_IN, viewOfAlert, type Told } from "./words.ts";

/** Alerts that one message names; of the others it says how many they are. */
export const MAX_TOLD = 25;
/** Characters of a title and a text, in whatever channel. */
export const MESSAGE_LIMITS = { title: 250, text: 8_000 } as const;

/** What a message says of the group it is about. */
export interface MessageGroup extends Pick<GroupView, "episode" | "labels" | "state" | "counts"> {
  /** What became of each alert that the message names. */
  readonly changes: readonly GroupChange[];
}

/** What a channel is told in one message. */
export interface Message {
  /** Id of the delivery: the same however often it is tried. */
  readonly id: string;
  readonly action: Action;
  readonly severity: Severity;
  /** What receivers put messages about one thing together by: the anomaly, or the series where there is none, or the group's episode; null when it is about several. */
  readonly subject: string | null;
  readonly title: string;
  readonly text: string;
  /** The newest transition of each alert, the first that happened first, at most {@link MAX_TOLD}. */
  readonly alerts: readonly AlertChanged[];
  /** Alerts it is about, told and untold. */
  readonly count: number;
  /** The group that it tells whole; null when it is about none. */
  readonly group: MessageGroup | null;
  /** Where the picture of its one anomaly is, for whoever may read it; null when it is about several, or nobody knows where clients reach this service. */
  readonly picture: string | null;
  readonly wait: Wait;
  readonly atMs: number;
}

/** Words for how many alerts of a group there are of each change, in the order they are said. */
const CHANGE_WORDS = [
  ["NEW", "new"],
  ["CHANGED", "changed"],
  ["OVER", "over"],
  ["STILL", "still open"],
] as const satisfies readonly (readonly [GroupChange, string])[];

/** What templates see of a group; of no group, the same names with nothing. */
const viewOfGroup = (group: GroupView | null): View => {
  const countOf = (change: GroupChange): string => {
    const count = group?.counts[change] ?? 0;
    return count === 0 ? "" : String(count);
  };
  const parts = CHANGE_WORDS.flatMap(([change, word]) =>
    countOf(change) === "" ? [] : [`${countOf(change)} ${word}`],
  );
  return {
    ...{ isGroup: group !== null, groupState: group?.state ?? "", began: countOf("NEW"), changed: countOf("CHANGED") },
    ...{ over: countOf("OVER"), still: countOf("STILL") },
    groupName: Object.entries(group?.labels ?? {})
      .map(([name, value]) => `${name}=${value}`)
      .join(", "),
    summary: group?.state === "OVER" ? `all over (${group.counts.OVER})` : parts.join(", "),
  };
};

/** What alerts ask of a receiver together: they are over when all are. */
const actionOfAll = (each: readonly AlertChanged[]): Action => {
  const [first, ...others] = new Set(each.map(actionOf));
  return first === undefined || others.length > 0 ? "TRIGGER" : first;
};

/** What a message is made of. */
export interface MessageParts {
  readonly id: string;
  readonly channel: Pick<Channel, "name" | "templates"> & { readonly settings: { readonly kind: ChannelKind } };
  /** Transitions in order, at least one; of a long list the newest. Of a group they are in its view. */
  readonly alerts: readonly AlertChanged[];
  /** Alerts that are not in the list. */
  readonly unlisted: number;
  readonly wait: Wait;
  readonly atMs: number;
  /** Address clients use; left out or empty: nobody knows it. */
  readonly publicUrl?: string;
  /** The group that it tells whole, news of which are the alerts above; left out: none. */
  readonly group?: GroupView | null;
}

const cut = (kind: ChannelKind, text: string, most: number): string => {
  if (text.length <= most) return text;
  const beginning = beginningOf(text, most - 3);
  // Nor of what Slack writes for one of its marks.
  return `${kind === "SLACK" ? beginning.replace(/&[a-z]{0,3}$/, "") : beginning}...`;
};

/** The gravest of what a message names; of a group, of what is open in it, if anything is. */
const gravestOf = (told: readonly Told[], isGroup: boolean): Told | undefined => {
  const open = isGroup ? told.filter(({ alert }) => actionOf(alert) !== "RESOLVE") : [];
  const among = open.length === 0 ? told : open;
  const [first] = among;
  return first && among.reduce((most, one) => (isAtLeast(most.alert.severity, one.alert.severity) ? most : one), first);
};

const pictureOf = (publicUrl: string, { anomalyId }: AlertChanged): string | null =>
  publicUrl === "" || anomalyId === null ? null : `${publicUrl}/api/v2/anomalies/${anomalyId}/picture/png`;

const groupedOf = (group: GroupView | null, named: readonly GroupedAlert[]): MessageGroup | null => {
  if (group === null) return null;
  const { episode, labels, state, counts } = group;
  return { episode, labels, state, counts, changes: named.map(({ change }) => change) };
};

/** Makes a message: the channel's templates or the built-in words, every value escaped for the kind of channel. */
export const messageOf = (parts: MessageParts): Message => {
  const { channel, wait, atMs, group = null, publicUrl = "" } = parts;
  const each: readonly Told[] = group?.alerts ?? newestOfEach(parts.alerts).map((alert) => ({ alert, change: null }));
  const [first] = each;
  const worst = gravestOf(each, group !== null);
  if (first === undefined || worst === undefined) throw new Error("A message is about at least one alert.");
  const listed = group === null ? each.length : Object.values(group.counts).reduce((sum, count) => sum + count, 0);
  const count = listed + parts.unlisted;
  const named = each.slice(0, MAX_TOLD);
  const view: View = {
    ...viewOfAlert(worst),
    ...viewOfGroup(group),
    alerts: named.map(viewOfAlert),
    ...{ count: String(count), more: count > named.length ? String(count - named.length) : "" },
    ...{ isOne: count === 1, channel: channel.name, wait },
  };
  const { kind } = channel.settings;
  const title = render(kind, channel.templates.title ?? BUILT_IN.title, view)
    .replaceAll(/\s+/g, " ")
    .trim();
  return {
    ...{ id: parts.id, action: actionOfAll(each.map(({ alert }) => alert)), severity: worst.alert.severity, count },
    ...{ alerts: named.map(({ alert }) => alert), wait, atMs },
    group: groupedOf(group, group?.alerts.slice(0, MAX_TOLD) ?? []),
    picture: count === 1 ? pictureOf(publicUrl, first.alert) : null,
    subject: group?.episode ?? (count === 1 ? subjectOf(first.alert) : null),
    title: cut(kind, title === "" ? "Alert" : title, MESSAGE_LIMITS.title),
    text: cut(kind, render(kind, channel.templates.body ?? BUILT_IN.body, view).trim(), MESSAGE_LIMITS.text),
  };
};
