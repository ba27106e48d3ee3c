import type { Severity } from "../alerts/alert.ts";
import { keepsIncidents, type ChannelDefinition } from "./channel.ts";
import { nextDigest } from "./digest.ts";
import { afterQuiet } from "./quiet-hours.ts";
import type { Group } from "./group.ts";
import type { Way } from "./route.ts";
import { isAtLeast } from "./severity-rank.ts";

/** Why several alerts are told of in one message, or one is told later, as in the SDL: it is NOW unless something holds it. */
export const WAITS = ["NOW", "GROUP", "QUIET_HOURS", "DIGEST", "RATE_CAP"] as const;
/** One of {@link WAITS}. */
export type Wait = (typeof WAITS)[number];

/** When a channel is told of an alert, and with what else: whatever has the same bundle and was not sent yet. */
export interface Plan {
  readonly bundle: string;
  readonly wait: Wait;
  readonly dueMs: number;
}

/** What is planned. */
export interface Planned {
  readonly channel: Pick<ChannelDefinition, "settings" | "quietHours" | "digest">;
  readonly way: Way;
  readonly alert: { readonly transitionId: string; readonly severity: Severity };
  /** The group the alert belongs to; null when it is told of by itself. */
  readonly group: Group | null;
  readonly nowMs: number;
  /** When the last message about the group was begun; null when none was. */
  readonly lastOfGroupMs: number | null;
}

/** Bundles of everything that is held by quiet hours, and of a digest. */
const QUIET = "quiet";
const DIGEST = "digest";
/** Bundle of what a rate cap keeps back. */
export const RATE_BUNDLE = "rate";

/** The bundle of a group's alerts. */
export const groupBundle = ({ id }: Group): string => `group ${id}`;

const grouped = ({ way, alert, group, nowMs, lastOfGroupMs }: Planned): Plan => {
  if (group === null) return { bundle: `one ${alert.transitionId}`, wait: "NOW", dueMs: nowMs };
  // What a clock that was ahead has begun was begun by now.
  const nextMs = lastOfGroupMs === null ? 0 : Math.min(lastOfGroupMs, nowMs) + way.groupIntervalSeconds * 1_000;
  const dueMs = nextMs > nowMs ? nextMs : nowMs + way.groupWaitSeconds * 1_000;
  return { bundle: groupBundle(group), wait: dueMs > nowMs ? "GROUP" : "NOW", dueMs };
};

/**
 * When a channel is told: by its digest, else by the route's grouping; and not within the quiet hours of the route or the channel, whichever last longer. What
 * these hold is one message afterwards, except for receivers that keep incidents, which are told of each alert by itself.
 */
export const planOf = (planned: Planned): Plan => {
  const { channel, way, alert, nowMs } = planned;
  const { digest } = channel;
  const isUrgent = digest !== null && digest.except !== null && isAtLeast(alert.severity, digest.except);
  const digestMs = digest === null || isUrgent ? null : nextDigest(digest, nowMs);
  const plan: Plan = digestMs === null ? grouped(planned) : { bundle: DIGEST, wait: "DIGEST", dueMs: digestMs };
  let dueMs = plan.dueMs;
  // One window may end within the other: both are asked until neither holds it.
  for (let turn = 0; turn < 8; turn += 1) {
    const laterMs = afterQuiet(channel.quietHours, alert.severity, afterQuiet(way.quietHours, alert.severity, dueMs));
    if (laterMs === dueMs) break;
    dueMs = laterMs;
  }
  if (dueMs === plan.dueMs) return plan;
  if (keepsIncidents(channel.settings.kind)) return { ...plan, wait: "QUIET_HOURS", dueMs };
  return { bundle: QUIET, wait: "QUIET_HOURS", dueMs };
};
