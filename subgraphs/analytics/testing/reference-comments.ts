/** A comment as docs/dashboards.md tells of it, kept plainly. */
export interface PlainComment {
  readonly id: string;
  readonly threadId: string;
  readonly by: string;
  readonly widgetId: string | null;
  text: string;
  removed: boolean;
  resolved: boolean;
  revision: number;
}

/** What somebody tries; `on` is the place of a comment among all that were made. */
export type CommentTry =
  | {
      readonly kind: "COMMENT";
      readonly by: string;
      readonly text: string;
      readonly widgetId: string | null;
      readonly on: number | null;
    }
  | { readonly kind: "EDIT"; readonly by: string; readonly text: string; readonly on: number }
  | { readonly kind: "RESOLVE"; readonly by: string; readonly resolved: boolean; readonly on: number }
  | { readonly kind: "REMOVE"; readonly by: string; readonly on: number };

/** How a try ends, and what is told of it. */
export type Tried = "DONE" | "UNCHANGED" | "FORBIDDEN" | "BAD_INPUT";

/** Does a try to the comments of a dashboard of an owner, sentence by sentence; a new comment takes `id`. */
export const tryComment = (comments: PlainComment[], tried: CommentTry, id: string, owner: string): Tried => {
  if (tried.kind === "COMMENT") {
    const answered = tried.on === null ? undefined : comments[tried.on];
    const widgetId = answered === undefined ? tried.widgetId : answered.widgetId;
    const threadId = answered?.threadId ?? id;
    comments.push({
      ...{ id, threadId, by: tried.by, widgetId, text: tried.text },
      ...{ removed: false, resolved: false, revision: 1 },
    });
    return "DONE";
  }
  const one = comments[tried.on];
  if (one === undefined) return "BAD_INPUT";
  if (tried.kind === "EDIT") {
    if (one.by !== tried.by) return "FORBIDDEN";
    if (one.removed) return "BAD_INPUT";
    if (one.text === tried.text) return "UNCHANGED";
    one.text = tried.text;
  } else if (tried.kind === "RESOLVE") {
    if (one.threadId !== one.id) return "BAD_INPUT";
    if (one.resolved === tried.resolved) return "UNCHANGED";
    one.resolved = tried.resolved;
  } else {
    if (one.by !== tried.by && tried.by !== owner) return "FORBIDDEN";
    if (one.removed) return "UNCHANGED";
    [one.text, one.removed] = ["", true];
  }
  one.revision += 1;
  return "DONE";
};

/** Comments of a dashboard by what is asked for, in the order they were written. */
export const listed = (
  comments: readonly PlainComment[],
  by: { readonly thread?: string; readonly widget?: string; readonly resolved?: boolean },
): readonly PlainComment[] =>
  comments.filter(
    ({ threadId, widgetId }) =>
      (by.thread === undefined || threadId === by.thread) &&
      (by.widget === undefined || widgetId === by.widget) &&
      (by.resolved === undefined || comments.find(({ id }) => id === threadId)?.resolved === by.resolved),
  );
