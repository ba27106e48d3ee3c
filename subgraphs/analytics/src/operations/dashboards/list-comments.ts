import type { Caller } from "@tessera/contracts/caller";
import { isUuid } from "@tessera/contracts/ids";
import { refuse } from "@tessera/platform/errors/refusal";
import type { EventLog } from "@tessera/platform/events/event-log";
import { formatLogCursor } from "@tessera/platform/events/log-cursor";
import { z } from "zod";
import { COMMENT_LIMITS, type Comment } from "../../domain/dashboards/comment.ts";
import { parseCount } from "../../domain/query.ts";
import type { CommentPlace, CommentStore } from "../../store/dashboards/comment-store-types.ts";
import { findDashboards, type DashboardPage, type FindDeps } from "./find-dashboards.ts";

/** What listing comments needs. */
export interface ListCommentDeps extends FindDeps {
  readonly comments: Pick<CommentStore, "list">;
  readonly eventLog: Pick<EventLog, "head">;
}

/** Which comments are asked for. */
export interface CommentsInput {
  readonly id: string;
  readonly thread?: string | null | undefined;
  readonly widget?: string | null | undefined;
  readonly resolved?: boolean | null | undefined;
  readonly first: number;
  readonly after?: string | null | undefined;
}

/** A page of comments, with the place from which `dashboardCommented` tells what came after it. */
export interface CommentsPage extends DashboardPage<Comment> {
  readonly liveCursor: string;
}

const place = z.tuple([z.number(), z.string().refine(isUuid)]);
const encode = ({ atMs, id }: Comment): string => Buffer.from(JSON.stringify([atMs, id]), "utf8").toString("base64url");
const decode = (cursor: string): CommentPlace => {
  try {
    const [atMs, id] = place.parse(JSON.parse(Buffer.from(cursor, "base64url").toString("utf8")));
    return { atMs, id };
  } catch (error) {
    throw refuse("BAD_INPUT", "The cursor is not one this service gave out.", { field: "after" }, error);
  }
};

/** An id that nothing has, for what is no id: what is asked for by it is not there. */
const NOTHING = "00000000-0000-0000-0000-000000000000";
const looked = (id: string | null | undefined): string | null =>
  id === null || id === undefined ? null : isUuid(id) ? id.toLowerCase() : NOTHING;

/** Comments on a dashboard in the order they were written; null when there is no such dashboard that the caller may see. */
export const listComments =
  ({ comments, eventLog, ...deps }: ListCommentDeps) =>
  async (caller: Caller, input: CommentsInput): Promise<CommentsPage | null> => {
    const first = parseCount(input.first, "first", COMMENT_LIMITS.onPage);
    const after = input.after ?? null;
    const [dashboard = null] = await findDashboards(deps)(caller, [input.id]);
    if (dashboard === null) return null;
    // Before the look, so that no comment between the two is missed.
    const liveCursor = formatLogCursor(await eventLog.head());
    const found = await comments.list(caller.tenantId, dashboard.id, {
      ...{ first, after: after === null ? null : decode(after), resolved: input.resolved ?? null },
      ...{ threadId: looked(input.thread), widgetId: looked(input.widget) },
    });
    const edges = found.slice(0, first).map((node) => ({ cursor: encode(node), node }));
    return { edges, hasNextPage: found.length > first, hasPreviousPage: after !== null, liveCursor };
  };
