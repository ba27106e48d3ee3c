import { createHash } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import type { Caller } from "@tessera/contracts/caller";
import { refuse } from "@tessera/platform/errors/refusal";
import { parseDurationMs } from "@tessera/platform/time/duration";
import type { Dashboard } from "../../domain/dashboards/dashboard.ts";
import { createLiveIterator, type LiveIterator } from "@tessera/platform/runtime/live-iterator";
import {
  dashboardData,
  type DashboardData,
  type DashboardDataInput,
  type DataDeps,
  type WidgetData,
} from "./dashboard-data.ts";

/** Milliseconds between two looks at a dashboard, at least and at most: each may read all that its widgets read. */
const EVERY = { leastMs: 5_000, mostMs: 3_600_000 } as const;
/** Letters of a digest: 96 bits, so that two answers of one widget are not taken for the same. */
const DIGEST_LETTERS = 16;

/** What live dashboards need. */
export interface LiveDeps extends DataDeps {
  readonly nowMs: () => number;
}

/** What is followed of a dashboard, and how often it is looked at. */
export interface LiveInput extends Omit<DashboardDataInput, "version" | "maxStaleness"> {
  readonly every: string;
  readonly after?: string | null | undefined;
}

/** What a dashboard shows that it did not show in the message before. */
export interface LiveMessage {
  readonly cursor: string;
  readonly dashboard: Dashboard;
  readonly changed: readonly WidgetData[];
  readonly askedAtMs: number;
}

const hidden = (): Error => refuse("NOT_FOUND", "The tenant has no dashboard of this id.", { field: "id" });

const everyMsOf = (text: string): number => {
  const everyMs = parseDurationMs(text);
  if (everyMs !== null && everyMs >= EVERY.leastMs && everyMs <= EVERY.mostMs) return everyMs;
  throw refuse("BAD_INPUT", "A dashboard is looked at every PT5S to PT1H.", { field: "every" });
};

/** How an answer was come by is no part of what is shown. */
const shown = (name: string, value: unknown): unknown => {
  if (name === "provenance") return undefined;
  return typeof value === "bigint" ? String(value) : value;
};
const digestOf = (value: unknown): string =>
  createHash("sha256").update(JSON.stringify(value, shown)).digest("base64url").slice(0, DIGEST_LETTERS);

/** What was told of a dashboard: its version, and each widget's answer by its digest. */
const tellingOf = ({ dashboard, widgets }: DashboardData) => {
  const digests = new Map(widgets.map((data) => [data.widget.id, digestOf(data)]));
  return { digests, cursor: `${dashboard.version}~${digestOf([dashboard.id, ...digests])}` };
};

/** State of one subscription: what was told last, and when the next look is due. */
const createFeed = (deps: LiveDeps, caller: Caller, { every, after, ...input }: LiveInput) => {
  const everyMs = everyMsOf(every);
  const closing = new AbortController();
  const ask = dashboardData(deps);
  let told: ReturnType<typeof tellingOf> | null = null;
  let looked = false;
  /** All who look as often look at the same moments, so that what is equal among them is asked of the store once. */
  const untilDue = (): Promise<unknown> =>
    pause(everyMs - (deps.nowMs() % everyMs), undefined, { signal: closing.signal, ref: false });
  const look = async (): Promise<LiveMessage | null> => {
    const seconds = Math.floor(everyMs / (looked ? 2_000 : 1_000));
    looked = true;
    const askedAtMs = deps.nowMs();
    const data = await ask(caller, { ...input, maxStaleness: `PT${seconds}S` }, closing.signal);
    if (data === null) throw hidden();
    const telling = tellingOf(data);
    const before = told;
    told = telling;
    if (telling.cursor === (before === null ? after : before.cursor)) return null;
    const changed = data.widgets.filter(
      ({ widget }) => telling.digests.get(widget.id) !== before?.digests.get(widget.id),
    );
    return { cursor: telling.cursor, dashboard: data.dashboard, changed, askedAtMs };
  };
  const next = async (): Promise<IteratorResult<LiveMessage>> => {
    for (;;) {
      if (looked) await untilDue();
      const message = await look();
      if (message !== null) return { done: false, value: message };
    }
  };
  return { next, close: () => closing.abort() };
};

/**
 * Follows what a dashboard shows: everything at once, then what shows something else, looked for at every multiple of a period; after a cursor, nothing at once while everything shows
 * what it showed there. An answer is no older than half a period (the first no older than a whole), so that equal questions of readers who may see the same are asked of the store
 * once a period. Ends with NOT_FOUND when the caller may see the dashboard no longer; refuses with BAD_INPUT.
 */
export const watchLiveDashboard =
  (deps: LiveDeps) =>
  (caller: Caller, input: LiveInput): LiveIterator<LiveMessage> =>
    createLiveIterator(createFeed(deps, caller, input));
