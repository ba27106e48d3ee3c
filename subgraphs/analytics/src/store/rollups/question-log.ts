import { createHash } from "node:crypto";
import type { TenantId } from "@tessera/contracts/ids";
import type { SqlStatement, TenantSql } from "@tessera/platform/db/sql";
import type { NowMs } from "@tessera/platform/time/clock";
import { z } from "zod";
import type { AskedShape } from "../../domain/rollups/asked-shape.ts";
import type { AskedShapes } from "../../domain/rollups/propose-rollups.ts";

/** Shapes kept of a tenant's day: whoever asks more differently has the first ones proposed. */
export const MAX_SHAPES_PER_DAY = 200;
/** Days that shapes are kept. */
export const MAX_LOG_DAYS = 14;
/** Shapes that a process gathers before they are written. */
const MAX_GATHERED = 2_000;

/** What an answer took. */
export interface AskedOnce {
  readonly shape: AskedShape;
  readonly rowsRead: number;
  readonly elapsedMs: number;
  readonly days: number;
}

/** Which shapes of questions were asked: gathered by each process, and written from time to time. What a process that dies had gathered is lost. */
export interface QuestionLog {
  note(tenantId: TenantId, asked: AskedOnce): void;
  /** Writes what was gathered; answers how many shapes. */
  flush(): Promise<number>;
  /** Shapes asked within some days up to today, those that read the most first. */
  asked(tenantId: TenantId, days: number): Promise<readonly AskedShapes[]>;
}

interface Gathered extends AskedOnce {
  readonly tenantId: TenantId;
  readonly questions: number;
}

const nothing = (): null => null;
const DAY_MS = 86_400_000;
const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

const writeStatement = (
  { tenantId, shape, questions, rowsRead, elapsedMs, days }: Gathered,
  day: string,
): SqlStatement => {
  const text = JSON.stringify(shape);
  const hash = createHash("sha256").update(text).digest("hex");
  return {
    name: "write-asked-shape",
    text: `INSERT INTO asked_shape AS a (tenant_id, day, shape_hash, shape, questions, rows_read, milliseconds, days_asked)
      SELECT $1, $2, $3, $4::jsonb, $5, $6, $7, $8 WHERE EXISTS (SELECT 1 FROM asked_shape WHERE tenant_id = $1 AND day = $2 AND shape_hash = $3)
        OR (SELECT count(*) FROM asked_shape WHERE tenant_id = $1 AND day = $2) < $9
      ON CONFLICT (tenant_id, day, shape_hash) DO UPDATE SET questions = a.questions + excluded.questions, rows_read = a.rows_read + excluded.rows_read,
        milliseconds = a.milliseconds + excluded.milliseconds, days_asked = a.days_asked + excluded.days_asked`,
    params: [tenantId, day, hash, text, questions, rowsRead, elapsedMs, days, MAX_SHAPES_PER_DAY],
  };
};
const forgetStatement = (tenantId: TenantId, before: string): SqlStatement => ({
  name: "forget-asked-shapes",
  text: "DELETE FROM asked_shape WHERE tenant_id = $1 AND day < $2",
  params: [tenantId, before],
});
const askedStatement = (tenantId: TenantId, from: string): SqlStatement => ({
  name: "asked-shapes",
  text: `SELECT shape, sum(questions)::double precision AS questions, sum(rows_read) AS rows_read, sum(days_asked) AS days_asked FROM asked_shape
    WHERE tenant_id = $1 AND day >= $2 GROUP BY shape ORDER BY sum(rows_read) DESC LIMIT $3`,
  params: [tenantId, from, MAX_SHAPES_PER_DAY],
});

const shapeRow = z.object({
  dimensions: z.array(z.string()),
  measures: z.array(
    z.object({
      function: z.enum(["UNIQUES", "SUM", "AVG", "MIN", "MAX", "QUANTILES"]),
      of: z.string(),
      currency: z.string().optional(),
    }),
  ),
  grain: z.enum(["MINUTE", "HOUR", "DAY"]),
});
const askedRow = (raw: unknown): AskedShapes => {
  const row = z
    .object({ shape: shapeRow, questions: z.number(), rows_read: z.number(), days_asked: z.number() })
    .parse(raw);
  const measures = row.shape.measures.map(({ function: name, of, currency }) =>
    currency === undefined ? { function: name, of } : { function: name, of, currency },
  );
  return {
    shape: { ...row.shape, measures },
    ...{ questions: row.questions, rowsRead: row.rows_read, daysAsked: row.days_asked },
  };
};

/** Builds {@link QuestionLog}. */
export const createQuestionLog = ({ sql, nowMs }: { readonly sql: TenantSql; readonly nowMs: NowMs }): QuestionLog => {
  let gathered = new Map<string, Gathered>();
  return {
    note: (tenantId, { shape, rowsRead, elapsedMs, days }) => {
      const key = JSON.stringify([tenantId, shape]);
      const known = gathered.get(key);
      if (known === undefined && gathered.size >= MAX_GATHERED) return;
      gathered.set(key, {
        ...{ tenantId, shape, questions: (known?.questions ?? 0) + 1, rowsRead: (known?.rowsRead ?? 0) + rowsRead },
        ...{ elapsedMs: (known?.elapsedMs ?? 0) + elapsedMs, days: (known?.days ?? 0) + days },
      });
    },
    flush: async () => {
      const all = [...gathered.values()];
      gathered = new Map();
      const now = nowMs();
      for (const one of all) await sql.run(one.tenantId, writeStatement(one, dayOf(now)), nothing);
      for (const tenantId of new Set(all.map((one) => one.tenantId)))
        await sql.run(tenantId, forgetStatement(tenantId, dayOf(now - MAX_LOG_DAYS * DAY_MS)), nothing);
      return all.length;
    },
    asked: (tenantId, days) =>
      sql.run(tenantId, askedStatement(tenantId, dayOf(nowMs() - (days - 1) * DAY_MS)), askedRow),
  };
};
