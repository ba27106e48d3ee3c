import type { Caller } from "@tessera/contracts/caller";
import { CORRELATION_MATCHED } from "@tessera/contracts/events/correlation-matched";
import type { EventLog } from "@tessera/platform/events/event-log";
import { formatLogCursor, parseLogCursor } from "@tessera/platform/events/log-cursor";
import { z } from "zod";
import { createLiveIterator, type LiveIterator } from "@tessera/platform/runtime/live-iterator";
import { requireRule, viewMatches, type MatchDeps } from "./find-matches.ts";
import type { MatchView } from "./match-view.ts";

/** A match of the stream with its place. */
export interface LiveMatch {
  readonly cursor: string;
  readonly match: MatchView;
}

const told = z.object({ ruleId: z.string(), matchId: z.string() });

/** Answers the subscription `correlationMatches`: every match of a rule exactly once, in the order they were found, from `after` on. */
export const watchCorrelationMatches =
  (
    deps: Pick<MatchDeps, "correlationRules" | "correlationMatches"> & { readonly eventLog: Pick<EventLog, "follow"> },
  ) =>
  async (caller: Caller, rule: string, after: string | null): Promise<LiveIterator<LiveMatch>> => {
    const place = after === null ? undefined : parseLogCursor(after);
    const ruleId = await requireRule(deps, caller, rule);
    const follower = deps.eventLog.follow(caller.tenantId, CORRELATION_MATCHED, place);
    return createLiveIterator<LiveMatch>({
      next: async () => {
        for (;;) {
          const entry = await follower.next();
          if (entry.done === true) return { done: true, value: undefined };
          const { ruleId: found, matchId } = told.parse(entry.value.payload);
          if (found !== ruleId) continue;
          const match = await deps.correlationMatches.byId(caller.tenantId, matchId);
          const [view] = match === null ? [] : await viewMatches(deps, caller, ruleId, [match]);
          // A match that is kept no more is told to nobody.
          if (view !== undefined)
            return { done: false, value: { cursor: formatLogCursor(entry.value.cursor), match: view } };
        }
      },
      close: () => void follower.return(),
    });
  };
