import type { TenantId } from "@tessera/contracts/ids";
import type { SqlStatement, TenantSql } from "@tessera/platform/db/sql";
import { z } from "zod";
import type { ChannelKind, Templates, TenantTemplates } from "../../domain/notify/channel.ts";
import { msColumn } from "../rule-row.ts";

/** Where the words of tenants are kept. */
export interface TemplateStore {
  /** By kind; one for each at most. */
  list(tenantId: TenantId): Promise<readonly TenantTemplates[]>;
  /** Keeps what channels of a kind say from now on; words that are all null are forgotten. */
  set(tenantId: TenantId, kind: ChannelKind, words: Templates, nowMs: number): Promise<TenantTemplates | null>;
}

const columns = z.object({
  kind: z.enum(["EMAIL", "SLACK", "TEAMS", "PAGERDUTY", "OPSGENIE", "SMS", "WEBHOOK", "IN_APP"]),
  ...{ title: z.string().nullable(), body: z.string().nullable(), changed_at: msColumn },
});
const templatesRow = (row: unknown): TenantTemplates => {
  const { changed_at: changedAtMs, ...same } = columns.parse(row);
  return { ...same, changedAtMs };
};
const nothing = (): null => null;

const statements = {
  list: (tenantId: TenantId): SqlStatement => ({
    name: "notify-list-templates",
    text: "SELECT kind, title, body, changed_at FROM notify_template WHERE tenant_id = $1 ORDER BY kind",
    params: [tenantId],
  }),
  set: (tenantId: TenantId, kind: ChannelKind, { title, body }: Templates, nowMs: number): SqlStatement => ({
    name: "notify-set-template",
    text: `INSERT INTO notify_template (tenant_id, kind, title, body, changed_at) VALUES ($1, $2, $3, $4, $5)
      ON CONFLICT (tenant_id, kind) DO UPDATE SET title = excluded.title, body = excluded.body, changed_at = excluded.changed_at
      RETURNING kind, title, body, changed_at`,
    params: [tenantId, kind, title, body, new Date(nowMs)],
  }),
  forget: (tenantId: TenantId, kind: ChannelKind): SqlStatement => ({
    name: "notify-forget-template",
    text: "DELETE FROM notify_template WHERE tenant_id = $1 AND kind = $2",
    params: [tenantId, kind],
  }),
};

/** Builds {@link TemplateStore}. */
export const createTemplateStore = (sql: TenantSql): TemplateStore => ({
  list: (tenantId) => sql.run(tenantId, statements.list(tenantId), templatesRow),
  set: async (tenantId, kind, words, nowMs) => {
    if (words.title === null && words.body === null) {
      await sql.run(tenantId, statements.forget(tenantId, kind), nothing);
      return null;
    }
    return (await sql.run(tenantId, statements.set(tenantId, kind, words, nowMs), templatesRow))[0] ?? null;
  },
});
