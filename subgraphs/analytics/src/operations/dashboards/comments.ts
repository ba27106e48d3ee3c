import { createHash } from "node:crypto";
import type { Caller } from "@tessera/contracts/caller";
import { isUuid } from "@tessera/contracts/ids";
import { refuse } from "@tessera/platform/errors/refusal";
import type { NowMs } from "@tessera/platform/time/clock";
import { absoluteRange } from "../../domain/asked-range.ts";
import {
  changedComment,
  COMMENT_LIMITS,
  parseAsOf,
  parseCommentText,
  parseMentions,
  parsePoint,
  type Comment,
  type CommentAnchor,
  type CommentChange,
  type PointInput,
} from "../../domain/dashboards/comment.ts";
import type { Dashboard } from "../../domain/dashboards/dashboard.ts";
import { DASHBOARD_LIMITS } from "../../domain/dashboards/document.ts";
import { mayShare, subjectOf } from "../../domain/dashboards/sharing.ts";
import { parseFilter } from "../../domain/filter.ts";
import type { AddOutcome, CommentStore } from "../../store/dashboards/comment-store-types.ts";
import { chosenVariables, type DashboardDataInput } from "./dashboard-data.ts";
import { findDashboard, findDashboards, type FindDeps } from "./find-dashboards.ts";
import { accessNaming, type DimensionDeps } from "../semantic/own-dimensions.ts";

/** What commenting needs. */
export interface CommentDeps extends FindDeps, DimensionDeps {
  readonly comments: CommentStore;
  readonly newId: () => string;
  readonly nowMs: NowMs;
}

/** A comment to be, as the graph delivers it. */
export interface CommentInput extends Pick<DashboardDataInput, "variables" | "range" | "filter" | "version"> {
  readonly dashboardId: string;
  readonly widgetId?: string | null | undefined;
  readonly point?: PointInput | null | undefined;
  readonly asOf?: string | null | undefined;
  readonly replyTo?: string | null | undefined;
  readonly text: string;
  readonly mentions?: readonly string[];
  readonly idempotencyKey: string;
}

/** How commenting on a dashboard ended. */
export type CommentOutcome =
  Exclude<AddOutcome, { kind: "NO_THREAD" }> | { readonly kind: "NOT_FOUND"; readonly id: string };

/** How a change of a comment ended. */
export type CommentChangeOutcome =
  { readonly kind: "CHANGED"; readonly comment: Comment } | { readonly kind: "NOT_FOUND"; readonly id: string };

const bad = (field: string, detail: string): Error => refuse("BAD_INPUT", detail, { field });

const parseKey = (key: string): string => {
  if (key !== "" && key.length <= COMMENT_LIMITS.key) return key;
  throw bad("input.idempotencyKey", `A key has 1 to ${COMMENT_LIMITS.key} characters.`);
};

const idIn = (text: string | null | undefined, where: string, what: string): string | null => {
  if (text === null || text === undefined) return null;
  if (isUuid(text)) return text.toLowerCase();
  throw bad(where, `The id of ${what} is a UUID.`);
};

/** Which of the dashboard's widgets is commented on; refuses with BAD_INPUT one that it has not, and a point of what has no answer. */
const widgetOf = ({ document }: Dashboard, input: CommentInput): string | null => {
  const id = idIn(input.widgetId, "input.widgetId", "a widget");
  const widget = document.widgets.find((one) => one.id === id);
  if (id !== null && widget === undefined)
    throw bad("input.widgetId", "The dashboard has no such widget in this version.");
  if ((input.point ?? null) !== null && widget?.content.kind !== "QUESTION")
    throw bad("input.point", "A point is one of the answer of a widget: name the widget of a question.");
  return id;
};

const anchorOf = async (
  deps: CommentDeps,
  caller: Caller,
  dashboard: Dashboard,
  input: CommentInput,
): Promise<CommentAnchor> => {
  const { variables = [], range = null, filter = null, point = null } = input;
  // Kept as they were sent, after they were read as asking would read them.
  chosenVariables(dashboard.document.variables, variables, "input.variables");
  const asOfMs = parseAsOf(input.asOf ?? null, deps.nowMs(), "input.asOf");
  if (range !== null) absoluteRange(range, asOfMs, "UTC", "input.range");
  if (JSON.stringify(filter).length > DASHBOARD_LIMITS.filter)
    throw bad("input.filter", `A filter is kept up to ${DASHBOARD_LIMITS.filter} characters of JSON.`);
  if (filter !== null) parseFilter(filter, "input.filter", await accessNaming(deps, caller, filter));
  return {
    ...{ version: dashboard.version, asOfMs, variables, range, filter },
    point: point === null ? null : parsePoint(point, "input.point"),
  };
};

const fingerprintOf = ({ idempotencyKey: _key, ...input }: CommentInput): string =>
  createHash("sha256").update(JSON.stringify(input)).digest("hex");

/** Comments on a dashboard the caller may see: begins a thread, or answers in one. Sent again by its key, it is not made again. */
export const commentOnDashboard =
  (deps: CommentDeps) =>
  async (caller: Caller, input: CommentInput): Promise<CommentOutcome> => {
    const notFound: CommentOutcome = { kind: "NOT_FOUND", id: input.dashboardId };
    const dashboard = await findDashboard(deps)(caller, input.dashboardId, input.version);
    if (dashboard === null) return notFound;
    const replyTo = idIn(input.replyTo, "input.replyTo", "a comment");
    if (replyTo !== null && ((input.widgetId ?? null) !== null || (input.point ?? null) !== null))
      throw bad("input.replyTo", "A reply stands where its thread does: leave `widgetId` and `point` out.");
    const outcome = await deps.comments.add(caller.tenantId, {
      ...{ id: deps.newId(), dashboardId: dashboard.id, replyTo, by: subjectOf(caller) },
      widgetId: widgetOf(dashboard, input),
      anchor: replyTo === null ? await anchorOf(deps, caller, dashboard, input) : null,
      text: parseCommentText(input.text, "input.text"),
      mentions: parseMentions(input.mentions ?? [], "input.mentions"),
      idempotency: { key: parseKey(input.idempotencyKey), fingerprint: fingerprintOf(input) },
      limits: COMMENT_LIMITS,
    });
    if (outcome.kind === "NO_THREAD") throw bad("input.replyTo", "The dashboard has no such comment.");
    return outcome;
  };

const AUTHOR_ONLY = "The comment is somebody else's: only who wrote it may change its words.";
const REMOVERS =
  "The comment is somebody else's: who wrote it, the dashboard's owner and those with `access:manage` may remove it.";

/** Refuses with FORBIDDEN what the caller may not do to a comment they may see. */
const requireAllowed = (caller: Caller, { sharing }: Dashboard, { by }: Comment, change: CommentChange): void => {
  const own = by === subjectOf(caller);
  if (change.kind === "EDITED" && !own) throw refuse("FORBIDDEN", AUTHOR_ONLY, { field: "id" });
  if (change.kind === "REMOVED" && !own && !mayShare(sharing, caller))
    throw refuse("FORBIDDEN", REMOVERS, { field: "id" });
};

const requireThread = (now: Comment): void => {
  if (now.threadId !== now.id) throw bad("id", "A thread is settled as a whole: name the comment that began it.");
};

const changeComment =
  (deps: CommentDeps) =>
  async (caller: Caller, id: string, change: CommentChange): Promise<CommentChangeOutcome> => {
    const notFound = { kind: "NOT_FOUND", id } as const;
    const known = isUuid(id) ? await deps.comments.find(caller.tenantId, id.toLowerCase()) : null;
    const [dashboard = null] = known === null ? [] : await findDashboards(deps)(caller, [known.dashboardId]);
    if (known === null || dashboard === null) return notFound;
    const comment = await deps.comments.change(caller.tenantId, known.id, change, (now, atMs) => {
      requireAllowed(caller, dashboard, now, change);
      if (change.kind === "RESOLVED" || change.kind === "REOPENED") requireThread(now);
      if (change.kind === "EDITED" && now.removedAtMs !== null) throw bad("id", "The comment was removed.");
      return changedComment(now, change, atMs);
    });
    return comment === null ? notFound : { kind: "CHANGED", comment };
  };

/** Changes the words of a comment, for who wrote it. */
export const editDashboardComment = (deps: CommentDeps) => {
  const changed = changeComment(deps);
  return async (caller: Caller, id: string, text: string, mentions: readonly string[]) =>
    changed(caller, id, {
      ...{ kind: "EDITED", text: parseCommentText(text, "text"), mentions: parseMentions(mentions, "mentions") },
    });
};

/** Settles a thread, or takes it up again; for whoever may comment. */
export const resolveDashboardComment = (deps: CommentDeps) => {
  const changed = changeComment(deps);
  return (caller: Caller, id: string, resolved: boolean) =>
    changed(caller, id, { kind: resolved ? "RESOLVED" : "REOPENED", by: subjectOf(caller) });
};

/** Removes a comment's words and mentions, and what it said of an answer; its place in the thread stays. */
export const removeDashboardComment = (deps: CommentDeps) => {
  const changed = changeComment(deps);
  return (caller: Caller, id: string) => changed(caller, id, { kind: "REMOVED" });
};
