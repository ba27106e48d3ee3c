import type { Caller } from "@tessera/contracts/caller";
import { DASHBOARD_CHANGED } from "@tessera/contracts/events/dashboard-changed";
import { DASHBOARD_PRESENCE_CHANGED } from "@tessera/contracts/events/dashboard-presence-changed";
import { isUuid } from "@tessera/contracts/ids";
import { errorMessage } from "@tessera/platform/errors/error-message";
import { refuse } from "@tessera/platform/errors/refusal";
import type { EventLog, LogFollower } from "@tessera/platform/events/event-log";
import type { Logger } from "@tessera/platform/telemetry/logger";
import { z } from "zod";
import {
  PRESENCE,
  samePresent,
  type Focus,
  type PresenceState,
  type Present,
} from "../../domain/dashboards/presence.ts";
import { subjectOf } from "../../domain/dashboards/sharing.ts";
import type { NewView, PresenceStore } from "../../store/dashboards/presence-store.ts";
import { createLiveIterator, type LiveIterator } from "@tessera/platform/runtime/live-iterator";
import { findDashboards, type FindDeps } from "./find-dashboards.ts";

/** What presence needs. */
export interface PresenceDeps extends FindDeps {
  readonly presence: PresenceStore;
  readonly eventLog: Pick<EventLog, "head" | "follow">;
  readonly newId: () => string;
  readonly logger: Logger;
}

/** Who is on a dashboard, and which of them the subscription is. */
export interface PresenceMessage {
  readonly you: string;
  readonly present: readonly Present[];
  readonly count: number;
}

/** Where the caller turns, as the graph delivers it. */
export interface FocusInput {
  readonly state?: PresenceState;
  readonly widgetId?: string | null | undefined;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined };
const about = z.object({ dashboardId: z.string() });
const hidden = (): Error => refuse("NOT_FOUND", "The tenant has no dashboard of this id.", { field: "id" });

const focusOf = ({ state = "VIEWING", widgetId = null }: FocusInput, where: string): Focus => {
  if (widgetId === null || isUuid(widgetId)) return { state, widgetId: widgetId?.toLowerCase() ?? null };
  throw refuse("BAD_INPUT", "The id of a widget is a UUID.", { field: where });
};

/** Wakes who waits, whoever calls first: a sign that came before the wait counts. */
const createBell = () => {
  let rung = false;
  let wake: (() => void) | null = null;
  return {
    ring: (): void => {
      rung = true;
      wake?.();
    },
    wait: async (): Promise<void> => {
      if (!rung)
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      [rung, wake] = [false, null];
    },
  };
};

/** Rings whenever somebody comes, goes or turns on a dashboard, or it is shared otherwise. */
const createWatch = ({ eventLog, logger }: PresenceDeps, { tenantId }: Caller, id: string, ring: () => void) => {
  const followers: LogFollower[] = [];
  const follow = async (follower: LogFollower): Promise<void> => {
    for await (const { payload } of follower) if (about.parse(payload).dashboardId === id) ring();
  };
  return {
    begin: async (): Promise<void> => {
      const head = await eventLog.head();
      for (const topic of [DASHBOARD_PRESENCE_CHANGED, DASHBOARD_CHANGED]) {
        const follower = eventLog.follow(tenantId, topic, head);
        followers.push(follower);
        // Without it, signs of life go on telling who is there, if later.
        follow(follower).catch((error: unknown) =>
          logger.warn({ error: errorMessage(error) }, "Changes of who is on a dashboard are not followed."),
        );
      }
    },
    end: (): void => {
      for (const follower of followers) void follower.return();
    },
  };
};

const requireVisible = async (deps: PresenceDeps, caller: Caller, { dashboardId }: NewView): Promise<void> => {
  const [now = null] = await findDashboards(deps)(caller, [dashboardId]);
  if (now === null) throw hidden();
};

const leaveView = ({ presence, logger }: PresenceDeps, { tenantId }: Caller, { dashboardId, id }: NewView): void => {
  presence
    .leave(tenantId, dashboardId, id)
    .catch((error: unknown) =>
      logger.warn({ error: errorMessage(error) }, "That a view of a dashboard was closed is told late."),
    );
};

/** State of one view: it stays there by signs of life, and tells who else is there when that is different. */
const createFeed = (deps: PresenceDeps, caller: Caller, view: NewView) => {
  const { tenantId } = caller;
  const bell = createBell();
  const watch = createWatch(deps, caller, view.dashboardId, bell.ring);
  const state = { begun: false, closed: false, due: true };
  let told: PresenceMessage | null = null;
  const sign = setInterval(() => {
    state.due = true;
    bell.ring();
  }, PRESENCE.heartbeatMs);
  sign.unref();
  const leave = (): void => leaveView(deps, caller, view);
  const begin = async (): Promise<void> => {
    state.begun = true;
    await requireVisible(deps, caller, view);
    await watch.begin();
    if (!(await deps.presence.join(tenantId, view)))
      throw refuse(
        "TOO_MANY_SUBSCRIPTIONS",
        `A dashboard may be open in ${PRESENCE.views} views that tell of themselves.`,
        { limit: PRESENCE.views },
      );
  };
  const look = async (): Promise<PresenceMessage | null> => {
    await requireVisible(deps, caller, view);
    if (state.due) await deps.presence.stay(tenantId, view);
    state.due = false;
    const message = { you: view.id, ...(await deps.presence.look(tenantId, view.dashboardId)) };
    const same = told !== null && told.count === message.count && samePresent(told.present, message.present);
    if (!same) told = message;
    return same ? null : message;
  };
  const next = async (): Promise<IteratorResult<PresenceMessage>> => {
    if (!state.begun) {
      await begin();
      bell.ring();
    }
    while (!state.closed) {
      await bell.wait();
      const message = state.closed ? null : await look();
      if (message !== null && !state.closed) return { done: false, value: message };
      await pause(PRESENCE.lookMs);
    }
    // Whatever was under way when it was closed may have shown it again.
    watch.end();
    leave();
    return DONE;
  };
  const close = (): void => {
    state.closed = true;
    clearInterval(sign);
    watch.end();
    leave();
    bell.ring();
  };
  return { next, close };
};

/**
 * Shows the caller on a dashboard as long as the subscription is open, and tells who is there: at once, and when that is different. Ends with NOT_FOUND when
 * the caller may see the dashboard no longer.
 */
export const watchPresence =
  (deps: PresenceDeps) =>
  (caller: Caller, id: string, focus: FocusInput): LiveIterator<PresenceMessage> => {
    if (!isUuid(id)) throw hidden();
    const view = { id: deps.newId(), dashboardId: id.toLowerCase(), subject: subjectOf(caller) };
    return createLiveIterator(createFeed(deps, caller, { ...view, ...focusOf(focus, "widgetId") }));
  };

/** Turns one of the caller's own views to a widget, or from all; false when the caller has no such view. */
export const turnOnDashboard =
  (deps: PresenceDeps) =>
  async (caller: Caller, id: string, view: string, focus: FocusInput): Promise<boolean> => {
    const where = focusOf(focus, "widgetId");
    const [dashboard = null] = await findDashboards(deps)(caller, [id]);
    if (dashboard === null || !isUuid(view)) return false;
    const own = { id: view.toLowerCase(), dashboardId: dashboard.id, subject: subjectOf(caller) };
    return deps.presence.turn(caller.tenantId, own, where);
  };
