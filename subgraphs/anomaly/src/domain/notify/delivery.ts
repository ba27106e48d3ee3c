import type { AlertChanged } from "@tessera/contracts/events/alert-changed";
import type { TenantId } from "@tessera/contracts/ids";
import type { Severity } from "../alerts/alert.ts";
import type { Recipient } from "./addressed.ts";
import type { Group, GroupView } from "./group.ts";
import type { Wait } from "./plan.ts";
import type { SentReport } from "./report-mail.ts";

/** Where a delivery stands: GATHERING until it is begun, then SENDING; RETRYING until its next try; HANDED_OVER until an endpoint's delivery of it ends; SENT, FAILED and DROPPED are its ends. */
export const DELIVERY_STATES = [
  ...(["GATHERING", "SENDING", "RETRYING", "HANDED_OVER", "SENT", "FAILED", "DROPPED"] as const),
] as const;
/** One of {@link DELIVERY_STATES}. */
export type DeliveryState = (typeof DELIVERY_STATES)[number];

/** One try of a delivery; ABANDONED: whoever sent it did not live to tell. */
export interface Attempt {
  readonly atMs: number;
  readonly outcome: "SENT" | "HANDED_OVER" | "TRY_AGAIN" | "REFUSED" | "ABANDONED" | "GIVEN_UP";
  readonly code: number | null;
  readonly said: string;
}

/** What a message told of its group. */
export type ToldGroup = Pick<GroupView, "episode" | "labels" | "state" | "counts">;

/** A message to a channel, on its way or over; times are milliseconds since the epoch. */
export interface Delivery {
  readonly tenantId: TenantId;
  readonly id: string;
  readonly channelId: string;
  readonly channelName: string;
  readonly wait: Wait;
  readonly state: DeliveryState;
  /** When it is begun, or tried next; of one that is over, when that was to be. */
  readonly dueMs: number;
  readonly attempts: number;
  readonly log: readonly Attempt[];
  readonly done: readonly string[];
  readonly responseCode: number | null;
  readonly response: string | null;
  readonly createdAtMs: number;
  readonly begunAtMs: number | null;
  readonly finishedAtMs: number | null;
  /** The one person it is for; null: whomever the channel names. */
  readonly recipient: Recipient | null;
  /** What it told of its group; null while nothing was told, and of what is about no group. */
  readonly group: ToldGroup | null;
  /** The run of a report whose files it sends; null: it tells of alerts. */
  readonly report: SentReport | null;
}

/** A transition of an alert that a channel is told of. */
export interface Notice {
  readonly deliveryId: string;
  /** Names of routes from the root on. */
  readonly route: string;
  /** The group its alert belongs to; null when it is told of by itself. */
  readonly group: Group | null;
  readonly alert: AlertChanged;
}

/** What is in an inbox; times are milliseconds since the epoch. */
export interface Notification {
  readonly tenantId: TenantId;
  readonly id: string;
  readonly kind: "ALERT" | "CHANNEL_DISABLED";
  readonly severity: Severity;
  readonly title: string;
  readonly body: string;
  readonly anomalyId: string | null;
  readonly channelId: string | null;
  readonly createdAtMs: number;
  /** When whoever asks has read it; null when they have not. */
  readonly readAtMs: number | null;
}

/** Something to put into inboxes. */
export interface NewNotification extends Pick<
  Notification,
  "kind" | "severity" | "title" | "body" | "anomalyId" | "channelId"
> {
  readonly id: string;
  /** `KIND:id`; null: everybody's. */
  readonly recipient: string | null;
  readonly deliveryId: string | null;
}

/** What the log of deliveries and inboxes are held to. */
export const NOTIFY_LIMITS = {
  /** Notifications of an inbox: the oldest go. */
  inbox: 1_000,
  /** Notices of a delivery that are read for its message: of more, the newest. */
  notices: 200,
  /** Members of a group that are read for its message: of more, it says how many they are. */
  members: 200,
  onPage: 100,
  /** Days that deliveries and notifications are kept. */
  keptDays: 30,
} as const;
