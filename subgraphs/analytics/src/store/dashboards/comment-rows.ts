import { z } from "zod";
import type { Comment, CommentAnchor } from "../../domain/dashboards/comment.ts";

const time = z.date().transform((date) => date.getTime());

const anchor = z
  .looseObject({ version: z.number(), asOfMs: z.number(), variables: z.array(z.looseObject({ name: z.string() })) })
  .transform(
    (kept) =>
      // boundary: anchors are written by this store alone, after they were validated; questions are validated again before they are asked.
      kept as unknown as CommentAnchor,
  );

const row = z
  .object({
    id: z.string(),
    dashboard_id: z.string(),
    thread_id: z.string(),
    widget_id: z.string().nullable(),
    anchor: anchor.nullable(),
    body: z.string(),
    mentions: z.array(z.string()),
    made_by: z.string(),
    made_at: time,
    revision: z.number(),
    edited_at: time.nullable(),
    removed_at: time.nullable(),
    resolved_by: z.string().nullable(),
    resolved_at: time.nullable(),
  })
  .transform((one): Comment => ({
    ...{ id: one.id, dashboardId: one.dashboard_id, threadId: one.thread_id, widgetId: one.widget_id },
    ...{ anchor: one.anchor, text: one.body, mentions: one.mentions, by: one.made_by, atMs: one.made_at },
    ...{ revision: one.revision, editedAtMs: one.edited_at, removedAtMs: one.removed_at },
    ...{ resolvedBy: one.resolved_by, resolvedAtMs: one.resolved_at },
  }));

/** Parses a row of `dashboard_comment`. */
export const commentRow = (raw: unknown): Comment => row.parse(raw);

/** Parses a row of `dashboard_comment` with what it was sent as. */
export const sentCommentRow = (raw: unknown): { readonly comment: Comment; readonly fingerprint: string } => ({
  comment: row.parse(raw),
  fingerprint: z.object({ fingerprint: z.string() }).parse(raw).fingerprint,
});

const counts = z.object({ of_dashboard: z.number(), of_thread: z.number(), last_at: time.nullable() });

/** Parses how many comments there are, and the moment of the last. */
export const countsRow = (raw: unknown) => counts.parse(raw);
